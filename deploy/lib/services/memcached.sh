# Where Swift's proxy keeps the tokens of tempauth, and what it knows of accounts and containers.

# It has no configuration; this is what tells its process from others.
memcached_config="$DIR/run/memcached.pid"
memcached_stop='TERM:5 KILL:5'

memcached_log="$DIR/log/memcached.log"

memcached_packages() {
    command -v memcached >/dev/null || printf 'memcached\n'
}

memcached_install() {
    :
}

memcached_configure() {
    :
}

memcached_start() {
    inner_port_check memcached
    memcached_log_size=$(log_size "$memcached_log")
    # The user is for root, as whom it would not run unasked; others cannot choose.
    service_spawn memcached "$memcached_log" \
        memcached -l 127.0.0.1 -p "$(inner_port memcached)" -u "$(id -un)" -P "$memcached_config"
}

memcached_healthy() {
    local answer
    answer=$( (exec 3<>"/dev/tcp/127.0.0.1/$(inner_port memcached)" && printf 'version\r\n' >&3 && read -r -t 2 line <&3 &&
        printf '%s' "$line") 2>/dev/null) || true
    [[ $answer == VERSION* ]]
}

memcached_trouble() {
    local said
    said=$(log_since "$memcached_log" "${memcached_log_size:-0}")
    printf '%s' "${said:-it said nothing (log: $memcached_log)}"
}

memcached_address() {
    printf '127.0.0.1:%s' "$(inner_port memcached)"
}

memcached_logs() {
    printf '%s\n' "$memcached_log"
}
