import Foundation
import Synchronization
import Testing

/// Who asks, in the words of the table in docs/security.md.
enum Actor: String, CaseIterable, Sendable {
    case nobody, owner, other, admin

    /// The name of that user in every site.
    var user: String { self == .owner ? "user" : rawValue }
}

/// A Glance that asks who its clients are, in one of the ways that nginx/ has.
final class IdentitySite: Sendable {
    enum Mode: String, CaseIterable, Sendable {
        case basic, certificate, service, keystone
    }

    let site: Site
    let mode: Mode
    private let identityService: IdentityService?
    private let certificates: ClientCertificates?
    /// What curl is given for each actor.
    private let logins: [Actor: [String]]

    /// The one that all tests of a mode share, and that none of them sets up anew.
    static func shared(_ mode: Mode) throws -> IdentitySite {
        switch mode {
        case .basic: try basic.get()
        case .certificate: try certificate.get()
        case .service: try service.get()
        case .keystone: try keystone.get()
        }
    }

    private static let basic = Result { try IdentitySite(.basic) }
    private static let certificate = Result { try IdentitySite(.certificate) }
    private static let service = Result { try IdentitySite(.service) }
    private static let keystone = Result { try IdentitySite(.keystone) }

    private init(_ mode: Mode) throws {
        self.mode = mode
        var (service, certificates): (IdentityService?, ClientCertificates?)
        switch mode {
        case .basic: site = try Site(["--store", "file", "--identity", "basic", "--tls"]).leftToTheEnd()
        case .certificate:
            site = try Site(["--store", "file", "--identity", "basic", "--tls"]).leftToTheEnd()
            certificates = try ClientCertificates(in: "\(site.directory)/tls")
        case .service:
            site = try Site(["--store", "file", "--identity", "basic"]).leftToTheEnd()
            let begun = try IdentityService()
            service = begun
            try site.configureNginx("identity-auth-request.conf") { $0.replacing(":9294/", with: ":\(begun.port)/") }
        case .keystone: site = try Site(["--store", "file", "--identity", "keystone"]).leftToTheEnd()
        }
        identityService = service
        self.certificates = certificates
        if mode != .keystone { try site.includeIdentity(mode == .service ? "auth-request" : mode.rawValue) }
        // Tests ask more than a client may.
        try site.configureNginx("glance.conf") { $0.replacing("include limits.conf;", with: "# include limits.conf;") }
        try site.reloadNginx()
        var logins: [Actor: [String]] = [.nobody: []]
        for actor in Actor.allCases where actor != .nobody {
            logins[actor] = try Self.login(actor.user, at: site, mode, certificates)
        }
        self.logins = logins
    }

    /// What curl is given to show a certificate with that subject, which the clients' CA has signed for so many days.
    func certificate(_ subject: String, days: Int = 2) throws -> [String] {
        let certificates = try #require(certificates)
        return certificates.arguments(try certificates.make(subject, days: days))
    }

    /// What nginx has asked the identity service so far.
    var questions: [String] { identityService?.questions ?? [] }

    private static func login(
        _ user: String, at site: Site, _ mode: Mode, _ certificates: ClientCertificates?
    ) throws -> [String] {
        switch mode {
        case .basic: ["--netrc-file", "\(site.directory)/\(user).netrc"]
        case .certificate: try #require(certificates).arguments(try #require(certificates).make("/O=Test/CN=\(user)"))
        case .service: ["-H", "Authorization: Bearer \(user)"]
        case .keystone: ["-H", "X-Auth-Token: \(try site.keystoneToken(of: user))"]
        }
    }

    /// What curl is given to be that actor.
    func login(_ actor: Actor) -> [String] { logins[actor] ?? [] }

    func send(
        _ actor: Actor, _ method: String, _ path: String, _ body: String? = nil, _ fields: [String: String] = [:],
        _ arguments: [String] = []
    ) throws -> Answer {
        try site.send(method, path, body, fields, login(actor) + arguments)
    }

    /// Adds an image of the owner's.
    func add(_ id: String, data: String?, isPublic: Bool) throws {
        let fields = [
            "x-image-meta-id": id, "x-image-meta-name": "n", "x-image-meta-type": "raw",
            "x-image-meta-is_public": "\(isPublic)",
        ]
        let answer = try send(.owner, "POST", "/images", data, fields)
        try #require(answer.status == 200, "\(answer.text)")
    }
}

extension Site {
    /// Rewrites one of the files of nginx's configuration.
    func configureNginx(_ file: String, _ change: (String) -> String) throws {
        let path = "\(directory)/etc/nginx/\(file)"
        let old = try String(contentsOfFile: path, encoding: .utf8)
        let new = change(old)
        try #require(new != old, "nothing to change in \(file)")
        try new.write(toFile: path, atomically: true, encoding: .utf8)
    }

    /// Has nginx include another identity file than it was set up with.
    func includeIdentity(_ name: String) throws {
        let file = "\(directory)/etc/nginx/glance.conf"
        let text = try String(contentsOfFile: file, encoding: .utf8)
        try text.replacing(/include identity-[a-z-]+\.conf;/, with: "include identity-\(name).conf;")
            .write(toFile: file, atomically: true, encoding: .utf8)
    }

