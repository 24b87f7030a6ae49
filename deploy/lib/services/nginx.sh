# The web server in front: the configuration of nginx/, with the paths and
# ports of this directory in place of those of an installed system.

nginx_config="$DIR/etc/nginx/nginx.conf"
# QUIT lets answers under way finish, within reason.
nginx_drain=$(sed -n 's/^drain_seconds_max = //p' "$DIR/etc/glance-api.conf" 2>/dev/null || true)
nginx_stop="QUIT:${nginx_drain:-60} TERM:5 KILL:5"

nginx_error_log="$DIR/log/nginx-error.log"
nginx_shipped_module=/usr/lib/nginx/modules/ngx_http_js_module.so

nginx_packages() {
    command -v nginx >/dev/null || printf 'nginx\n'
    nginx_module >/dev/null || printf 'libnginx-mod-http-js\n'
    command -v curl >/dev/null || printf 'curl\n'
    [ "$IDENTITY" != basic ] || command -v htpasswd >/dev/null || printf 'apache2-utils\n'
    [ "$TLS" = no ] || command -v openssl >/dev/null || printf 'openssl\n'
}

# Prints where the njs module is.
nginx_module() {
    local directory
    for directory in "${nginx_shipped_module%/*}" /usr/lib64/nginx/modules /usr/local/lib/nginx/modules \
        /usr/share/nginx/modules /etc/nginx/modules; do
        if [ -f "$directory/${nginx_shipped_module##*/}" ]; then
            printf '%s' "$directory/${nginx_shipped_module##*/}"
            return
        fi
    done
    return 1
}

nginx_install() {
    :
}

# Sets NGINX_USER and NGINX_GROUP: as root www-data if it can reach DIR, else
# root; as an ordinary user neither, nginx is then that user like the rest.
nginx_choose_user() {
    NGINX_USER='' NGINX_GROUP=''
    [ "$EUID" -eq 0 ] || return 0
    if id -u www-data >/dev/null 2>&1 &&
        setpriv --reuid www-data --regid www-data --clear-groups test -x "$DIR" 2>/dev/null; then
        NGINX_USER=www-data NGINX_GROUP=www-data
        # To pass through, not to list; through log/ to open the logs again after a rotation.
        chgrp www-data "$DIR/data" "$DIR/log" "$DIR/run"
        chmod 0710 "$DIR/data" "$DIR/log" "$DIR/run"
    else
        NGINX_USER=root
        step nginx "its processes run as root: www-data cannot reach $DIR"
    fi
}

nginx_configure() {
    local file edits=("$(nginx_edits)")
    [ "$IDENTITY" = none ] || edits+=("s|include identity-none.conf;|include identity-$IDENTITY.conf;|" "s|# \(include limits.conf;\)|\1|")
    [ "$TLS" = no ] || edits+=("s|^\( *listen [^ ]*$PORT\) \(default_server\)|\1 ssl \2|" "s|# \(include tls.conf;\)|\1|")
    for file in "$PROJECT"/nginx/*; do
        sed "${edits[@]/#/-e}" "$file" >"$DIR/etc/nginx/${file##*/}"
    done
    case "$IDENTITY" in
    none) ;;
    basic)
        printf '"~^admin$" 1;\n' >>"$DIR/etc/nginx/admins"
        identity_configure_basic
        ;;
    keystone) identity_configure_keystone ;;
    esac
    [ "$TLS" = no ] || tls_configure
}

# Prints what makes the configuration of an installed system this directory's.
nginx_edits() {
    local user="/^user www-data;/d" address=127.0.0.1:
    # glance-api refuses what comes from elsewhere, unless it was told not to.
    [ "${SET[open]:-false}" = false ] || address=
    [ -z "$NGINX_USER" ] || user="s|^user www-data;|user $NGINX_USER;|"
    cat <<END
s|/run/glance/|$DIR/run/|g
s|/var/lib/glance/|$DIR/data/|g
s|/var/log/glance/|$DIR/log/|g
s|/etc/glance/tls/|$DIR/tls/|g
s|/etc/glance/users|$DIR/etc/users|g
s|$nginx_shipped_module|$(nginx_module)|
s|\(^ *listen\) 9292 |\1 $address$PORT |
s|\(^ *listen\) 127.0.0.1:9293 |\1 127.0.0.1:$HEALTH_PORT |
s|client_max_body_size .*; # chunked_bytes_max|client_max_body_size ${SET[chunked_bytes_max]:-10g};|
$user
END
}

# nginx goes into the background when it has its ports, and writes its own
# process id. What it has to say before that is kept for nginx_trouble.
nginx_start() {
    nginx_said=$(nginx -p "$DIR/" -e "$nginx_error_log" -c "$nginx_config" 2>&1 9>&-) || true
}

nginx_healthy() {
    local port
    port=$(options_kept health_port)
    curl -fs -o /dev/null --noproxy '*' --max-time 5 "http://127.0.0.1:$port/healthz"
}

# Its first complaint is the cause, the others follow from it.
nginx_trouble() {
    local first
    first=$(grep -m 1 -F '[emerg]' <<<"${nginx_said:-}") || first="see $nginx_error_log"
    case "$first" in
    *'Address already in use'*) printf 'a port is taken by another program: %s' "$first" ;;
    *'Permission denied'*bind* | *bind*'Permission denied'*) printf 'the port needs root: %s' "$first" ;;
    *) printf '%s' "$first" ;;
    esac
}

nginx_address() {
    local scheme=http
    [ -z "$(options_kept tls)" ] || scheme=https
    printf '%s://127.0.0.1:%s, health http://127.0.0.1:%s' "$scheme" "$(options_kept port)" "$(options_kept health_port)"
}

nginx_logs() {
    printf '%s\n' "$nginx_error_log" "$DIR/log/nginx-access.log"
}
