# The proxy server of OpenStack Swift: its API, and who may use it.

. "$PROJECT/deploy/lib/swift.sh"

swift_proxy_config="$swift_etc/proxy-server.conf"
swift_proxy_stop=$swift_stop

swift_proxy_packages() {
    swift_packages proxy
}

swift_proxy_install() {
    :
}

swift_proxy_configure() {
    swift_proxy_configure_cluster
    {
        swift_configure_server proxy
        swift_proxy_pipeline
        [ "${SET[swift_auth]}" != keystone ] || swift_proxy_keystone
    } | swift_write "$swift_proxy_config"
    swift_proxy_configure_credentials
}

# What all four servers read: the salt of all paths, the limits, the rings.
swift_proxy_configure_cluster() {
    {
        printf '[swift-hash]\nswift_hash_path_prefix = %s\n' "$(swift_secret hash-prefix)"
        printf 'swift_hash_path_suffix = %s\n' "$(swift_secret hash-suffix)"
        printf '\n[storage-policy:0]\nname = one\ndefault = yes\n'
        printf '\n[swift-constraints]\n'
        [ -z "${SET[swift_max_file_size]:-}" ] || printf 'max_file_size = %s\n' "${SET[swift_max_file_size]}"
    } | swift_write "$swift_etc/swift.conf"
    mkdir -p "$swift_data/devices/one"
    "$swift_python" -I "$PROJECT/deploy/lib/swift-rings.py" "$swift_etc" "account=$(inner_port swift-account)" \
        "container=$(inner_port swift-container)" "object=$(inner_port swift-object)" >"$DIR/log/swift-rings.log" 2>&1 ||
        fail "could not make Swift's rings: $(tail -n 1 "$DIR/log/swift-rings.log")"
}

# Without `rate_limit_under_size` segments of less than 1 MiB are read at one a second.
swift_proxy_pipeline() {
    local keystone=
    [ "${SET[swift_auth]}" != keystone ] || keystone='authtoken keystoneauth '
    cat <<END

[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck proxy-logging cache listing_formats bulk ${keystone}tempauth copy container-quotas account-quotas slo dlo proxy-logging proxy-server

[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
conn_timeout = 5

[filter:cache]
use = egg:swift#memcache
memcache_servers = $(memcached_address)
# By itself it takes two connections and a third of a second, and after ten
# failures no token is good for a minute: on one busy machine that happens.
memcache_max_connections = 64
connect_timeout = 10
pool_timeout = 10
io_timeout = 10

[filter:tempauth]
use = egg:swift#tempauth
user_glance_glance = $(swift_secret key) .admin

[filter:slo]
use = egg:swift#slo
rate_limit_under_size = 0
END
    printf '\n[filter:%s]\nuse = egg:swift#%s\n' catch_errors catch_errors gatekeeper gatekeeper \
        healthcheck healthcheck proxy-logging proxy_logging listing_formats listing_formats bulk bulk copy copy \
        container-quotas container_quotas account-quotas account_quotas dlo dlo
}

# Keystone's users have accounts KEY_..., tempauth's AUTH_...: both are served.
swift_proxy_keystone() {
    cat <<END

[filter:authtoken]
paste.filter_factory = keystonemiddleware.auth_token:filter_factory
www_authenticate_uri = $(keystone_address)/v3
auth_url = $(keystone_address)/v3
auth_type = password
username = admin
password = $(swift_secret keystone-admin)
user_domain_id = default
project_name = admin
project_domain_id = default
region_name = RegionOne
delay_auth_decision = true

[filter:keystoneauth]
use = egg:swift#keystoneauth
reseller_prefix = KEY
operator_roles = swiftoperator
END
}

swift_proxy_configure_credentials() {
    if [ "${SET[swift_auth]}" = keystone ]; then
        printf '%s\n' 'user = glance' "password = $(swift_secret keystone-glance)" 'user_domain = Default' \
            'project = glance' 'project_domain = Default'
    else
        printf '%s\n' 'user = glance:glance' "key = $(swift_secret key)"
    fi | swift_write "$DIR/etc/swift-credentials"
}

swift_proxy_start() {
    swift_start proxy
}

swift_proxy_healthy() {
    swift_healthy proxy
}

swift_proxy_trouble() {
    swift_trouble proxy
}

swift_proxy_address() {
    swift_address proxy
}

swift_proxy_logs() {
    printf '%s\n' "$DIR/log/swift-proxy.log"
}
