# What the services of one OpenStack Swift have in common: account, container
# and object server and the proxy before them, from Debian's packages, one
# process each, one replica, on loopback. KIND is one of these four.

swift_etc="$DIR/etc/swift"
swift_data="$DIR/data/swift"

# Debian's own: another one that stands before it on the PATH has no Swift.
swift_python=/usr/bin/python3

swift_stop='TERM:5 KILL:5'

# swift_packages KIND
swift_packages() {
    [ -x "/usr/bin/swift-$1-server" ] || printf 'swift-%s\n' "$1"
    command -v curl >/dev/null || printf 'curl\n'
}

# swift_secret NAME: random, made once and kept with the data, for the hashes of all paths depend on some.
swift_secret() {
    local file="$swift_data/secrets/$1"
    (
        umask 077
        mkdir -p "${file%/*}"
        if [ ! -f "$file" ]; then
            head -c 16 /dev/urandom | od -An -v -tx1 | tr -d ' \n' >"$file.new"
            mv "$file.new" "$file"
        fi
        cat "$file"
    )
}

# swift_write FILE: standard input, for this user alone: passwords are in it.
swift_write() {
    (
        umask 077
        mkdir -p "${1%/*}"
        rm -f "$1"
        cat >"$1"
    )
}

# swift_configure_server KIND: what stands in every server's configuration. Other
# processes than this one there are none (`workers`), so that its end is one.
swift_configure_server() {
    cat <<END
# Written by deploy/up; overwritten by the next one.
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = $(inner_port "swift-$1")
bind_timeout = 1
workers = 0
user = $(id -un)
swift_dir = $swift_etc
# The log is what it says on standard error. There is no such socket: this machine's own log is spared.
log_address = $DIR/run/no-log
END
}

# swift_configure_storage KIND: an account, container or object server.
swift_configure_storage() {
    {
        swift_configure_server "$1"
        cat <<END
devices = $swift_data/devices
mount_check = false

[pipeline:main]
pipeline = healthcheck $1-server

[filter:healthcheck]
use = egg:swift#healthcheck

[app:$1-server]
use = egg:swift#$1
END
    } | swift_write "$swift_etc/$1-server.conf"
}

# swift_start KIND
swift_start() {
    local name="swift-$1" log="$DIR/log/swift-$1.log"
    inner_port_check "$name"
    swift_log_size=$(log_size "$log")
    # -I: no PYTHONPATH, no packages of this user. No proxy between the services.
    service_spawn "$name" "$log" env no_proxy='*' "$swift_python" -I "$PROJECT/deploy/lib/swift-server.py" \
        "/usr/bin/$name-server" "$swift_etc/$1-server.conf" --verbose
}

# swift_healthy KIND
swift_healthy() {
    [ "$(curl -s --noproxy '*' --max-time 5 "$(swift_address "$1")/healthcheck" 2>/dev/null)" = OK ]
}

# swift_trouble KIND
swift_trouble() {
    local log="$DIR/log/swift-$1.log" said
    said=$(log_since "$log" "${swift_log_size:-0}")
    printf '%s' "${said:-it said nothing (log: $log)}"
}

# swift_address KIND
swift_address() {
    printf 'http://127.0.0.1:%s' "$(inner_port "swift-$1")"
}
