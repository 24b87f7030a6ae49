# Users of a Glance that asks who they are: `user`, `other` and `admin`, with
# random passwords that are made once and kept in files for this user alone.

IDENTITY_USERS='user other admin'

# identity_write FILE: standard input, for this user alone.
identity_write() {
    (
        umask 077
        rm -f "$1"
        cat >"$1"
    )
}

# identity_secret: 128 random bits.
identity_secret() {
    head -c 16 /dev/urandom | od -An -v -tx1 | tr -d ' \n'
}

# DIR/NAME.netrc for curl, and from these the file that nginx looks into.
identity_configure_basic() {
    local name file="$DIR/etc/users" netrc password
    for name in $IDENTITY_USERS; do
        netrc="$DIR/$name.netrc"
        [ -s "$netrc" ] ||
            printf 'machine 127.0.0.1 login %s password %s\n' "$name" "$(identity_secret)" | identity_write "$netrc"
    done
    identity_write "$file" </dev/null
    for name in $IDENTITY_USERS; do
        password=$(awk '{ print $6 }' "$DIR/$name.netrc")
        # By standard input: arguments can be seen by everybody on this host.
        htpasswd -i -B "$file" "$name" <<<"$password" 2>/dev/null || fail "htpasswd could not write $file"
    done
    # nginx's processes read it at each request.
    if [ -n "$NGINX_GROUP" ]; then
        chgrp "$NGINX_GROUP" "$DIR/etc" "$file"
        chmod 0710 "$DIR/etc"
        chmod 0640 "$file"
    fi
}

# DIR/NAME.json is the request for a token of Keystone's.
identity_configure_keystone() {
    local name password
    for name in $IDENTITY_USERS; do
        password=$(swift_secret "keystone-$name")
        identity_write "$DIR/$name.json" <<END
{"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "$name", "domain": {"id": "default"}, "password": "$password"}}}, "scope": {"project": {"name": "$name", "domain": {"id": "default"}}}}}
END
    done
}

# identity_tell CURL URL: what somebody types who has just started it.
identity_tell() {
    case "$IDENTITY" in
    basic)
        cat <<END

Users and their passwords: $DIR/user.netrc, other.netrc and admin.netrc. As one of them:
    $1 --netrc-file $DIR/user.netrc -X POST -H 'x-image-meta-name: Mine' -H 'x-image-meta-type: raw' $2/images
END
        ;;
    keystone)
        cat <<END

Users and their passwords: $DIR/user.json, other.json and admin.json. A token, and a request with it:
    token=\$(curl -s -i -H 'Content-Type: application/json' -d @$DIR/user.json $(keystone_address)/v3/auth/tokens | tr -d '\r' | sed -n 's/^x-subject-token: //Ip')
    $1 -H "X-Auth-Token: \$token" -X POST -H 'x-image-meta-name: Mine' -H 'x-image-meta-type: raw' $2/images
END
        ;;
    esac
}
