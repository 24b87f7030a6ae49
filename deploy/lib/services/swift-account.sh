# The account server of OpenStack Swift: which containers an account has.

. "$PROJECT/deploy/lib/swift.sh"

swift_account_config="$swift_etc/account-server.conf"
swift_account_stop=$swift_stop

swift_account_packages() {
    swift_packages account
}

swift_account_install() {
    :
}

swift_account_configure() {
    swift_configure_storage account
}

swift_account_start() {
    swift_start account
}

swift_account_healthy() {
    swift_healthy account
}

swift_account_trouble() {
    swift_trouble account
}

swift_account_address() {
    swift_address account
}

swift_account_logs() {
    printf '%s\n' "$DIR/log/swift-account.log"
}
