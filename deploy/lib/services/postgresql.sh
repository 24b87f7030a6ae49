# PostgreSQL, for the registry: one server of Debian's package, on loopback, with its own data. As root it runs as the
# user postgres, which the package makes: it refuses to be root.

postgresql_data="$DIR/data/postgresql"
# What tells its process from others.
postgresql_config=$postgresql_data
# INT ends connections and writes everything out; QUIT leaves that to the next start.
postgresql_stop='INT:30 QUIT:10 KILL:5'

postgresql_log="$DIR/log/postgresql.log"
postgresql_passfile="$DIR/etc/postgresql-passfile"

# Prints where the newest version's programs are.
postgresql_programs() {
    local directory
    for directory in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV); do
        if [ -x "$directory/postgres" ]; then
            printf '%s' "$directory"
            return
        fi
    done
    return 1
}

postgresql_packages() {
    postgresql_programs >/dev/null || printf 'postgresql\n'
    has_library libpq.so.5 || printf 'libpq5\n'
}

postgresql_install() {
    :
}

# postgresql_as_user COMMAND...: as the server's user. Its other group lets it pass through data/.
postgresql_as_user() {
    if [ "$EUID" -eq 0 ]; then
        setpriv --reuid postgres --regid postgres --groups "$(stat -c %g "$DIR/data")" "$@"
    else
        "$@"
    fi
}

postgresql_configure() {
    [ -f "$postgresql_data/glance-is-there" ] || postgresql_fill
    {
        printf '# Written by deploy/up; overwritten by the next one.\n'
        printf "listen_addresses = '127.0.0.1'\nport = %s\n" "$(inner_port postgresql)"
        printf "unix_socket_directories = ''\nmax_connections = 200\n"
        printf "log_line_prefix = '%%m [%%p] %%q%%u@%%d '\n"
    } | postgresql_write postgresql.conf
    # Nobody else gets in, its superuser neither.
    printf 'host all glance 127.0.0.1/32 scram-sha-256\n' | postgresql_write pg_hba.conf
    # For any port: ports may be others next time, and what stands between has one of its own.
    (
        umask 077
        printf '127.0.0.1:*:*:glance:%s\n' "$(cat "$postgresql_data.password")" >"$postgresql_passfile"
    )
}

# postgresql_write FILE: standard input, for the server to read.
postgresql_write() {
    postgresql_as_user sh -c 'cat >"$0"' "$postgresql_data/$1"
}

# Makes the server's data, the user `glance`, and its database.
postgresql_fill() {
    local programs log="$DIR/log/postgresql-fill.log" password
    programs=$(postgresql_programs)
    step postgresql "making its data (log: $log)"
    rm -rf "$postgresql_data"
    password=$(head -c 16 /dev/urandom | od -An -v -tx1 | tr -d ' \n')
    (umask 077 && printf '%s' "$password" >"$postgresql_data.password")
    {
        mkdir -m 0700 "$postgresql_data" &&
            { [ "$EUID" -ne 0 ] || chown postgres:postgres "$postgresql_data"; } &&
            postgresql_as_user "$programs/initdb" -D "$postgresql_data" -U postgres -A trust -E UTF8 \
                --locale=C.UTF-8 --no-instructions &&
            # What waits for a lock for so long would keep others waiting.
            printf '%s\n' "CREATE ROLE glance LOGIN PASSWORD '$password'" "CREATE DATABASE glance OWNER glance" \
                "ALTER ROLE glance SET lock_timeout = '10s'" |
            postgresql_as_user "$programs/postgres" --single -D "$postgresql_data" postgres &&
            postgresql_as_user touch "$postgresql_data/glance-is-there"
    } >"$log" 2>&1 9>&- || fail "could not make PostgreSQL's data: $(tail -n 1 "$log") (all of it: $log)"
}

# What glance-api is told, and whoever wants to look into the registry.
postgresql_url() {
    printf 'postgresql://glance@127.0.0.1:%s/glance?passfile=%s' "$(inner_port postgresql)" "$postgresql_passfile"
}

postgresql_start() {
    postgresql_wait
    inner_port_check postgresql
    postgresql_log_size=$(log_size "$postgresql_log")
    if [ "$EUID" -eq 0 ]; then
        service_spawn postgresql "$postgresql_log" setpriv --reuid postgres --regid postgres \
            --groups "$(stat -c %g "$DIR/data")" "$(postgresql_programs)/postgres" -D "$postgresql_data"
    else
        service_spawn postgresql "$postgresql_log" "$(postgresql_programs)/postgres" -D "$postgresql_data"
    fi
}

# One that was killed may still be on its way out, and the next would take it for alive.
postgresql_wait() {
    local pid tries
    { read -r pid <"$postgresql_data/postmaster.pid"; } 2>/dev/null || return 0
    for ((tries = 0; tries < 100; tries++)); do
        kill -0 "$pid" 2>/dev/null || return 0
        sleep 0.05
    done
}

# Not by asking whether it accepts connections: as the user that glance-api will be.
postgresql_healthy() {
    PGCONNECT_TIMEOUT=5 "$(postgresql_programs)/psql" -X -w -q -c '' "$(postgresql_url)" >/dev/null 2>&1
}

postgresql_trouble() {
    local said
    said=$(log_since "$postgresql_log" "${postgresql_log_size:-0}")
    printf '%s' "${said:-it said nothing (log: $postgresql_log)}"
}

postgresql_address() {
    printf '127.0.0.1:%s' "$(inner_port postgresql)"
}

postgresql_logs() {
    printf '%s\n' "$postgresql_log"
}
