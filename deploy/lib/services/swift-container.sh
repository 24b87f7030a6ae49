# The container server of OpenStack Swift: which objects a container has.

. "$PROJECT/deploy/lib/swift.sh"

swift_container_config="$swift_etc/container-server.conf"
swift_container_stop=$swift_stop

swift_container_packages() {
    swift_packages container
}

swift_container_install() {
    :
}

swift_container_configure() {
    swift_configure_storage container
}

swift_container_start() {
    swift_start container
}

swift_container_healthy() {
    swift_healthy container
}

swift_container_trouble() {
    swift_trouble container
}

swift_container_address() {
    swift_address container
}

swift_container_logs() {
    printf '%s\n' "$DIR/log/swift-container.log"
}
