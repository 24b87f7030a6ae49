# The image service itself: built from this project, it answers on a socket.

glance_api_config="$DIR/etc/glance-api.conf"
# Longer than its own drain_seconds_max (60, unless its configuration says otherwise).
glance_api_drain=$(sed -n 's/^drain_seconds_max = //p' "$glance_api_config" 2>/dev/null || true)
glance_api_stop="TERM:$((${glance_api_drain:-60} + 5)) KILL:5"

glance_api_socket="$DIR/run/glance-api.sock"
glance_api_log="$DIR/log/glance-api.log"
glance_api_binary=${GLANCE_BINARY:-$PROJECT/.build/release/glance-api}

glance_api_packages() {
    has_library libsqlite3.so.0 || printf 'libsqlite3-0\n'
    has_library libcrypto.so.3 || printf 'libssl3\n'
    [[ $REGISTRY != postgresql://* ]] || has_library libpq.so.5 || printf 'libpq5\n'
    command -v curl >/dev/null || printf 'curl\n'
}

# glance_api_check_build MEGABYTES: ends with what is missing for a build, where there has to be one.
glance_api_check_build() {
    local build="$PROJECT/.build"
    [ -d "$build" ] || build=$PROJECT
    if [ -n "${GLANCE_BINARY:-}" ]; then
        [ -x "$GLANCE_BINARY" ] || fail "GLANCE_BINARY: $GLANCE_BINARY is not a program"
    elif ! glance_api_is_built; then
        glance_api_toolchain >/dev/null ||
            fail "no Swift toolchain: neither swift on the PATH nor /opt/swift/usr/bin/swift; see https://www.swift.org/install/linux/"
        [ -w "$build" ] || fail "$build cannot be written by $(id -un), and there is something to build"
        directory_has_room "$1" "$build"
    fi
}

glance_api_toolchain() {
    command -v swift || command -v /opt/swift/usr/bin/swift
}

# Nothing is newer than the last one.
glance_api_is_built() {
    [ -x "$glance_api_binary" ] &&
        [ -z "$(find "$PROJECT/Sources" "$PROJECT/Package.swift" -newer "$glance_api_binary" -print -quit)" ]
}

# Builds, unless GLANCE_BINARY names one or nothing is newer than the last.
glance_api_install() {
    if [ -n "${GLANCE_BINARY:-}" ]; then
        step build "not needed: $GLANCE_BINARY"
    elif glance_api_is_built; then
        step build "not needed: nothing is newer than the last one"
    else
        glance_api_build
    fi
}

glance_api_build() {
    local log="$DIR/log/build.log" began="$DIR/run/build-began" swift
    swift=$(glance_api_toolchain)
    step build "with $swift; the first build takes minutes (log: $log)"
    : >"$began"
    "$swift" build --package-path "$PROJECT" -c release --product glance-api --static-swift-stdlib \
        --explicit-target-dependency-import-check error >"$log" 2>&1 9>&- || {
        tail -n 20 "$log" >&2
        fail "the build failed; all of it: $log"
    }
    # What changed while it was building is newer than the program.
    touch -r "$began" "$glance_api_binary"
}

glance_api_configure() {
    local key
    glance_api_check_keys
    {
        printf '# Written by deploy/up; overwritten by the next one.\n'
        printf 'listen = unix:%s\n' "$glance_api_socket"
        [ -z "$NGINX_GROUP" ] || printf 'group = %s\n' "$NGINX_GROUP"
        if [ "$REGISTRY" = postgresql ]; then
            printf 'registry = %s\n' "$(postgresql_url)"
        elif [[ $REGISTRY == *://* ]]; then
            printf 'registry = %s\n' "$REGISTRY"
        else
            printf 'registry = sqlite://%s/data/registry.sqlite\n' "$DIR"
        fi
        printf 'file_directory = %s/data/images\n' "$DIR"
        "glance_api_configure_$STORE"
        [ "$IDENTITY" = none ] || printf 'identity = nginx\n'
        [ "$IDENTITY" != keystone ] || printf 'keystone_url = %s/v3\n' "$(keystone_address)"
        [ -z "$WORKERS" ] || printf 'workers = %s\n' "$WORKERS"
        for key in "${!SET[@]}"; do
            ! option_is_for_glance_api "$key" || printf '%s = %s\n' "$key" "${SET[$key]}"
        done | sort
    } >"$glance_api_config"
}

glance_api_configure_file() {
    printf 'stores = file\ndefault_store = file\n'
}

glance_api_configure_none() {
    printf 'stores =\n'
}

glance_api_configure_swift() {
    printf 'stores = file swift\ndefault_store = swift\n'
    # With one that is there already these are among those that were set.
    [ -z "${SET[swift_auth_url]:-}" ] || return 0
    if [ "${SET[swift_auth]}" = keystone ]; then
        printf 'swift_auth_url = %s/v3\n' "$(keystone_address)"
    else
        printf 'swift_auth_url = %s/auth/v1.0\n' "$(swift_proxy_address)"
    fi
    printf 'swift_credentials_file = %s\n' "$DIR/etc/swift-credentials"
}

# Each --set must be a setting that the program has.
glance_api_check_keys() {
    local key known
    known=$("$glance_api_binary" settings --list 2>&1) || fail "$glance_api_binary settings --list failed: ${known##*$'\n'}"
    for key in "${!SET[@]}"; do
        ! option_is_for_glance_api "$key" || grep -qxF -- "$key" <<<"$known" ||
            fail "--set $key: glance-api has no such setting ($glance_api_binary settings --list)"
    done
}

glance_api_start() {
    glance_api_log_size=$(log_size "$glance_api_log")
    service_spawn glance-api "$glance_api_log" "$glance_api_binary" --config "$glance_api_config"
}

# A request as nginx would send it, without nginx: curl's `telnet` carries
# bytes both ways over the socket.
glance_api_healthy() {
    local block='CONTENT_LENGTH\x000\x00SCGI\x001\x00REQUEST_METHOD\x00GET\x00REQUEST_URI\x00/healthz\x00'
    block+='REQUEST_SCHEME\x00http\x00SERVER_ADDR\x00127.0.0.1\x00SERVER_PORT\x009293\x00REMOTE_ADDR\x00127.0.0.1\x00'
    block+='REQUEST_ID\x00deploy-up\x00LISTENER\x00health\x00BODY_LENGTH\x00\x00CONTENT_TYPE\x00\x00'
    local answer
    answer=$(curl -s --max-time 2 --unix-socket "$glance_api_socket" telnet://localhost \
        < <(printf '%s:%b,' "$(printf '%b' "$block" | wc -c)" "$block") 2>/dev/null) || true
    [[ $answer == 'Status: 200'* ]]
}

glance_api_trouble() {
    local said
    said=$(log_since "$glance_api_log" "${glance_api_log_size:-0}")
    printf '%s' "${said:-it said nothing (log: $glance_api_log)}"
}

glance_api_address() {
    printf 'unix:%s' "$glance_api_socket"
}

glance_api_logs() {
    printf '%s\n' "$glance_api_log"
}
