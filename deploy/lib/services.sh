# The services of one Glance, and what is done with each.
#
# A service NAME is a file services/NAME.sh with these functions (`-` is `_`
# in their names):
#
#   NAME_packages    prints the Debian packages that are missing for it
#   NAME_install     gets what no package brings (may do nothing)
#   NAME_configure   writes its configuration
#   NAME_start       starts it; its process id is then in run/NAME.pid
#   NAME_healthy     0 if it answers as it should
#   NAME_trouble     prints the line that says why it did not start
#   NAME_address     prints where it listens
#   NAME_logs        prints its log files
#
# and these variables: NAME_config, the file whose path stands in the command
# line of its process; NAME_stop, signals and the seconds each is given.

# In the order in which they start. They stop in reverse. Those in
# SERVICES_INNER are behind glance-api, each with a port for the others.
SERVICES=(glance-api nginx)
SERVICES_INNER=()

START_SECONDS_MAX=30

# Those that this command has started, and that a failure stops again.
SERVICES_STARTED=()

# services_choose STORE SWIFT-AUTH SWIFT-AUTH-URL REGISTRY IDENTITY: those that such a Glance has. With a URL its Swift
# is not its own.
services_choose() {
    local swift=no
    [ "$1" != swift ] || [ -n "$3" ] || swift=$2
    SERVICES_INNER=()
    [ "$4" != postgresql ] || SERVICES_INNER+=(postgresql)
    [ "$5" != keystone ] && [ "$swift" != keystone ] || SERVICES_INNER+=(keystone)
    if [ "$swift" != no ]; then
        SERVICES_INNER+=(memcached swift-account swift-container swift-object swift-proxy)
    fi
    SERVICES=("${SERVICES_INNER[@]}" glance-api nginx)
    services_load
}

# Those that this directory has, by what its last `up` kept.
services_choose_kept() {
    if directory_is_ours; then
        services_choose "$(options_kept store)" "$(options_kept 'set swift_auth')" "$(options_kept 'set swift_auth_url')" \
            "$(options_kept registry)" "$(options_kept identity)"
    else
        services_choose '' '' '' '' ''
    fi
}

services_load() {
    local service
    for service in "${SERVICES[@]}"; do
        # shellcheck source=/dev/null
        . "$PROJECT/deploy/lib/services/$service.sh"
    done
}

# service SERVICE VERB
service() {
    "${1//-/_}_$2"
}

# service_setting SERVICE NAME
service_setting() {
    local name="${1//-/_}_$2"
    printf '%s' "${!name}"
}

# Prints the process id if the process is still that of this service in this
# directory: ids are given to other programs again.
service_pid() {
    local pid command
    { read -r pid <"$DIR/run/$1.pid"; } 2>/dev/null || return 1
    [[ $pid =~ ^[0-9]+$ ]] || return 1
    { command=$(tr '\0' ' ' <"/proc/$pid/cmdline"); } 2>/dev/null || return 1
    [[ $command == *"$(service_setting "$1" config)"* ]] || return 1
    printf '%s' "$pid"
}

service_runs() {
    service_pid "$1" >/dev/null
}

services_any_runs() {
    local service
    for service in "${SERVICES[@]}"; do
        ! service_runs "$service" || return 0
    done
    return 1
}

# Starts a service and waits until it is healthy.
service_up() {
    local deadline=$((SECONDS + START_SECONDS_MAX))
    SERVICES_STARTED+=("$1")
    service "$1" start
    until service "$1" healthy; do
        service_runs "$1" || fail "$1 did not start: $(service "$1" trouble)"
        [ "$SECONDS" -lt "$deadline" ] || fail "$1 is not healthy after $START_SECONDS_MAX s: $(service "$1" trouble)"
        sleep 0.05
    done
    step "$1" "up, process $(service_pid "$1"), $(service "$1" address)"
}

# service_spawn SERVICE LOG COMMAND...: starts its process in the background, what it says goes into the log.
service_spawn() {
    local pid tries
    setsid "${@:3}" </dev/null >>"$2" 2>&1 9>&- &
    pid=$!
    disown
    printf '%s\n' "$pid" >"$DIR/run/$1.pid"
    # For a moment it is a copy of this shell, and nobody would know it as the service.
    for ((tries = 0; tries < 100; tries++)); do
        if service_runs "$1" || ! kill -0 "$pid" 2>/dev/null; then
            return
        fi
        sleep 0.01
    done
}

# Stops a service: each signal and its time in turn, until it is gone.
service_down() {
    local pid signal deadline
    if pid=$(service_pid "$1"); then
        for signal in $(service_setting "$1" stop); do
            kill "-${signal%:*}" "$pid" 2>/dev/null || ! service_runs "$1" ||
                fail "$1 (process $pid) belongs to another user: $(stat -c %U "/proc/$pid" 2>/dev/null)"
            deadline=$((SECONDS + ${signal#*:}))
            while service_runs "$1" && [ "$SECONDS" -lt "$deadline" ]; do
                sleep 0.05
            done
            service_runs "$1" || break
        done
        ! service_runs "$1" || fail "$1 (process $pid) does not end"
        step "$1" "stopped"
    fi
    rm -f "$DIR/run/$1.pid"
}

# services_down SERVICE...: in reverse.
services_down() {
    local index
    for ((index = $#; index > 0; index--)); do
        service_down "${!index}"
    done
}

# The last lines of what a log got since it had SIZE bytes, in one line.
log_since() {
    tail -c "+$(($2 + 1))" "$1" 2>/dev/null | grep -v '^ *$' | tail -n 3 | paste -sd '|' | sed 's/|/ | /g'
}

log_size() {
    stat -c %s "$1" 2>/dev/null || printf 0
}