    /// Returns when no process of nginx has the old configuration.
    func reloadNginx() throws {
        let master = try processID(of: "nginx")
        let old = children(of: master)
        let path = (ProcessInfo.processInfo.environment["PATH"] ?? "") + ":/usr/sbin"
        let test = try run(
            "nginx", ["-t", "-p", "\(directory)/", "-c", "\(directory)/etc/nginx/nginx.conf"],
            environment: ["PATH": path])
        try #require(test.status == 0, "\(test.errors)")
        kill(master, SIGHUP)
        try #require(
            eventually {
                let now = children(of: master)
                return !now.isEmpty && old.allSatisfy { !now.contains($0) }
            })
    }

    /// The `keystone_url` of glance-api.
    func keystoneURL() throws -> String {
        try #require(try Cluster.values("\(directory)/etc/glance-api.conf")["keystone_url"])
    }

    func keystoneToken(of user: String) throws -> String {
        let output = try run(
            "curl",
            ["-sS", "-D", "-", "-o", "/dev/null", "-H", "Content-Type: application/json"]
                + ["-d", "@\(directory)/\(user).json", "\(try keystoneURL())/auth/tokens"])
        let token = output.text.firstMatch(of: #/(?i)x-subject-token: (\S+)/#)
        return String(try #require(token, "\(output.text)\(output.errors)").1)
    }
}

/// A CA of clients, and certificates that it signs.
struct ClientCertificates {
    private let directory: String
    var authority: String { "\(directory)/client-ca.pem" }

    init(in directory: String) throws {
        self.directory = directory
        try openssl(
            ["req", "-x509", "-new", "-out", "client-ca.pem", "-subj", "/CN=CA", "-days", "2"] + key("client-ca"))
    }

    /// Returns the name of its files.
    func make(_ subject: String, days: Int = 2) throws -> String {
        let name = "client-\(UUID().uuidString.prefix(8))"
        try openssl(["req", "-new", "-out", "\(name).csr", "-subj", subject] + key(name))
        // Not by a file that counts: tests run beside each other.
        let serial = UInt64.random(in: 1...UInt64(Int64.max))
        try openssl(
            ["x509", "-req", "-in", "\(name).csr", "-CA", "client-ca.pem", "-CAkey", "client-ca.key"]
                + ["-set_serial", "\(serial)", "-days", "\(days)", "-out", "\(name).pem"])
        return name
    }

    /// What curl is given to show one.
    func arguments(_ name: String) -> [String] {
        ["--cert", "\(directory)/\(name).pem", "--key", "\(directory)/\(name).key"]
    }

    /// Makes a list in which that one is taken back, and returns its file.
    func revoke(_ name: String) throws -> String {
        let settings = "[ca]\ndefault_ca = own\n[own]\ndatabase = index\ndefault_md = sha256\ndefault_crl_days = 2\n"
        try settings.write(toFile: "\(directory)/ca.conf", atomically: false, encoding: .utf8)
        try "".write(toFile: "\(directory)/index", atomically: false, encoding: .utf8)
        let authority = ["ca", "-config", "ca.conf", "-keyfile", "client-ca.key", "-cert", "client-ca.pem"]
        try openssl(authority + ["-revoke", "\(name).pem"])
        try openssl(authority + ["-gencrl", "-out", "client-ca.crl"])
        return "\(directory)/client-ca.crl"
    }

    private func key(_ name: String) -> [String] {
        ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "\(name).key"]
    }

    private func openssl(_ arguments: [String]) throws {
        let output = try run("openssl", arguments, in: directory)
        try #require(output.status == 0, "\(output.errors)")
    }
}

/// A service that nginx asks who its clients are: `Authorization: Bearer NAME` is enough for it.
final class IdentityService: Sendable {
    let port: Int
    private let door: Wire
    private let heads = Mutex<[String]>([])

    var questions: [String] { heads.withLock { $0 } }

    init(_ answer: @escaping @Sendable (_ head: String) -> String = IdentityService.answer) throws {
        let (number, port) = try listeningSocket()
        let door = Wire(number)
        (self.door, self.port) = (door, port)
        Thread.detachNewThread { [weak self] in
            while let client = door.accept() {
                guard let head = client.readHead()?.head else { continue }
                self?.heads.withLock { $0.append(head) }
                client.send("HTTP/1.1 \(answer(head))\r\n\r\n")
            }
        }
    }

    deinit { door.breakOff() }

    @Sendable private static func answer(to head: String) -> String {
        func field(_ name: String) -> Substring? {
            head.split(separator: "\r\n").first { $0.hasPrefix("\(name): ") }?.dropFirst(name.count + 2)
        }
        switch field("Authorization") {
        case nil: return field("X-Login-Needed") == "1" ? "401 Unauthorized\r\nWWW-Authenticate: Bearer" : "200 OK"
        case "Bearer user": return "200 OK\r\nX-Identity-User: user"
        case "Bearer other": return "200 OK\r\nX-Identity-User: other\r\nX-Identity-Admin: 0"
        case "Bearer admin": return "200 OK\r\nX-Identity-User: admin\r\nX-Identity-Admin: 1"
        case "Bearer broken": return "500 Internal Server Error"
        default: return "401 Unauthorized\r\nWWW-Authenticate: Bearer"
        }
    }
}
