# The ports of one Glance: the service, health on loopback, and one on loopback for each service behind it.

# Below the ports that the kernel gives to outgoing connections.
INNER_PORT_MIN=20000
INNER_PORT_MAX=31999

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

# Sets INNER_PORTS: each service keeps the port it had while that is free, else it gets one by chance.
ports_choose_inner() {
    local service candidate tries
    for service in "${SERVICES_INNER[@]}"; do
        candidate=$(inner_port "$service")
        for ((tries = 0; tries < 1000; tries++)); do
            ! port_is_for_inner "$candidate" || break
            candidate=$((INNER_PORT_MIN + RANDOM % (INNER_PORT_MAX - INNER_PORT_MIN + 1)))
        done
        [ "$tries" -lt 1000 ] || fail "no free port for $service between $INNER_PORT_MIN and $INNER_PORT_MAX"
        INNER_PORTS["$service"]=$candidate
    done
}

port_is_for_inner() {
    is_port "$1" || return 1
    [[ " $PORT $HEALTH_PORT ${INNER_PORTS[*]} " != *" $1 "* ]] || return 1
    ! port_is_taken "$1"
}

# inner_port_check SERVICE: the port that it has in the configuration of all others must be free when it starts.
inner_port_check() {
    ! port_is_taken "$(inner_port "$1")" || fail "$1: port $(inner_port "$1") is taken by another program; after deploy/down --dir $DIR the next deploy/up chooses another"
}
