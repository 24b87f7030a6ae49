/// Where the server is and who asks: given by an option, else by the environment, else by the configuration file.
struct ClientSetting: Sendable {
    let option: Option
    let variable: String
    /// In the configuration file.
    let key: String

    static let all: [ClientSetting] = [
        ClientSetting(
            option: Option(.url, .text("URL"), "Where the server is (default: http://127.0.0.1:9292)."),
            variable: "GLANCE_URL", key: "url"),
        ClientSetting(
            option: Option(.user, .text("USER"), "The user who asks."), variable: "GLANCE_USER", key: "user"),
        ClientSetting(
            option: Option(
                .passwordFile, .file,
                "A file whose first line is the user's password. There is no option for the password itself: everybody on the machine could see it."
            ),
            variable: "GLANCE_PASSWORD_FILE", key: "password_file"),
        ClientSetting(
            option: Option(
                .netrc, .file,
                "Where users and passwords stand by host (netrc(5)), where no password file is given (default: ~/.netrc)."
            ),
            variable: "GLANCE_NETRC", key: "netrc"),
        ClientSetting(
            option: Option(
                .caFile, .file, "Certificates (PEM) that an https server is trusted by (default: the system's)."),
            variable: "GLANCE_CA_FILE", key: "ca_file"),
    ]

    static let standardURL = "http://127.0.0.1:9292"
}
