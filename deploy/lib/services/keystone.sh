# OpenStack Keystone, whose tokens Swift's proxy takes, or glance-api itself:
# users and projects in SQLite, in one process of uWSGI.

. "$PROJECT/deploy/lib/swift.sh"

keystone_config="$DIR/etc/keystone/uwsgi.ini"
keystone_stop='TERM:5 KILL:5'

keystone_log="$DIR/log/keystone.log"
keystone_data="$DIR/data/keystone"
keystone_conf="$DIR/etc/keystone/keystone.conf"
keystone_wsgi=/usr/bin/keystone-wsgi-public

keystone_packages() {
    [ -x "$keystone_wsgi" ] || printf 'keystone\n'
    [ "$STORE" != swift ] || [ -d /usr/lib/python3/dist-packages/keystonemiddleware ] || printf 'python3-keystonemiddleware\n'
    [ -f /usr/lib/uwsgi/plugins/python3_plugin.so ] || printf 'uwsgi-plugin-python3\n'
    command -v curl >/dev/null || printf 'curl\n'
}

keystone_install() {
    :
}

keystone_configure() {
    keystone_configure_service
    keystone_configure_catalog
    keystone_configure_uwsgi
    [ -f "$keystone_data/complete" ] || keystone_fill
    [ "$IDENTITY" != keystone ] || [ -f "$keystone_data/users-complete" ] || keystone_fill_users
}

keystone_configure_service() {
    swift_write "$keystone_conf" <<END
# Written by deploy/up; overwritten by the next one.
[DEFAULT]
use_stderr = true

[database]
connection = sqlite:///$keystone_data/keystone.sqlite

[catalog]
driver = templated
template_file = $DIR/etc/keystone/catalog

[token]
provider = fernet

[fernet_tokens]
key_repository = $keystone_data/fernet-keys

[fernet_receipts]
key_repository = $keystone_data/receipt-keys

[credential]
key_repository = $keystone_data/credential-keys
END
}

# A file and no table, because ports may be others next time.
keystone_configure_catalog() {
    local interface
    for interface in public internal admin; do
        printf 'catalog.RegionOne.identity.%sURL = %s/v3\n' "$interface" "$(keystone_address)"
        # shellcheck disable=SC2016 # Keystone's own variable
        [ "$STORE" != swift ] || printf 'catalog.RegionOne.object_store.%sURL = %s/v1/KEY_$(project_id)s\n' "$interface" "$(swift_proxy_address)"
    done | swift_write "$DIR/etc/keystone/catalog"
    printf 'catalog.RegionOne.identity.name = keystone\n' >>"$DIR/etc/keystone/catalog"
    [ "$STORE" != swift ] || printf 'catalog.RegionOne.object_store.name = swift\n' >>"$DIR/etc/keystone/catalog"
}

# One process, without a master that starts it again, and without threads,
# between which SQLite's connections cannot be passed. With a Content-Length of
# Keystone's and one of uWSGI's, clients would see the connection reset.
keystone_configure_uwsgi() {
    swift_write "$keystone_config" <<END
# Written by deploy/up; overwritten by the next one.
[uwsgi]
plugins = python3
http-socket = 127.0.0.1:$(inner_port keystone)
wsgi-file = $keystone_wsgi
need-app = true
processes = 1
buffer-size = 65535
rem-header = Content-Length
die-on-term = true
env = OS_KEYSTONE_CONFIG_DIR=$DIR/etc/keystone
env = OS_KEYSTONE_CONFIG_FILES=$keystone_conf
END
}

# Makes the tables, the keys, and the users: `admin` for Swift's proxy, which asks who a token is, and `glance`.
keystone_fill() {
    local log="$DIR/log/keystone-fill.log"
    step keystone "making its tables and users (log: $log)"
    rm -rf "$keystone_data"
    {
        (umask 077 && mkdir -p "$keystone_data") &&
            keystone_manage db_sync &&
            # A reader must not keep a writer waiting.
            "$swift_python" -I -c 'import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute("PRAGMA journal_mode=WAL")' \
                "$keystone_data/keystone.sqlite" &&
            keystone_manage fernet_setup --keystone-user "$(id -un)" --keystone-group "$(id -gn)" &&
            keystone_add_user admin admin &&
            keystone_add_user glance swiftoperator
    } >"$log" 2>&1 ||
        fail "could not fill Keystone's tables: $(sed -n 's/.* CRITICAL keystone [^ ]* //p' "$log" | tail -n 1) (all of it: $log)"
    : >"$keystone_data/complete"
}

# The users of --identity keystone; `admin` is there already.
keystone_fill_users() {
    local log="$DIR/log/keystone-fill.log"
    { keystone_add_user user member && keystone_add_user other member; } >>"$log" 2>&1 ||
        fail "could not add Keystone's users: $(tail -n 1 "$log") (all of it: $log)"
    : >"$keystone_data/users-complete"
}

# keystone_add_user NAME ROLE: with a project of that name, in which it has the role.
keystone_add_user() {
    OS_BOOTSTRAP_PASSWORD=$(swift_secret "keystone-$1") keystone_manage bootstrap \
        --bootstrap-username "$1" --bootstrap-project-name "$1" --bootstrap-role-name "$2"
}

keystone_manage() {
    (umask 077 && "$swift_python" -I /usr/bin/keystone-manage --config-file "$keystone_conf" "$@" </dev/null 9>&-)
}

keystone_start() {
    inner_port_check keystone
    keystone_log_size=$(log_size "$keystone_log")
    service_spawn keystone "$keystone_log" env no_proxy='*' uwsgi --ini "$keystone_config"
}

keystone_healthy() {
    curl -fs -o /dev/null --noproxy '*' --max-time 5 "$(keystone_address)/v3"
}

keystone_trouble() {
    local said
    said=$(log_since "$keystone_log" "${keystone_log_size:-0}")
    printf '%s' "${said:-it said nothing (log: $keystone_log)}"
}

keystone_address() {
    printf 'http://127.0.0.1:%s' "$(inner_port keystone)"
}

keystone_logs() {
    printf '%s\n' "$keystone_log"
}
