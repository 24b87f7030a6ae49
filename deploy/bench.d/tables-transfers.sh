# The tables of deploy/bench about image data: upload, download, memory.
# Sourced. Contenders' speeds are compared: 1.00 is as fast, more is faster.

upload_table() {
    local api nginx sink_nginx uploads=0 # an id is never given twice
    api=$(supervisor_of main)
    nginx=$(nginx_of main)
    sink_nginx=$(nginx_of baseline)
    program_start sink "$program_threads" "$baseline/sink"
    say "upload of $big_title"
    upload_glance() {
        sync
        uploads=$((uploads + 1))
        with_cpu upload.glance "$api" with_cpu upload.glance.nginx "$nginx" \
            upload_once upload.glance "$(url main)/images"
        remove main "bench-upload-$uploads"
    }
    upload_sink() {
        sync
        with_cpu upload.sink "$program" with_cpu upload.sink.nginx "$sink_nginx" \
            upload_once upload.sink "$baseline_url/images"
        rm -f "$baseline"/sink/*
    }
    in_turn_warm upload upload_glance upload_sink
    program_stop
    title "Upload of $big_title" "\`curl -T\`, hashed and durable. C: a sink behind the same nginx that hashes with libcrypto, writes
to the same file system and fsyncs file and directory. CPU in seconds for each GiB. Aim: 0.90 of C."
    heading '' seconds MB/s 'speed to C' 'its CPU, s/GiB' "nginx's CPU, s/GiB"
    transfer_row Glance upload.glance "$(ratio upload.sink.seconds upload.glance.seconds)" cpu
    transfer_row C upload.sink 1 cpu
}

upload_once() {
    transfer "$1" 200 -X POST -T "$work/big" -H "x-image-meta-id: bench-upload-$uploads" \
        -H 'x-image-meta-name: Upload' -H 'x-image-meta-type: raw' "$2"
}

# transfer_row TITLE NAME RATIO [cpu]: CPU of the program and of its nginx.
transfer_row() {
    local each cells=()
    each=$(awk -v bytes="$big_bytes" 'BEGIN { print 2 ^ 30 / bytes }')
    [[ -z ${4:-} ]] || cells=("$(show "$2.cpu" 2 "$each")")
    row "$1" "$(show "$2.seconds" 2)" \
        "$(quotient "${big_bytes}e-6" "$(median "$2.seconds")" 0)" "$3" \
        "${cells[@]}" "$(show "$2.nginx.cpu" 2 "$each")"
}

download_table() {
    local plain
    plain=/plain/images/$(accel_path bench-big)
    say "download of $big_title"
    download_glance() {
        with_cpu download.glance "$(supervisor_of main)" \
            with_cpu download.glance.nginx "$(nginx_of main)" \
            download_once download.glance "$(url main)/images/bench-big"
    }
    download_plain() {
        with_cpu download.plain.nginx "$(nginx_of baseline)" \
            download_once download.plain "$baseline_url$plain"
    }
    in_turn_warm download download_glance download_plain
    title "Download of $big_title" "nginx: the very same file as static content, by an nginx with the same configuration. Aim: 0.98 of it."
    heading '' seconds MB/s 'speed to nginx' "nginx's CPU, s/GiB"
    transfer_row Glance download.glance "$(ratio download.plain.seconds download.glance.seconds)"
    transfer_row nginx download.plain 1
    printf '\nThe workers of Glance used %s s of CPU for a download.\n' "$(show download.glance.cpu 2)"
}

# download_once NAME URL [CURL-ARGUMENT]...
download_once() {
    local size
    size=$(ask -f -o /dev/null -w '%{size_download} %{time_total}' "${@:3}" "$2") || die "GET $2 failed"
    [[ ${size% *} == "$big_bytes" ]] || die "GET $2: ${size% *} bytes, not $big_bytes"
    note "$1.seconds" "${size#* }"
}

# accel_path ID: where the file store keeps the image's bytes, from the answer
# that sends nginx there; the answer stays in $work/ID.
accel_path() {
    record GET "/images/$1" "$work/$1"
    sed -n 's#^X-Accel-Redirect: /_glance/images/\([^\r]*\)\r*$#\1#p' "$work/$1"
}

small_table() {
    local connections plain
    plain=/plain/images/$(accel_path bench-4k)
    program_start answer "$program_threads" GET /images/bench-4k "$work/bench-4k"
    same_answer GET /images/bench-4k
    title 'Download of 4 KB' 'Downloads a second. C: a program that answers the same `X-Accel-Redirect`, behind the same nginx
and header filter. nginx: the very same file as static content. Aim: 0.80 of C.'
    heading connections Glance/s C/s nginx/s Glance/C Glance/nginx 'Glance p50, p99 ms' 'C p50, p99 ms'
    for connections in "${connection_counts[@]}"; do
        small_row "$connections" "$plain"
    done
    program_stop
}

small_row() {
    local connections=$1 plain=$2 name="small.$1"
    say "download of 4 KB, $connections connections"
    glance() { load "$name.glance" "$connections" GET "$(url main)/images/bench-4k"; }
    lean() { load "$name.lean" "$connections" GET "$baseline_url/images/bench-4k"; }
    nginx_alone() { load "$name.nginx" "$connections" GET "$baseline_url$plain"; }
    in_turn glance lean nginx_alone
    row "$connections" \
        "$(show "$name.glance.rate" 0)" "$(show "$name.lean.rate" 0)" "$(show "$name.nginx.rate" 0)" \
        "$(ratio "$name.glance.rate" "$name.lean.rate")" \
        "$(ratio "$name.glance.rate" "$name.nginx.rate")" \
        "$(show "$name.glance.p50" 2), $(show "$name.glance.p99" 2)" \
        "$(show "$name.lean.p50" 2), $(show "$name.lean.p99" 2)"
}

# Of processes that were just started: main is started again.
memory_table() {
    local rest_max rest_sum peak_max peak_sum count pid
    say "memory: $upload_count uploads of $upload_title at once"
    glance_down main
    glance_up main
    count=$(workers_of main | wc -l)
    for pid in $(workers_of main); do forget_peak "$pid"; done
    read -r rest_max rest_sum < <(peaks main)
    upload_many main
    read -r peak_max peak_sum < <(peaks main)
    title 'Memory' "Resident at most (VmHWM), MB. Glance has $count processes below its supervisor here.
Aim: under 30 a worker at rest, under 1 for each transfer, the same for any list."
    heading '' 'largest process' 'all processes' 'more for each transfer'
    row 'at rest, just started' "$(megabytes "$rest_max")" "$(megabytes "$rest_sum")" ''
    row "$upload_count uploads of $upload_title in flight" "$(megabytes "$peak_max")" "$(megabytes "$peak_sum")" \
        "$(megabytes $(((peak_sum - rest_sum) / upload_count)) 2)"
    row 'list of 100,000 in detail' "$(memory_of_list)" ''
}

# Two cells.
memory_of_list() {
    local pid largest all
    for pid in $(workers_of many); do forget_peak "$pid"; done
    ask -f -o /dev/null "$(url many)/images/detail" || die 'the list of 100,000 failed'
    read -r largest all < <(peaks many)
    printf '%s | %s' "$(megabytes "$largest")" "$(megabytes "$all")"
}

# peaks GLANCE: the largest and the sum, in KiB.
peaks() {
    local pid
    for pid in $(workers_of "$1"); do peak "$pid"; done |
        awk '{ sum += $1; if ($1 > most) most = $1 } END { print most, sum }'
}

megabytes() { quotient "$1" 1024 "${2:-1}"; }

# upload_many GLANCE: slowed down so that all of them are in flight together.
upload_many() {
    local n uploads=()
    for ((n = 1; n <= upload_count; n++)); do
        ask -f -o /dev/null --limit-rate "$upload_rate" -X POST -T "$work/part" \
            -H "x-image-meta-id: bench-many-$n" -H 'x-image-meta-name: Many' \
            -H 'x-image-meta-type: raw' "$(url "$1")/images" &
        uploads+=($!)
    done
    for n in "${uploads[@]}"; do
        wait "$n" || die 'one of the uploads failed'
    done
}
