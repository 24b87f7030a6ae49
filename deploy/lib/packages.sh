# Debian packages that the services need and this machine does not have.

POLICY=/usr/sbin/policy-rc.d

# Where Debian's PostgreSQL is told not to make data of its own when it is installed.
NO_CLUSTER=/etc/postgresql-common/createcluster.d/glance.conf

# packages_check PACKAGE...: ends with the line to type where this user cannot install them.
packages_check() {
    [ $# -gt 0 ] || return 0
    command -v apt-get >/dev/null || fail "missing here: $* (Debian's names); install them with this system's own means"
    [ "$EUID" -eq 0 ] || fail "missing packages; as root: apt-get install $*"
}

# packages_install PACKAGE...: by apt-get as root.
packages_install() {
    local log="$DIR/log/install.log"
    [ $# -gt 0 ] || return 0
    packages_check "$@"
    step packages "installing $*"
    packages_start_nothing
    [[ " $* " != *' postgresql '* ]] || packages_make_no_cluster
    apt_get install "$@" >"$log" 2>&1 ||
        { apt_get update && apt_get install "$@"; } >>"$log" 2>&1 ||
        fail "could not install $*: $(grep '^E:' "$log" | tail -n 1) (all of it: $log)"
    packages_start_again
}

# apt_get VERB PACKAGE...
apt_get() {
    DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=120 \
        -o Acquire::Retries=2 "$1" --no-install-recommends "${@:2}" 9>&-
}

# Debian starts what it installs; nginx would be on port 80. A policy that
# forbids it, for as long as this takes, unless the machine has its own.
packages_start_nothing() {
    [ ! -e "$POLICY" ] || return 0
    POLICY_IS_OURS=yes
    printf '#!/bin/sh\nexit 101\n' >"$POLICY"
    chmod 0755 "$POLICY"
}

# Debian's PostgreSQL would have data of its own, and a server that starts with the machine.
packages_make_no_cluster() {
    mkdir -p "${NO_CLUSTER%/*}"
    printf 'create_main_cluster = false\n' >"$NO_CLUSTER"
}

# Also called when `up` ends early.
packages_start_again() {
    rm -f "$NO_CLUSTER"
    [ "${POLICY_IS_OURS:-no}" = no ] || rm -f "$POLICY"
    POLICY_IS_OURS=no
}

# has_library NAME: the dynamic loader knows it.
has_library() {
    [[ "$(ldconfig -p 2>/dev/null)" == *"$1 "* ]]
}
