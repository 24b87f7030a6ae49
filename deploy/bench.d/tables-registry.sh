# The tables of deploy/bench about where records are: SQLite, PostgreSQL, another service; and bare statements by
# pgbench. Sourced. Times are connections by requests a second.

registry_prepare() {
    registries '' 1000
    registries -many 100000
    grown million 1000000
    glance_up million-postgresql --registry postgresql
    add_empty million-postgresql grown-000001
    grow_postgresql million-postgresql 1000000
}

# registries SUFFIX COUNT: one of each kind with so many images.
registries() {
    grown "records-sqlite$1" "$2"
    glance_up "records-postgresql$1" --registry postgresql
    add_empty "records-postgresql$1" grown-000001
    grow_postgresql "records-postgresql$1" "$2"
    grown_node "$1" "$2"
}

# A service that keeps records, and the Glance that keeps its own there: the first one's rows are copied.
grown_node() {
    glance_up "records-node$1" --store none
    glance_up "records-remote$1" --registry "$(url "records-node$1")"
    add_empty "records-remote$1" grown-000001
    glance_down "records-remote$1"
    glance_down "records-node$1"
    grow "records-node$1" "$2"
    glance_up "records-node$1" --store none
    glance_up "records-remote$1" --registry "$(url "records-node$1")"
}

registry_url() { sed -n 's/^registry = //p' "$work/$1/etc/glance-api.conf"; }

# grow_postgresql GLANCE COUNT: as `grow`.
grow_postgresql() {
    psql -XqAt -v ON_ERROR_STOP=1 -v count="$2" "$(registry_url "$1")" >/dev/null <<'END' || die "could not fill PostgreSQL: adapt deploy/bench.d/tables-registry.sh"
SELECT string_agg(column_name, ', ') AS columns FROM information_schema.columns
WHERE table_name = 'images' AND column_name NOT IN ('sequence', 'id', 'name') \gset
BEGIN;
INSERT INTO ids SELECT 'grown-' || repeat('0', 6 - length(n::text)) || n::text FROM generate_series(2, :count) AS n;
INSERT INTO images (sequence, id, name, :columns)
    SELECT sequence + n - 1, 'grown-' || repeat('0', 6 - length(n::text)) || n::text, 'Image grown-' || repeat('0', 6 - length(n::text)) || n::text, :columns
    FROM images, generate_series(2, :count) AS n WHERE id = 'grown-000001' ORDER BY n;
INSERT INTO properties (sequence, key, value)
    SELECT copy.sequence, key, value FROM images AS first
    JOIN properties USING (sequence), images AS copy
    WHERE first.id = 'grown-000001' AND copy.id LIKE 'grown-%' AND copy.id <> first.id;
UPDATE counter SET sequence = (SELECT max(sequence) FROM images);
COMMIT;
VACUUM ANALYZE ids, images, properties;
END
}

# statements NAME CONNECTIONS SCRIPT GLANCE IMAGES: pgbench for $seconds, as wrk; notes NAME.time in ms.
statements() {
    local name=$1 connections=$2 script=$3 glance=$4 images=$5 rate
    rate=$(pgbench -n -M extended -c "$connections" -j 1 -T "$seconds" -D images="$images" \
        -f "$here/bench.d/registry-$script.sql" "$(registry_url "$glance")" 2>"$work/pgbench.log" |
        sed -n 's/^tps = \([0-9.]*\).*/\1/p') || true
    [[ -n $rate ]] || die "pgbench of $script: $(tail -n 1 "$work/pgbench.log")"
    note "$name.time" "$(quotient "${connections}e3" "$rate" 4)"
}

# requests NAME CONNECTIONS REQUEST GLANCE IMAGES: the same through Glance.
requests() {
    local name=$1 connections=$2 glance=$4 images=$5
    case $3 in
    head) load "$name" "$connections" HEAD "$(url "$glance")/images" "$images" ;;
    page) load "$name" "$connections" GET "$(url "$glance")/images/detail?limit=100&marker=" $((images - 100)) ;;
    again) load "$name" "$connections" GET "$(url "$glance")/images/detail?limit=100" ;;
    add) load "$name" "$connections" POST "$(url "$glance")/images" '' '' 'x-image-meta-name: New' 'x-image-meta-type: raw' ;;
    update) load "$name" "$connections" PUT "$(url "$glance")/images" "$images" ;;
    esac
    note "$name.time" "$(quotient "${connections}e3" "$(tail -n 1 "$work/samples/$name.rate")" 4)"
}

