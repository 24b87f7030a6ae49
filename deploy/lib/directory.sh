# The directory in which one Glance lives, with all that it writes:
#
#   options   what `up` was asked for; marks the directory as made by it
#   lock      held by the `up` or `down` that is at work
#   etc/      configuration, written anew by each `up` that starts services
#   data/     registry, images, and bodies under way
#   log/      one or two files a service, and those of the build
#   run/      sockets and process ids
#   tls/      with --tls: its CA, certificate and keys
#   *.netrc, *.json   with --identity: what its users log in with

# The first line of the file `options`.
DIRECTORY_MARK='# Made by deploy/up: this directory is a Glance'"'"'s own.'

# Bytes of a Unix socket's path, with the zero that ends it.
SOCKET_PATH_BYTES_MAX=108

# Sets DIR: the directory asked for, else $GLANCE_DIR, else .glance.
directory_settle() {
    DIR=$(realpath -m -- "${1:-${GLANCE_DIR:-$PROJECT/.glance}}")
}

directory_is_ours() {
    [ -f "$DIR/options" ] || return 1
    [ -r "$DIR/options" ] || fail "$DIR belongs to another user: $(stat -c %U "$DIR/options")"
    [ "$(head -n 1 "$DIR/options")" = "$DIRECTORY_MARK" ]
}

# Makes DIR and marks it, or ends with the reason why it cannot be used.
directory_make() {
    local socket="$DIR/run/glance-api.sock"
    # Nothing else needs quoting in nginx's configuration and in ours.
    [[ $DIR =~ ^[A-Za-z0-9/._+=@,~-]+$ ]] ||
        fail "the path $DIR has characters other than letters, digits and / . _ + = @ , ~ -; choose another with --dir"
    [ "${#socket}" -lt "$SOCKET_PATH_BYTES_MAX" ] ||
        fail "the path $DIR is too long by $((${#socket} - SOCKET_PATH_BYTES_MAX + 1)) characters for a Unix socket in it; choose a shorter --dir"
    if [ -e "$DIR" ] && ! directory_is_ours; then
        [ -d "$DIR" ] || fail "$DIR is not a directory"
        [ -r "$DIR" ] || fail "the directory $DIR cannot be read by $(id -un); choose another with --dir"
        [ -z "$(ls -A "$DIR")" ] ||
            fail "the directory $DIR has other files in it; choose an empty or a new one with --dir"
    fi
    mkdir -p "$DIR" 2>/dev/null && [ -w "$DIR" ] ||
        fail "the directory $DIR cannot be written by $(id -un); choose another with --dir"
    [ -e "$DIR/options" ] || printf '%s\n' "$DIRECTORY_MARK" >"$DIR/options"
}

# Takes back what directory_make did, if nothing came of it.
directory_forget() {
    if [ -d "$DIR" ] && [ "$(ls -A "$DIR" | paste -sd ' ')" = 'lock options' ]; then
        rm -f -- "$DIR/lock" "$DIR/options"
        rmdir -- "$DIR"
    fi
}

# What lies in DIR, closed to all but its owner and, later, nginx's group.
directory_fill() {
    chmod 0755 "$DIR"
    mkdir -p "$DIR/etc/nginx" "$DIR/data" "$DIR/log" "$DIR/run"
    chmod 0750 "$DIR/etc" "$DIR/data" "$DIR/log" "$DIR/run"
}

# One `up` or `down` at a time. Services must be started with 9>&-, else
# they would hold the lock as long as they run.
directory_lock() {
    { exec 9>"$DIR/lock"; } 2>/dev/null ||
        fail "the directory $DIR cannot be written by $(id -un)"
    flock -n 9 || fail "another deploy/up or deploy/down is at work in $DIR"
}

# directory_has_room MEGABYTES DIRECTORY
directory_has_room() {
    local free
    free=$(df -Pm "$2" | awk 'NR == 2 { print $4 }')
    [ "$free" -ge "$1" ] || fail "no space: $free MB free in $2, at least $1 MB are needed"
}

# Removes what `up` made, and DIR if nothing else is in it.
directory_purge() {
    directory_is_ours || fail "$DIR was not made by deploy/up (no file \"options\" of its own): nothing removed"
    rm -rf -- "$DIR/etc" "$DIR/data" "$DIR/log" "$DIR/run" "$DIR/tls" "$DIR/lock" "$DIR"/{user,other,admin}.{netrc,json} ||
        fail "could not remove all of $DIR"
    rm -f -- "$DIR/options"
    rmdir -- "$DIR" 2>/dev/null || fail "$DIR has files that are not Glance's: left there"
}
