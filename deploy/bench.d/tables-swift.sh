# The tables of deploy/bench about the store swift: through Glance against
# straight at the same OpenStack Swift. Sourced.

swift_url=   # the account's URL
swift_token= # what opens it

# Into a container of its own, by the same user.
swift_login() {
    local head key
    key=$(sed -n 's/^key = //p' "$work/swift/etc/swift-credentials")
    head=$(ask -f -D - -o /dev/null -H 'X-Auth-User: glance:glance' -H "X-Auth-Key: $key" \
        "$(sed -n 's/^swift_auth_url = //p' "$work/swift/etc/glance-api.conf")" | tr -d '\r')
    swift_url=$(sed -n 's/^X-Storage-Url: //Ip' <<<"$head")
    swift_token=$(sed -n 's/^X-Auth-Token: //Ip' <<<"$head")
    swift_ask -X PUT "$swift_url/bench" || die 'no container for the baseline'
}

swift_ask() { ask -f -o /dev/null -H "X-Auth-Token: $swift_token" "$@"; }

swift_prepare() {
    # Of a plain object on both sides.
    glance_up swift --store swift --set swift_segment_bytes=$((4 << 30))
    swift_login
    add_or_die swift bench-big "$work/big"
    head -c 1000 "$work/big" >"$work/1k"
    add_or_die swift bench-1k "$work/1k"
    swift_ask -T "$work/big" "$swift_url/bench/big"
    swift_ask -T "$work/1k" "$swift_url/bench/1k"
}

swift_upload_table() {
    local uploads=0 api nginx
    mkfifo "$work/sha256" "$work/md5"
    api=$(supervisor_of swift)
    nginx=$(nginx_of swift)
    say "upload of $big_title into Swift"
    upload_glance() {
        uploads=$((uploads + 1))
        with_cpu swift.put.glance "$api" with_cpu swift.put.glance.nginx "$nginx" \
            transfer swift.put.glance 200 -X POST -T "$work/big" -H "x-image-meta-id: bench-upload-$uploads" \
            -H 'x-image-meta-name: Upload' -H 'x-image-meta-type: raw' "$(url swift)/images"
        remove swift "bench-upload-$uploads"
    }
    upload_straight() {
        swift_put_hashed
        swift_ask -X DELETE "$swift_url/bench/upload"
    }
    in_turn_warm swift.put upload_glance upload_straight
    title "Upload of $big_title into OpenStack Swift" "\`curl -T\`. Straight: a pipeline that computes SHA-256 and MD5 with openssl, as Glance does, and puts
the bytes into the same Swift with curl. CPU in seconds for each GiB, Swift's own left out. Aim: 0.90 of it."
    heading '' seconds MB/s 'speed to straight' 'its CPU, s/GiB' "nginx's CPU, s/GiB"
    transfer_row Glance swift.put.glance "$(ratio swift.put.straight.seconds swift.put.glance.seconds)" cpu
    swift_straight_row swift.put.straight
}

# All of the pipeline are children of this shell, for their times.
swift_put_hashed() {
    local began before hashes=()
    before=$(children_cpu)
    began=$(date +%s.%N)
    openssl dgst -sha256 <"$work/sha256" >/dev/null & hashes+=($!)
    openssl dgst -md5 <"$work/md5" >/dev/null & hashes+=($!)
    tee "$work/sha256" "$work/md5" <"$work/big" |
        swift_ask -X PUT -T - -H 'Transfer-Encoding:' -H "Content-Length: $big_bytes" "$swift_url/bench/upload" ||
        die 'PUT straight into Swift failed'
    wait "${hashes[@]}"
    note swift.put.straight.seconds "$(awk -v a="$(date +%s.%N)" -v b="$began" 'BEGIN { printf "%.3f\n", a - b }')"
    note swift.put.straight.cpu "$(awk -v a="$(children_cpu)" -v b="$before" 'BEGIN { printf "%.2f\n", a - b }')"
}

# Seconds that the programs which this shell has started, and that have ended, used.
children_cpu() {
    sed 's/(.*)/-/' "/proc/$$/stat" | awk -v ticks="$(getconf CLK_TCK)" '{ printf "%.2f\n", ($16 + $17) / ticks }'
}

swift_straight_row() {
    local each
    each=$(awk -v bytes="$big_bytes" 'BEGIN { print 2 ^ 30 / bytes }')
    row straight "$(show "$1.seconds" 2)" "$(quotient "${big_bytes}e-6" "$(median "$1.seconds")" 0)" 1 \
        "$(show "$1.cpu" 2 "$each")" ''
}

