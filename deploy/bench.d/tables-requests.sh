# The tables of deploy/bench about small requests: metadata, the long list,
# start, growth. Sourced.

metadata_table() {
    local connections
    record HEAD /images/bench-empty "$work/head"
    record GET '/images/detail?limit=1' "$work/list"
    program_start answer "$program_threads" \
        HEAD /images/bench-empty "$work/head" \
        GET '/images/detail?limit=1' "$work/list"
    same_answer HEAD /images/bench-empty
    same_answer GET '/images/detail?limit=1'
    title 'Metadata' "Requests a second and latencies. C: a program of $program_threads threads that answers the
same bytes over SCGI, behind the same nginx. nginx: its own \`return 200\` of as many bytes. Aim: HEAD 0.90 of C."
    heading request connections Glance/s C/s nginx/s Glance/C Glance/nginx \
        'Glance p50, p99 ms' 'C p50, p99 ms'
    for connections in "${connection_counts[@]}"; do
        metadata_row HEAD /images/bench-empty /plain/empty "$connections"
    done
    for connections in "${connection_counts[@]}"; do
        metadata_row GET '/images/detail?limit=1' /plain/list "$connections"
    done
    program_stop
}

# metadata_row METHOD URI PLAIN-URI CONNECTIONS
metadata_row() {
    local method=$1 uri=$2 plain=$3 connections=$4 name="metadata.$1.$4"
    say "metadata: $method, $connections connections"
    glance() { load "$name.glance" "$connections" "$method" "$(url main)$uri"; }
    lean() { load "$name.lean" "$connections" "$method" "$baseline_url$uri"; }
    nginx_alone() { load "$name.nginx" "$connections" "$method" "$baseline_url$plain"; }
    in_turn glance lean nginx_alone
    row "$method $uri" "$connections" \
        "$(show "$name.glance.rate" 0)" "$(show "$name.lean.rate" 0)" "$(show "$name.nginx.rate" 0)" \
        "$(ratio "$name.glance.rate" "$name.lean.rate")" \
        "$(ratio "$name.glance.rate" "$name.nginx.rate")" \
        "$(show "$name.glance.p50" 2), $(show "$name.glance.p99" 2)" \
        "$(show "$name.lean.p50" 2), $(show "$name.lean.p99" 2)"
}

# same_answer METHOD URI: through nginx, Glance and the lean program say the
# same but for what names this one request.
same_answer() {
    local option=()
    [[ $1 == HEAD ]] && option=(--head)
    said() {
        ask -i "${option[@]}" -H "Host: 127.0.0.1:${port_of[main]}" "$1" |
            grep -aviE '^(date|x-request-id):'
    }
    diff <(said "$(url main)$2") <(said "$baseline_url$2") >&2 ||
        die "the lean program does not answer $1 $2 as Glance does"
}

list_table() {
    local uri=/images/detail bytes images
    read -r images bytes < <(ask "$(url thousand)$uri" |
        awk '{ bytes += length($0) + 1; images += gsub(/"uri"/, "") } END { print images, bytes }')
    [[ $images == 1000 ]] || die "$uri lists $images images, not 1000"
    say 'list of 1,000 in detail'
    title 'List of 1,000 images in detail' "One connection, through nginx; about $((bytes / 1024)) KiB an answer. Aim: 5 ms of CPU."
    heading list 'ms (p50)' 'ms (p99)' 'worker CPU, ms a request'
    list_row 'anew: from anywhere among 100,000' many "$uri?limit=1000&marker=" 99000
    list_row 'again, and nothing has changed' thousand "$uri"
}

# list_row TITLE GLANCE URI [IDS]
list_row() {
    local glance=$2 uri=$3 ids=${4:-} name="list.$2"
    list() { load "$name" 1 GET "$(url "$glance")$uri" "$ids"; }
    measured() { with_cpu "$name" "$(supervisor_of "$glance")" list; }
    in_turn measured
    paste "$work/samples/$name.cpu" "$work/samples/$name.requests" |
        awk '{ print $1 * 1000 / $2 }' >"$work/samples/$name.each"
    row "$1" "$(show "$name.p50" 2)" "$(show "$name.p99" 2)" "$(show "$name.each" 2)"
}

# Called while the Glance of a thousand images is down.
start_measure() {
    local listening answering
    say 'start'
    once() {
        read -r listening answering < <(
            "$work/bin/launch" "$work/thousand/run/glance-api.sock" \
                "$glance_api" --config "$work/thousand/etc/glance-api.conf" 2>>"$work/launch.log") || true
        [[ -n ${answering:-} ]] || die "glance-api does not start: $(tail -n 2 "$work/launch.log")"
        note start.listening "$listening"
        note start.answering "$answering"
    }
    in_turn once
}

start_table() {
    title 'Start' 'From exec of `glance-api` with 1,000 images in its registry. Aim: accepting in 100 ms.'
    heading 'until its socket accepts, ms' 'until a request is answered, ms'
    row "$(show start.listening 1)" "$(show start.answering 1)"
}

growth_table() {
    title 'Growth' 'Median time of a request (p50), one connection; ids at random. 1.00 is as fast as with 1,000;
aim: at most 1.20.'
    heading request '1,000 images, ms' '100,000 images, ms' 'time, 100,000 to 1,000'
    growth_row 'HEAD /images/ID' HEAD /images
    growth_row 'GET /images/detail?limit=100&marker=ID' GET '/images/detail?limit=100&marker='
}

# growth_row TITLE METHOD URI: which each request adds an id to.
growth_row() {
    local method=$2 uri=$3
    local name="growth.${1//[^A-Za-z0-9]/-}"
    say "growth: $1"
    few() { load "$name.few" 1 "$method" "$(url thousand)$uri" 900; }
    many() { load "$name.many" 1 "$method" "$(url many)$uri" 99900; }
    in_turn few many
    row "$1" "$(show "$name.few.p50" 3)" "$(show "$name.many.p50" 3)" \
        "$(ratio "$name.many.p50" "$name.few.p50")"
}
