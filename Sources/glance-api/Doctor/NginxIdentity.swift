import GlanceModel
import Glibc

/// Whether nginx and the settings agree on who says who a client is.
struct NginxIdentity {
    private let rules: NginxRules
    private let settings: Settings

    init(_ rules: NginxRules, _ settings: Settings) {
        self.rules = rules
        self.settings = settings
    }

    private static let subject = "identity"

    var findings: [DoctorFinding] { agreement + kinds + reach }

    /// glance-api answers 500 to everything where they differ.
    private var agreement: [DoctorFinding] {
        let wanted = settings.asksGateway ? ["nginx"] : []
        guard let place = rules.passing.first(where: { $0.parameter("IDENTITY") != wanted }) else { return [] }
        return [
            settings.asksGateway
                ? .problem(
                    Self.subject, "identity = nginx, and nginx says nothing of who asks in \(place.name)",
                    why: "every request is 500",
                    remedy:
                        "include one of identity-*.conf in Glance's server, behind glance_params; or identity = none")
                : .problem(
                    Self.subject, "identity = none, and nginx says who asks in \(place.name)",
                    why: "every request is 500", remedy: "identity = nginx; or include identity-none.conf in its place")
        ]
    }

    /// The identity file that a server includes, by what it sets.
    private static func kind(_ server: NginxServer) -> String {
        server.itself.effective("set").last { $0.arguments.first == "$glance_identity" }?.arguments.last ?? "none"
    }

    private var kinds: [DoctorFinding] {
        let kinds = Set(rules.open.map(Self.kind))
        var findings: [DoctorFinding] = []
        if kinds.contains("keystone"), settings.keystone == nil, settings.asksGateway {
            findings.append(
                .problem(
                    Self.subject, "nginx asks glance-api whose a token is, and keystone_url is not set",
                    why: "every request with a token is 503", remedy: "set keystone_url"))
        }
        if !kinds.contains("keystone"), settings.keystone != nil {
            findings.append(
                .warning(
                    Self.subject, "keystone_url is set, and no server of nginx includes identity-keystone.conf",
                    why: "nobody can log in with a token", remedy: "include it, or take keystone_url away"))
        }
        if kinds.contains("basic") { findings += passwords }
        return findings
    }

    /// The file of users with passwords, which nginx's processes read at each request.
    private var passwords: [DoctorFinding] {
        let files = rules.open.filter { Self.kind($0) == "basic" }
            .compactMap { $0.itself.effective("auth_basic_user_file").first?.arguments.first }
        return Set(files).sorted().compactMap { path in
            var status = stat()
            guard stat(path, &status) == 0 else {
                return .problem(
                    Self.subject, "the file of users \(path): \(String(cString: strerror(errno)))",
                    why: "nobody can log in", remedy: "htpasswd -B -c \(path) NAME; chown root:www-data; chmod 0640")
            }
            guard status.st_mode & 0o007 == 0 else {
                return .warning(
                    Self.subject, "everybody on this host may read \(path)", why: "passwords can be guessed from it",
                    remedy: "chmod 0640 \(path), with nginx's group")
            }
            let group = settings.group.isEmpty ? nil : getgrnam(settings.group)?.pointee.gr_gid
            guard let group, status.st_gid != group || status.st_mode & 0o040 == 0 else { return nil }
            return .problem(
                Self.subject, "the group \(settings.group) may not read \(path)", why: "every login is 500",
                remedy: "chgrp \(settings.group) \(path) && chmod g+r \(path)")
        }
    }

    /// Who comes to an address other than loopback.
    private var reach: [DoctorFinding] {
        let listens = rules.open.flatMap { server in server.itself.own("listen").map { (server, $0) } }
        let outside = listens.first { !Self.isLoopback($1.arguments.first ?? "") }
        guard let (server, listen) = outside else { return [] }
        let address = listen.arguments.first ?? ""
        if !settings.asksGateway, !settings.open {
            return [
                .warning(
                    Self.subject, "nginx listens on \(address), and identity = none with open = false",
                    why: "requests to other addresses than loopback are 503",
                    remedy:
                        "let nginx ask for a login; or listen 127.0.0.1:PORT; or open = true, if everybody may do everything"
                )
            ]
        }
        guard Self.kind(server) == "basic", !listen.arguments.contains("ssl") else { return [] }
        return [
            .warning(
                Self.subject, "passwords come to \(address) without TLS", why: "whoever listens on the way has them",
                remedy: "include tls.conf, and listen … ssl")
        ]
    }

    /// A port alone is one of every address.
    private static func isLoopback(_ listen: String) -> Bool {
        ["127.", "localhost", "[::1]", "unix:"].contains { listen.hasPrefix($0) }
    }
}
