# The two ports of one Glance: the service, and health on loopback.

port_is_taken() {
    (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# Sets HEALTH_PORT where none was asked for: PORT + 1000 or the next free one.
ports_choose() {
    local candidate=$((PORT + 1000))
    [ "$candidate" -le 65435 ] || candidate=$((PORT - 1000))
    if [ -z "$HEALTH_PORT" ]; then
        local last=$((candidate + 100))
        while port_is_taken "$candidate"; do
            candidate=$((candidate + 1))
            [ "$candidate" -le "$last" ] || fail "no free port for health above $((last - 100)); name one with --set health_port=N"
        done
        HEALTH_PORT=$candidate
    fi
}

ports_check() {
    ! port_is_taken "$PORT" || fail "port $PORT is taken by another program; choose another with --port"
    ! port_is_taken "$HEALTH_PORT" || fail "port $HEALTH_PORT is taken by another program; choose another with --set health_port=N"
}