swift_download_table() {
    say "download of $big_title from Swift"
    download_glance() {
        with_cpu swift.get.glance "$(supervisor_of swift)" with_cpu swift.get.glance.nginx "$(nginx_of swift)" \
            download_once swift.get.glance "$(url swift)/images/bench-big"
    }
    download_straight() {
        local before
        before=$(children_cpu)
        download_once swift.get.straight "$swift_url/bench/big" -H "X-Auth-Token: $swift_token"
        note swift.get.straight.cpu "$(awk -v a="$(children_cpu)" -v b="$before" 'BEGIN { printf "%.2f\n", a - b }')"
    }
    in_turn_warm swift.get download_glance download_straight
    title "Download of $big_title from OpenStack Swift" 'Straight: curl fetches the object from the same Swift. CPU in seconds for each GiB, Swift'\''s own left out. Aim: 0.90 of it.'
    heading '' seconds MB/s 'speed to straight' 'its CPU, s/GiB' "nginx's CPU, s/GiB"
    transfer_row Glance swift.get.glance "$(ratio swift.get.straight.seconds swift.get.glance.seconds)" cpu
    swift_straight_row swift.get.straight
}

swift_small_table() {
    local connections
    title 'Images of 1 KB in OpenStack Swift' 'Requests a second and latencies. An upload through Glance is three commits of its registry beside
the object that straight puts; a download is a look at the registry.'
    heading request connections Glance/s straight/s Glance/straight 'Glance p50, p99 ms' 'straight p50, p99 ms'
    for connections in 1 16; do swift_small_row GET "$connections"; done
    for connections in 1 16; do swift_small_row PUT "$connections"; done
}

# swift_small_row METHOD CONNECTIONS
swift_small_row() {
    local method=$1 connections=$2 name="swift.small.$1.$2"
    say "$method of 1 KB in Swift, $connections connections"
    glance() {
        case $method in
        GET) load "$name.glance" "$connections" GET "$(url swift)/images/bench-1k" ;;
        PUT) load "$name.glance" "$connections" POST "$(url swift)/images" '' "$work/1k" \
            'x-image-meta-name: Small' 'x-image-meta-type: raw' ;;
        esac
    }
    straight() {
        case $method in
        GET) load "$name.straight" "$connections" GET "$swift_url/bench/1k" '' '' "X-Auth-Token: $swift_token" ;;
        PUT) load "$name.straight" "$connections" PUT "$swift_url/bench/new-" '' "$work/1k" "X-Auth-Token: $swift_token" ;;
        esac
    }
    in_turn glance straight
    row "$method" "$connections" "$(show "$name.glance.rate" 0)" "$(show "$name.straight.rate" 0)" \
        "$(ratio "$name.glance.rate" "$name.straight.rate")" \
        "$(show "$name.glance.p50" 1), $(show "$name.glance.p99" 1)" \
        "$(show "$name.straight.p50" 1), $(show "$name.straight.p99" 1)"
}

swift_memory_table() {
    local rest_max rest_sum peak_max peak_sum pid
    say "memory: $upload_count uploads into Swift and downloads from it at once"
    glance_down swift
    glance_up swift --store swift --set swift_segment_bytes=$((4 << 30))
    for pid in $(workers_of swift); do forget_peak "$pid"; done
    read -r rest_max rest_sum < <(peaks swift)
    title 'Memory with OpenStack Swift' 'Resident at most (VmHWM), MB. Aim: under 1 more for each transfer.'
    heading '' 'largest process' 'all processes' 'more for each transfer'
    row 'at rest, just started' "$(megabytes "$rest_max")" "$(megabytes "$rest_sum")" ''
    upload_many swift
    read -r peak_max peak_sum < <(peaks swift)
    row "$upload_count uploads of $upload_title in flight" "$(megabytes "$peak_max")" "$(megabytes "$peak_sum")" \
        "$(megabytes $(((peak_sum - rest_sum) / upload_count)) 2)"
    for pid in $(workers_of swift); do forget_peak "$pid"; done
    download_many
    read -r peak_max peak_sum < <(peaks swift)
    row "$upload_count downloads of $upload_title in flight" "$(megabytes "$peak_max")" "$(megabytes "$peak_sum")" \
        "$(megabytes $(((peak_sum - rest_sum) / upload_count)) 2)"
}

download_many() {
    local n downloads=()
    for ((n = 1; n <= upload_count; n++)); do
        ask -f -o /dev/null --limit-rate "$upload_rate" "$(url swift)/images/bench-many-$n" &
        downloads+=($!)
    done
    for n in "${downloads[@]}"; do
        wait "$n" || die 'one of the downloads failed'
    done
}
