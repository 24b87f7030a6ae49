# Starting and stopping what deploy/bench measures: Glance by deploy/up, the
# baseline programs, and an nginx for them with a copy of the configuration
# that deploy/up rendered. Sourced; everything lives below $work.

declare -A port_of=()     # port of each Glance, by name
declare -a directories=() # of each Glance that was started
baseline=                 # directory of the baseline's nginx
baseline_url=
program=                  # pid of the program at the baseline's socket

free_port() {
    local port
    while port=$((20000 + RANDOM % 10000)); do
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
    done
    printf '%s\n' "$port"
}

compile() {
    local name
    mkdir -p "$work/bin"
    for name in answer sink tap launch peak; do
        gcc -std=gnu17 -O2 -Wall -Wextra -Werror -pthread -o "$work/bin/$name" \
            "$here/bench.d/$name.c" "$here/bench.d/scgi.c" -ldl
    done
}

# glance_up NAME [OPTION]...: a Glance in $work/NAME on a port of its own.
glance_up() {
    local name=$1
    shift
    say "Glance \"$name\": deploy/up"
    port_of[$name]=${port_of[$name]:-$(free_port)}
    directories+=("$work/$name")
    "$project/deploy/up" --dir "$work/$name" --port "${port_of[$name]}" "$@" \
        >"$work/up.log" 2>&1 || die "deploy/up: $(tail -n 3 "$work/up.log")"
}

glance_down() { "$project/deploy/down" --dir "$work/$1" >/dev/null 2>&1; }

url() { printf 'http://127.0.0.1:%s\n' "${port_of[$1]}"; }
supervisor_of() { cat "$work/$1/run/glance-api.pid"; }
nginx_of() { cat "$work/$1/run/nginx.pid"; }

# Process ids of a Glance without its supervisor.
workers_of() {
    local supervisor
    supervisor=$(supervisor_of "$1")
    family "$supervisor" | grep -vx "$supervisor"
}

# baseline_up LIST-BYTES: a second nginx with Glance's configuration, other
# paths and ports, and the locations of plain.conf beside Glance's own.
baseline_up() {
    local from=$work/main list file files port health
    port=$(free_port)
    health=$(free_port)
    [[ $health != "$port" ]] || health=$((port + 1))
    baseline=$work/baseline
    baseline_url=http://127.0.0.1:$port
    mkdir -p "$baseline"/{data,log,run,sink}
    cp -r "$from/etc" "$baseline/etc"
    ln -s "$from/data/images" "$baseline/data/images"
    mapfile -t files < <(grep -rlF "$from" "$baseline/etc/nginx")
    sed -i "s#$from#$baseline#g" "${files[@]}"
    mapfile -t files < <(grep -rlE '^ *listen ' "$baseline/etc/nginx")
    for file in "${files[@]}"; do
        move_ports "$port" "$health" <"$file" >"$work/moved"
        cp "$work/moved" "$file"
    done
    list=$(head -c "$1" /dev/zero | tr '\0' x)
    sed -e "s#@IMAGES@#$baseline/data/images#" -e "s#@LIST@#$list#" \
        "$here/bench.d/plain.conf" >"$baseline/etc/nginx/plain.conf"
    nginx_start
}

# The first server listens on the first port, the second on the second; the
# first one gets the locations of plain.conf.
move_ports() {
    awk -v ports="$1 $2" -v include="$baseline/etc/nginx/plain.conf" '
        BEGIN { split(ports, port, " ") }
        /^ *listen / {
            n++
            match($0, /[0-9]+[ ;]/)
            $0 = substr($0, 1, RSTART - 1) port[n] substr($0, RSTART + RLENGTH - 1)
            if (n == 1) $0 = $0 "\n    include " include ";"
        }
        { print }'
}

nginx_start() {
    local try
    nginx -e "$baseline/log/nginx-error.log" -p "$baseline" -c "$baseline/etc/nginx/nginx.conf" ||
        die "the baseline's nginx does not start: $(tail -n 3 "$baseline/log/nginx-error.log")"
    for ((try = 0; try < 100; try++)); do
        [[ -s $baseline/run/nginx.pid ]] && return
        sleep 0.05
    done
    die "the baseline's nginx wrote no pid"
}

# program_start NAME [ARGUMENT]...: a baseline program takes over the socket.
program_start() {
    local name=$1 socket=$baseline/run/glance-api.sock try
    shift
    program_stop
    "$work/bin/$name" "$socket" "$@" &
    program=$!
    for ((try = 0; try < 100; try++)); do
        [[ -S $socket ]] && return
        sleep 0.02
    done
    die "the baseline program $name does not listen"
}

program_stop() {
    [[ -n $program ]] || return 0
    kill "$program" 2>/dev/null || true
    wait "$program" 2>/dev/null || true
    rm -f "$baseline/run/glance-api.sock"
    program=
}

# record METHOD URI FILE: the very bytes with which Glance answers, as nginx
# makes it say them: a tap stands between the baseline's nginx and Glance.
record() {
    local method=$1 uri=$2 file=$3 option=()
    [[ $method == HEAD ]] && option=(--head)
    program_start tap "$work/main/run/glance-api.sock" "$file"
    ask -o /dev/null "${option[@]}" -H "Host: 127.0.0.1:${port_of[main]}" "$baseline_url$uri"
    wait "$program" || die "could not record $method $uri"
    rm -f "$baseline/run/glance-api.sock"
    program=
    head -n 1 "$file" | grep -q '^Status: 200' || die "$method $uri: $(head -n 1 "$file")"
}

# glances_down: all of them, and their data.
glances_down() {
    local directory
    for directory in "${directories[@]}"; do
        "$project/deploy/down" --dir "$directory" --purge >/dev/null 2>&1 || true
    done
    directories=()
}

# stop_all: by the ids that we know, in the order opposite to the start.
stop_all() {
    local directory
    program_stop
    if [[ -n $baseline && -s $baseline/run/nginx.pid ]]; then
        kill "$(cat "$baseline/run/nginx.pid")" 2>/dev/null || true
    fi
    for directory in "${directories[@]}"; do
        "$project/deploy/down" --dir "$directory" >/dev/null 2>&1 || true
    done
}
