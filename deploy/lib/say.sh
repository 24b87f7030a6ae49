# How the deploy commands speak: one line a step, one line for a failure.

# Where Debian keeps nginx and ldconfig, and not on an ordinary user's PATH.
PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"

# step WHAT TEXT...
step() {
    printf '%-12s %s\n' "$1" "${*:2}"
}

# Ends with status 1; where there is something to clean up, a trap on EXIT does.
fail() {
    printf 'deploy/%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# Ends with status 2: the command was not understood.
refuse() {
    printf 'deploy/%s: %s\n' "${0##*/}" "$*" >&2
    exit 2
}

# A wrong option: what is wrong and where to read what is right.
misuse() {
    refuse "$* (deploy/${0##*/} --help)"
}

# has_value OPTION ARGUMENTS-LEFT: the option needs a value and has one.
has_value() {
    [ "$2" -ge 2 ] || misuse "$1 needs a value"
}
