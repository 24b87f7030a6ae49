# The tables of deploy/bench about what an operator does: install, scrape, fsck, scrub. Sourced.

operations_tables() {
    install_table
    scrape_table
    upkeep_table
    verify_table
    glances_down
}

# A new Debian, and the package in it: as deploy/test does it.
install_table() {
    local said
    say 'package: a new Debian'
    said=$(GLANCE_BINARY=$glance_api "$project/deploy/lib/package-test" "$work/package" 2>"$work/package.log") || {
        say "package: not measured ($(tail -n 1 <<<"$said"))"
        return 0
    }
    title 'From package to first image' 'In a new Debian that has what the package depends on: dpkg -i, enable the site, start nginx and
glance-api, POST, GET. Once.'
    heading 'until dpkg is done, ms' 'until the image is served, ms'
    row "$(sed -n 's/^installed in \([0-9]*\) ms$/\1/p' <<<"$said")" \
        "$(sed -n 's/^first image served \([0-9]*\) ms after.*/\1/p' <<<"$said")"
}

# scrape URL SECONDS: once a second; nothing where URL is empty.
scrape() {
    local end=$((SECONDS + $2))
    while [[ $SECONDS -lt $end ]]; do
        [[ -z $1 ]] || ask -o /dev/null -w '%{time_total}\n' "$1" | awk '{ print $1 * 1000 }' >>"$work/samples/scrape.ms"
        sleep 1
    done
}

scrape_table() {
    local health pid idle_seconds=30
    glance_up scraped
    add_or_die scraped one "$work/4k"
    health=$(sed -n 's/.*(health: http:\/\/\([^/]*\)\/readyz)$/\1/p' "$work/up.log")
    pid=$(supervisor_of scraped)
    say '/metrics, once a second'
    with_cpu scrape.idle "$pid" scrape '' $idle_seconds
    with_cpu scrape.busy "$pid" scrape "http://$health/metrics" $idle_seconds
    title '/metrics, once a second' "CPU time of all of glance-api in $idle_seconds s, and the peak memory of its largest process. Once."
    heading 'ms a scrape (p50)' 'CPU without, s' 'CPU with, s' 'a core' 'memory, MiB'
    row "$(show scrape.ms 2)" "$(show scrape.idle.cpu 2)" "$(show scrape.busy.cpu 2)" \
        "$(paste "$work/samples/scrape.busy.cpu" "$work/samples/scrape.idle.cpu" |
            awk -v seconds=$idle_seconds '{ printf "%.2f %%\n", ($1 - $2) * 100 / seconds }')" \
        "$(for worker in $(workers_of scraped); do peak "$worker"; done | sort -n | tail -n 1 | awk '{ printf "%.1f\n", $1 / 1024 }')"
}

# spread GLANCE COUNT: gives each of COUNT records of `grow` an empty file of its own, as a service would have it.
spread() {
    local images=$work/$1/data/images
    mkdir -p "$images"
    sqlite3 -bail "$work/$1/data/registry.sqlite" "UPDATE images SET location =
        printf('%02x/%02x/%02x%02x%028d', sequence % 256, sequence / 256 % 256, sequence % 256, sequence / 256 % 256, sequence)" ||
        die 'could not fill the registry: adapt deploy/bench.d/tables-operations.sh'
    (
        cd "$images"
        seq "$2" | awk '{ a = $1 % 256; b = int($1 / 256) % 256; printf "%02x/%02x/%02x%02x%028d\n", a, b, a, b, $1 }' >"$work/names"
        cut -c 1-5 "$work/names" | sort -u | xargs mkdir -p
        xargs touch <"$work/names"
    )
    chown -R --reference="$images" "$images"
}

# command_of GLANCE NAME ARGUMENT...: a command of glance-api. Notes NAME.seconds and NAME.peak (KiB).
command_of() {
    local glance=$1 name=$2 pid began kilobytes=0 found
    shift 2
    began=$(date +%s%N)
    "$glance_api" "$@" --config "$work/$glance/etc/glance-api.conf" >"$work/command.log" 2>&1 &
    pid=$!
    while found=$(peak "$pid" 2>/dev/null) && [[ -n $found ]]; do
        kilobytes=$found
        sleep 0.05
    done
    wait "$pid" || die "glance-api $*: $(tail -n 1 "$work/command.log")"
    note "$name.seconds" "$(quotient "$(($(date +%s%N) - began))" 1000000000 2)"
    note "$name.peak" "$kilobytes"
}

upkeep_table() {
    local count=1000000 few=1000
    grown few-files $few
    glance_down few-files
    spread few-files $few
    grown many-files $count
    glance_down many-files
    say 'a million files'
    spread many-files $count
    for name in few-files many-files; do
        say "fsck: $name"
        command_of "$name" "fsck.$name" fsck
    done
    scrub_rate many-files
    title 'Fsck and scrub of a million images' 'Images of no bytes, each with a file of its own: what a registry, directories and their names cost.
Memory is the peak of the whole command. The scrub is not held back. Once.'
    heading 'fsck of 1,000: s' 'MiB' 'fsck of 1,000,000: s' 'MiB' 'images a second' 'scrub: images a second'
    row "$(show fsck.few-files.seconds 2)" "$(show fsck.few-files.peak 1 0.0009765625)" \
        "$(show fsck.many-files.seconds 1)" "$(show fsck.many-files.peak 1 0.0009765625)" \
        "$(quotient $count "$(median fsck.many-files.seconds)" 0)" "$(show scrub.rate 0)"
}

# scrub_rate GLANCE: how many images it reads in a while.
scrub_rate() {
    local health before after seconds=20
    say 'scrub of a million'
    glance_up "$1-scrubbed" --set scrub_bytes_per_second=1000000000000
    glance_down "$1-scrubbed"
    rm -rf "$work/$1-scrubbed/data"
    mv "$work/$1/data" "$work/$1-scrubbed/data"
    glance_up "$1-scrubbed" --set scrub_bytes_per_second=1000000000000
    health=$(sed -n 's/.*(health: http:\/\/\([^/]*\)\/readyz)$/\1/p' "$work/up.log")
    scrubbed() { ask "http://$health/metrics" | awk '$1 == "glance_scrubbed_images_total" { print $2 }'; }
    before=$(scrubbed)
    sleep $seconds
    after=$(scrubbed)
    note scrub.rate "$(quotient $((after - before)) $seconds 0)"
}

verify_table() {
    glance_up verified
    add_or_die verified big "$work/big"
    say "fsck --verify of $big_title"
    verify() { command_of verified verify fsck --verify; }
    back_up() { rm -rf "$work/backup" && command_of verified backup.linked backup "$work/backup"; }
    in_turn verify back_up
    title "Reading $big_title again" 'From the page cache, SHA-256 of every byte; the scrub reads in the same way, at its own rate.'
    heading 'fsck --verify, s' 'GiB/s' 'backup by link, s'
    row "$(show verify.seconds 2)" \
        "$(median verify.seconds | awk -v bytes="$big_bytes" '{ printf "%.2f\n", bytes / 2 ^ 30 / $1 }')" \
        "$(show backup.linked.seconds 2)"
}
