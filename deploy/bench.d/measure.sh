# Measuring for deploy/bench: samples and their medians, contenders in turn,
# wrk and curl, CPU time and memory of processes we started, Markdown rows.
# Sourced. Samples are files in $work/samples, one number a line.

say() { printf 'bench: %s\n' "$*" >&2; }
die() { printf 'bench: %s\n' "$*" >&2; exit 1; }

# Each transfer is bounded, so that a fault of what is measured ends the run.
ask() { curl -sS --noproxy '*' --max-time 600 "$@"; }

note() { printf '%s\n' "$2" >>"$work/samples/$1"; }

# Of the numbers on standard input.
median_of() {
    sort -g | awk '{ v[NR] = $1 }
        END { if (NR == 0) exit 1
              print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

median() { median_of <"$work/samples/$1"; }

# ratio A B: the median of A/B, pair by pair.
ratio() {
    paste "$work/samples/$1" "$work/samples/$2" |
        awk '{ print ($2 > 0) ? $1 / $2 : 0 }' | median_of | fixed 2
}

# fixed DIGITS: the number on standard input, rounded.
fixed() { awk -v digits="$1" '{ printf "%.*f\n", digits, $1 }'; }

# show NAME DIGITS [SCALE]: the median, for a table.
show() { median "$1" | awk -v scale="${3:-1}" '{ print $1 * scale }' | fixed "$2"; }

# quotient A B DIGITS
quotient() { awk -v a="$1" -v b="$2" -v digits="$3" 'BEGIN { printf "%.*f\n", digits, a / b }'; }

# in_turn FUNCTION...: each once, then each again, for $rounds rounds.
in_turn() {
    local round contender
    for ((round = 1; round <= rounds; round++)); do
        for contender in "$@"; do "$contender"; done
    done
}

# in_turn_warm PREFIX FUNCTION...: a first round is not counted.
in_turn_warm() {
    local prefix=$1 rounds_wanted=$rounds
    shift
    rounds=1
    in_turn "$@"
    rm -f "$work/samples/$prefix".*
    rounds=$rounds_wanted
    in_turn "$@"
}

row() {
    local cell
    for cell in "$@"; do printf '| %s ' "$cell"; done
    printf '|\n'
}

heading() {
    local cell
    row "$@"
    for cell in "$@"; do printf '|---'; done
    printf '|\n'
}

# load NAME CONNECTIONS METHOD URL [IDS [BODY [HEADER]...]]: wrk for $seconds,
# with the bytes of the file BODY. Notes NAME.rate (requests a second), NAME.p50
# and NAME.p99 (ms), NAME.requests.
load() {
    local name=$1 connections=$2 method=$3 url=$4 ids=${5:-} body=${6:-} header headers=()
    for header in "${@:7}"; do headers+=(-H "$header"); done
    local requests duration p50 p99 failed
    read -r requests duration p50 p99 failed < <(
        wrk -t1 -c"$connections" -d"${seconds}s" -s "$here/bench.d/load.lua" \
            "${headers[@]}" "$url" -- "$method" "$ids" "$body" 2>&1 | tail -n 1) || true
    [[ $requests =~ ^[1-9][0-9]*$ && $failed == 0 ]] ||
        die "$method $url: $requests answers in $seconds s, ${failed:-?} errors"
    note "$name.rate" "$(quotient "${requests}e6" "$duration" 1)"
    note "$name.p50" "$(quotient "$p50" 1000 3)"
    note "$name.p99" "$(quotient "$p99" 1000 3)"
    note "$name.requests" "$requests"
}

# transfer NAME STATUS CURL-ARGUMENT...: one transfer; notes NAME.seconds.
transfer() {
    local name=$1 expected=$2 status elapsed
    shift 2
    read -r status elapsed < <(
        ask -o "$work/answer" -w '%{http_code} %{time_total}\n' "$@") || true
    [[ $status == "$expected" ]] || die "curl $*: $status: $(head -c 200 "$work/answer")"
    note "$name.seconds" "$elapsed"
}

# family PID: the process and all that descend from it.
family() {
    # Some process of others is gone before it is read.
    { cat /proc/[0-9]*/stat 2>/dev/null || true; } | sed 's/(.*)/-/' | awk -v root="$1" '
        { parent[$1] = $4 }
        END { for (pid in parent) {
                  for (at = pid; at != root && at in parent; at = parent[at]) ;
                  if (at == root) print pid } }'
}

# cpu PID: seconds that the process and its descendants have used so far.
cpu() {
    local pid
    for pid in $(family "$1"); do cat "/proc/$pid/stat" 2>/dev/null || true; done |
        sed 's/(.*)/-/' |
        awk -v ticks="$(getconf CLK_TCK)" '{ sum += $14 + $15 } END { printf "%.2f\n", sum / ticks }'
}

# with_cpu NAME PID COMMAND...: notes NAME.cpu, the seconds used meanwhile.
with_cpu() {
    local name=$1 pid=$2 before after
    shift 2
    before=$(cpu "$pid")
    "$@"
    after=$(cpu "$pid")
    note "$name.cpu" "$(awk -v a="$after" -v b="$before" 'BEGIN { printf "%.2f\n", a - b }')"
}

# peak PID: VmHWM in KiB.
peak() { awk '$1 == "VmHWM:" { print $2 }' "/proc/$1/status"; }

# forget_peak PID: VmHWM starts again from what is resident now.
forget_peak() { echo 5 >"/proc/$1/clear_refs"; }
