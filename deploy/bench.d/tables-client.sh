# The tables of deploy/bench about the command `glance`, beside curl. Sourced.

# timed NAME COMMAND...: notes NAME.seconds, and the CPU seconds of the command as NAME.cpu.
timed() {
    local name=$1 TIMEFORMAT='%R %U %S' line
    shift
    line=$({ time "$@" >"$work/answer" 2>"$work/errors"; } 2>&1) ||
        die "$*: $(tail -n 1 "$work/errors")"
    read -r real user system <<<"$line"
    note "$name.seconds" "$real"
    note "$name.cpu" "$(awk -v a="$user" -v b="$system" 'BEGIN { print a + b }')"
}

# remembered NAME COMMAND...: notes NAME.peak, the most KiB that the command had
# resident. Apart from the timed runs, which it would slow down.
remembered() {
    local name=$1
    shift
    "$work/bin/peak" "$work/peak" "$@" >"$work/answer" 2>"$work/errors" ||
        die "$*: $(tail -n 1 "$work/errors")"
    note "$name.peak" "$(<"$work/peak")"
}

# Builds the command where there is none.
need_command() {
    [[ -x $glance_command ]] && return
    [[ -z ${GLANCE_CLIENT_BINARY:-} ]] || die "GLANCE_CLIENT_BINARY: $glance_command is no program"
    say 'building glance'
    swift build --package-path "$project" -c release --product glance --static-swift-stdlib \
        >"$work/build.log" 2>&1 || die "the build of glance failed: $(tail -n 1 "$work/build.log")"
}

client_tables() {
    local site uploads=0
    need_command
    site=$(url main)
    export GLANCE_URL=$site
    client_transfers
    client_starts
}

client_transfers() {
    say "glance add and get of $big_title"
    add_with_glance() {
        uploads=$((uploads + 1))
        sync
        timed client.add.glance "$glance_command" add "$work/big" --id "client-$uploads" --name Upload --type raw
        remove main "client-$uploads"
    }
    add_with_curl() {
        uploads=$((uploads + 1))
        sync
        timed client.add.curl ask -f -X POST -T "$work/big" -H "x-image-meta-id: client-$uploads" \
            -H 'x-image-meta-name: Upload' -H 'x-image-meta-type: raw' "$site/images"
        remove main "client-$uploads"
    }
    get_with_glance() {
        rm -f "$work/copy"
        sync
        timed client.get.glance "$glance_command" get bench-big -o "$work/copy"
    }
    get_with_curl() {
        rm -f "$work/copy"
        sync
        timed client.get.curl get_and_sync "$work/copy" "$site/images/bench-big"
    }
    in_turn_warm client.add add_with_glance add_with_curl
    in_turn_warm client.get get_with_glance get_with_curl
    cmp -s "$work/copy" "$work/big" || die 'what came back is another image'
    client_memory
    title 'The command `glance`' "An image of $big_title. \`glance\` hashes both ways and compares; curl does not. Both copies are synced to the
disk (\`curl -o FILE && sync FILE\`). Aim: 0.90 of curl's speed, and less than 20 MB resident."
    heading '' seconds MB/s 'speed to curl' 'its CPU, s' 'CPU to curl' 'memory, MB'
    client_row '`glance add`' client.add.glance client.add.curl
    client_row '`curl -T`' client.add.curl client.add.curl
    client_row '`glance get`' client.get.glance client.get.curl
    client_row '`curl -o`' client.get.curl client.get.curl
}

# What each of the four has resident at the most, once.
client_memory() {
    remembered client.add.glance "$glance_command" add "$work/big" --id client-memory-1 --name Upload --type raw
    remove main client-memory-1
    remembered client.add.curl curl -sS --noproxy '*' -f -X POST -T "$work/big" -H 'x-image-meta-id: client-memory-2' \
        -H 'x-image-meta-name: Upload' -H 'x-image-meta-type: raw' "$site/images"
    remove main client-memory-2
    rm -f "$work/copy"
    remembered client.get.glance "$glance_command" get bench-big -o "$work/copy"
    rm -f "$work/copy"
    remembered client.get.curl curl -sS --noproxy '*' -f -o "$work/copy" "$site/images/bench-big"
}

get_and_sync() {
    ask -f -o "$1" "$2" && sync "$1"
}

# client_row TITLE NAME PARTNER
client_row() {
    row "$1" "$(show "$2.seconds" 2)" "$(quotient "${big_bytes}e-6" "$(median "$2.seconds")" 0)" \
        "$(ratio "$3.seconds" "$2.seconds")" "$(show "$2.cpu" 2)" "$(ratio "$2.cpu" "$3.cpu")" \
        "$(show "$2.peak" 1 0.001024)"
}

# Twenty a sample: one alone is shorter than what the clock shows.
client_starts() {
    local name
    say 'glance --help, glance show'
    help_of_glance() { timed client.help.glance twenty "$glance_command" --help; }
    help_of_curl() { timed client.help.curl twenty curl --help; }
    show_with_glance() { timed client.show.glance twenty "$glance_command" show bench-4k; }
    show_with_curl() { timed client.show.curl twenty ask -f -I "$site/images/bench-4k"; }
    in_turn_warm client.help help_of_glance help_of_curl
    in_turn_warm client.show show_with_glance show_with_curl
    title 'Starting the command' "Aim: \`glance show\` within 20 ms of curl."
    heading '' 'milliseconds each'
    for name in help.glance help.curl show.glance show.curl; do
        case "$name" in
        help.glance) row '`glance --help`' "$(show "client.$name.seconds" 1 50)" ;;
        help.curl) row '`curl --help`' "$(show "client.$name.seconds" 1 50)" ;;
        show.glance) row '`glance show`' "$(show "client.$name.seconds" 1 50)" ;;
        show.curl) row '`curl -I`' "$(show "client.$name.seconds" 1 50)" ;;
        esac
    done
}

twenty() {
    local count
    for ((count = 0; count < 20; count++)); do "$@" || return; done
}
