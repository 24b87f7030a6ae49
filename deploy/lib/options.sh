# The options of `up`: read from the command line, kept in DIR/options, and
# compared when `up` finds its services running.

PORT=9292
STORE=file
REGISTRY=sqlite
IDENTITY=none
TLS=no
WORKERS=
HEALTH_PORT=
declare -A SET=() INNER_PORTS=()

# Keys of glance-api.conf that follow from the options and from DIR.
OPTIONS_OWN_KEYS='listen group registry stores default_store file_directory workers identity keystone_url'

# Keys of --set that are for the services around glance-api: it has no such setting.
OPTIONS_OTHERS_KEYS='chunked_bytes_max swift_max_file_size'

options_read() {
    local directory=
    while [ $# -gt 0 ]; do
        case "$1" in
        --tls=*) misuse "--tls takes no value" ;;
        --*=*)
            set -- "${1%%=*}" "${1#*=}" "${@:2}"
            continue
            ;;
        --help | -h)
            usage
            exit 0
            ;;
        --tls)
            TLS=yes
            shift
            continue
            ;;
        --dir | --port | --store | --registry | --identity | --workers | --set)
            has_value "$1" $#
            ;;&
        --dir) directory=$2 ;;
        --port) PORT=$2 ;;
        --store) STORE=$2 ;;
        --registry) REGISTRY=$2 ;;
        --identity) IDENTITY=$2 ;;
        --workers) WORKERS=$2 ;;
        --set) options_set "$2" ;;
        *) misuse "unknown option: $1" ;;
        esac
        shift 2
    done
    directory_settle "$directory"
    options_check
}

# options_set KEY=VALUE
options_set() {
    local key=${1%%=*} value=${1#*=}
    [[ $1 =~ ^[a-z][a-z0-9_]*= ]] || misuse "--set $1: KEY=VALUE is wanted"
    [[ $value != *[[:cntrl:]]* ]] || misuse "--set $key: the value has a control character"
    case " $OPTIONS_OWN_KEYS " in
    *" $key "*) misuse "--set $key: this follows from the other options" ;;
    esac
    case "$key" in
    health_port)
        is_port "$value" || misuse "--set health_port: $value is not a port (1 to 65535)"
        HEALTH_PORT=$value
        ;;
    chunked_bytes_max | swift_max_file_size)
        [[ $value =~ ^[1-9][0-9]{0,17}$ ]] || misuse "--set $key: $value is not a number of bytes"
        SET[$key]=$value
        ;;
    swift_auth)
        [[ $value =~ ^(v1|keystone)$ ]] || misuse "--set swift_auth: $value is neither v1 nor keystone"
        SET[$key]=$value
        ;;
    swift_credentials_file)
        [[ $value == /* ]] || misuse "--set swift_credentials_file: $value is not an absolute path"
        SET[$key]=$value
        ;;
    *) SET[$key]=$value ;;
    esac
}

is_port() {
    [[ $1 =~ ^[1-9][0-9]{0,4}$ ]] && [ "$1" -le 65535 ]
}

options_check() {
    is_port "$PORT" || misuse "--port $PORT: not a port (1 to 65535)"
    [ "$PORT" != "$HEALTH_PORT" ] || misuse "--set health_port: $PORT is the port of the service itself"
    [[ $WORKERS =~ ^([1-9][0-9]{0,3})?$ ]] || misuse "--workers $WORKERS: not a number of processes"
    options_one_of --store "$STORE" 'file swift none'
    [[ $REGISTRY =~ ^(https?|postgresql)://. ]] || options_one_of --registry "$REGISTRY" 'sqlite postgresql'
    options_one_of --identity "$IDENTITY" 'none basic keystone'
    options_check_swift
}

# options_one_of OPTION VALUE 'THOSE THERE ARE' ['LATER ONES']
options_one_of() {
    case " $3 ${4:-} " in
    *" $2 "*) ;;
    *) misuse "$1 $2: one of $3${4:+ $4} is wanted" ;;
    esac
    [[ " $3 " == *" $2 "* ]] || refuse "$1 $2: this version does not have it yet; use $1 $3"
}

# Which authentication Swift has is part of what was asked for, also where nobody said it. With a swift_auth_url it is
# somebody else's.
options_check_swift() {
    local key
    if [ "$STORE" != swift ]; then
        for key in swift_auth swift_max_file_size swift_auth_url swift_credentials_file; do
            [ -z "${SET[$key]:-}" ] || misuse "--set $key: only with --store swift"
        done
        return
    fi
    SET[swift_auth]=${SET[swift_auth]:-v1}
    if [ -n "${SET[swift_auth_url]:-}${SET[swift_credentials_file]:-}" ]; then
        [ -n "${SET[swift_auth_url]:-}" ] && [ -n "${SET[swift_credentials_file]:-}" ] ||
            misuse 'a Swift that is there already needs both --set swift_auth_url=URL and --set swift_credentials_file=FILE'
        [ -z "${SET[swift_max_file_size]:-}" ] || misuse '--set swift_max_file_size: only for a Swift that deploy/up starts'
    fi
}

# option_is_for_glance_api KEY
option_is_for_glance_api() {
    [[ " $OPTIONS_OTHERS_KEYS " != *" $1 "* ]]
}

# What was asked for, one `name=value` a line, in one order.
options_asked() {
    local key
    printf '%s\n' "port=$PORT" "store=$STORE" "registry=$REGISTRY" "identity=$IDENTITY" "workers=${WORKERS:-one a core}"
    [ "$TLS" = no ] || printf 'tls=%s\n' "$TLS"
    for key in "${!SET[@]}"; do
        printf 'set %s=%s\n' "$key" "${SET[$key]}"
    done | sort
}

options_keep() {
    local service
    {
        printf '%s\n' "$DIRECTORY_MARK"
        options_asked
        printf 'health_port=%s\n' "$HEALTH_PORT"
        for service in "${!INNER_PORTS[@]}"; do
            printf 'inner_port %s=%s\n' "$service" "${INNER_PORTS[$service]}"
        done | sort
    } >"$DIR/options"
}

# options_kept NAME: the value that the last `up` used.
options_kept() {
    sed -n "s/^$1=//p" "$DIR/options"
}

# inner_port SERVICE: where it listens for the other services of this Glance.
inner_port() {
    options_kept "inner_port $1"
}

# Ends if what is running was asked for with other options. A health port
# that is not asked for is whichever it has; nobody asks for the inner ones.
options_compare() {
    local differences
    differences=$(diff <(sed 1d "$DIR/options" | grep -v '^health_port=\|^inner_port ') <(options_asked) |
        sed -n 's/^< /running with /p; s/^> /asked for /p' | paste -sd ';' | sed 's/;/; /g') || true
    HEALTH_PORT=${HEALTH_PORT:-$(options_kept health_port)}
    if [ "$HEALTH_PORT" != "$(options_kept health_port)" ]; then
        differences+="${differences:+; }running with health_port=$(options_kept health_port); asked for health_port=$HEALTH_PORT"
    fi
    [ -z "$differences" ] || fail "$DIR is running with other options: $differences. First: deploy/down --dir $DIR"
}