registry_table() {
    local request connections
    title 'Registries' 'Milliseconds a request, with 1,000 images but where more are named: connections by requests a second.
pgbench: the same statements bare. Aims: PostgreSQL at most SQLite and 1.3 times pgbench with HEAD, remote at most 2.2 times SQLite.'
    heading request connections 'SQLite, ms' 'PostgreSQL, ms' 'another service, ms' 'pgbench, ms' \
        '(PostgreSQL − SQLite) to pgbench' 'another service to SQLite'
    for request in head page again add update; do
        for connections in "${connection_counts[@]}"; do registry_row "$request" "$connections" '' 1000; done
    done
    # More than is remembered.
    for connections in "${connection_counts[@]}"; do registry_row page "$connections" -many 100000; done
}

# registry_row REQUEST CONNECTIONS SUFFIX COUNT: of the `registries` with that suffix.
registry_row() {
    local request=$1 connections=$2 suffix=$3 count=$4 name="registry.$1.$2$3"
    say "registries: $request$suffix, $connections connections"
    sqlite() { requests "$name.sqlite" "$connections" "$request" "records-sqlite$suffix" "$count"; }
    postgresql() { requests "$name.postgresql" "$connections" "$request" "records-postgresql$suffix" "$count"; }
    remote() { requests "$name.remote" "$connections" "$request" "records-remote$suffix" "$count"; }
    bare() { statements "$name.bare" "$connections" "$request" "records-postgresql$suffix" "$count"; }
    in_turn sqlite postgresql remote bare
    paste "$work/samples/$name.postgresql.time" "$work/samples/$name.sqlite.time" |
        awk '{ print $1 - $2 }' >"$work/samples/$name.more"
    row "$(registry_request "$request")${suffix:+ among 100,000}" "$connections" "$(show "$name.sqlite.time" 3)" \
        "$(show "$name.postgresql.time" 3)" "$(show "$name.remote.time" 3)" "$(show "$name.bare.time" 3)" \
        "$(ratio "$name.more" "$name.bare.time")" "$(ratio "$name.remote.time" "$name.sqlite.time")"
}

registry_request() {
    case $1 in
    head) printf 'HEAD of ids at random' ;;
    page) printf 'list of 100 in detail, from anywhere' ;;
    again) printf 'list of 100 in detail, again and again' ;;
    add) printf 'POST of metadata' ;;
    update) printf 'PUT of a property' ;;
    esac
}

registry_growth_table() {
    local request
    title 'Registries of a million images' 'Milliseconds a request, one connection. Aim: at most 1.20 times that with 1,000.'
    heading request 'SQLite, 1,000' 'SQLite, 1,000,000' times 'PostgreSQL, 1,000' 'PostgreSQL, 1,000,000' times
    for request in head page add update; do registry_growth_row "$request"; done
}

# registry_growth_row REQUEST
registry_growth_row() {
    local request=$1 name="registry-growth.$1"
    say "registries of a million images: $request"
    few_sqlite() { requests "$name.few.sqlite" 1 "$request" records-sqlite 1000; }
    many_sqlite() { requests "$name.many.sqlite" 1 "$request" million 1000000; }
    few_postgresql() { requests "$name.few.postgresql" 1 "$request" records-postgresql 1000; }
    many_postgresql() { requests "$name.many.postgresql" 1 "$request" million-postgresql 1000000; }
    in_turn few_sqlite many_sqlite few_postgresql many_postgresql
    row "$(registry_request "$request")" "$(show "$name.few.sqlite.time" 3)" "$(show "$name.many.sqlite.time" 3)" \
        "$(ratio "$name.many.sqlite.time" "$name.few.sqlite.time")" "$(show "$name.few.postgresql.time" 3)" \
        "$(show "$name.many.postgresql.time" 3)" "$(ratio "$name.many.postgresql.time" "$name.few.postgresql.time")"
}
