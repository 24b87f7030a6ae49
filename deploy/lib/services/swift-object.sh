# The object server of OpenStack Swift: what is in the objects.

. "$PROJECT/deploy/lib/swift.sh"

swift_object_config="$swift_etc/object-server.conf"
swift_object_stop=$swift_stop

swift_object_packages() {
    swift_packages object
}

swift_object_install() {
    :
}

swift_object_configure() {
    swift_object_check_attributes
    swift_configure_storage object
}

# An object's metadata is in attributes of its file; some file systems have none, or small ones.
swift_object_check_attributes() {
    local file="$swift_data/devices/attributes"
    mkdir -p "${file%/*}"
    : >"$file"
    "$swift_python" -I -c 'import os, sys; os.setxattr(sys.argv[1], "user.swift.metadata", bytes(512))' "$file" 2>/dev/null || {
        rm -f "$file"
        fail "the file system of $DIR has no room for extended attributes (user.*), where Swift keeps metadata; choose another with --dir"
    }
    rm -f "$file"
}

swift_object_start() {
    swift_start object
}

swift_object_healthy() {
    swift_healthy object
}

swift_object_trouble() {
    swift_trouble object
}

swift_object_address() {
    swift_address object
}

swift_object_logs() {
    printf '%s\n' "$DIR/log/swift-object.log"
}
