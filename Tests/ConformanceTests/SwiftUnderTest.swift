import FoundationEssentials
import GlanceModel
import Glibc
import HTTP
import HTTPClient
import Keystone
import Testing

@testable import GlanceStores

/// The OpenStack Swift of a directory that `deploy/up --store swift` has filled; GLANCE_TEST_SWIFT names it.
struct SwiftUnderTest {
    static let shared = ProcessInfo.processInfo.environment["GLANCE_TEST_SWIFT"].map(SwiftUnderTest.init)

    private let directory: String

    static func get() throws -> SwiftUnderTest { try #require(shared) }

    /// The values of a file of lines `key = value`.
    private func values(_ path: String) throws -> [String: String] {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let pairs = text.split(separator: "\n").compactMap { line -> (String, String)? in
            let halves = line.split(separator: "=", maxSplits: 1)
            guard halves.count == 2 else { return nil }
            return (String(halves[0].dropLast()), String(halves[1].dropFirst()))
        }
        return Dictionary(pairs) { $1 }
    }

    func settings() throws -> SwiftStore.Settings {
        let settings = try values("\(directory)/etc/glance-api.conf")
        let secrets = try values(#require(settings["swift_credentials_file"]))
        func secret(_ key: String) throws -> String { try #require(secrets[key]) }
        let credentials: SwiftCredentials =
            if settings["swift_auth"] == "keystone" {
                .keystone(
                    .password(
                        user: try secret("user"), userDomain: try secret("user_domain"),
                        password: try secret("password"), project: try secret("project"),
                        projectDomain: try secret("project_domain")), interface: "public", region: nil)
            } else {
                .v1(user: try secret("user"), key: try secret("key"))
            }
        return SwiftStore.Settings(
            authentication: try #require(settings["swift_auth_url"].flatMap(ServerURL.init)), credentials: credentials,
            registered: { ("site", false) })
    }

    /// A store in containers that no other test has.
    func store(_ change: (inout SwiftStore.Settings) -> Void = { _ in }) throws -> SwiftStore {
        var settings = try settings()
        settings.container = "test \(UUID().uuidString)"
        change(&settings)
        return try SwiftStore(settings, now: { Timestamp(seconds: Int64(time(nil))) }, uptime: { Int64(time(nil)) })
    }

    /// Nil where no Keystone is asked for tokens.
    static let withKeystone = shared.flatMap { swift in
        if case .keystone? = try? swift.settings().credentials { swift } else { nil }
    }

    /// A new one of the user whose password is in the credentials file.
    func applicationCredential() throws -> KeystoneCredentials {
        struct Known: Decodable {
            struct Token: Decodable { var user: User }
            struct User: Decodable { var id: String }
            var token: Token
        }
        struct Made: Decodable {
            struct Credential: Decodable { var id, secret: String }
            var credential: Credential

            enum CodingKeys: String, CodingKey { case credential = "application_credential" }
        }
        let settings = try settings()
        guard case .keystone(let password, _, _) = settings.credentials else { throw KeystoneError.malformed }
        let client = HTTPClient()
        let token = try KeystoneClient(settings.authentication, client: client).token(for: password).text
        func ask<Value: Decodable>(_ request: ClientRequest, as type: Value.Type) throws -> Value {
            let answer = try client.send(request, to: settings.authentication, secondsMax: 30)
            return try JSONDecoder().decode(type, from: Data(answer.bytes()))
        }
        let fields = Headers(["X-Auth-Token": token, "X-Subject-Token": token, "Content-Type": "application/json"])
        let user = try ask(ClientRequest("GET", "/auth/tokens", headers: fields), as: Known.self).token.user.id
        let body = #"{"application_credential": {"name": "\#(UUID().uuidString)"}}"#
        let made = try ask(
            ClientRequest("POST", "/users/\(user)/application_credentials", headers: fields, body: Array(body.utf8)),
            as: Made.self
        ).credential
        return .applicationCredential(id: made.id, secret: made.secret)
    }

    /// Every object in the store's containers.
    static func contents(_ store: SwiftStore) throws -> [String] {
        try store.allContainers.flatMap { container in
            let answer = try store.account.ask("GET", "/\(percentEncoded(container))?limit=10000")
            return String(decoding: answer.body, as: UTF8.self).split(separator: "\n").map { "\(container)/\($0)" }
        }
    }
}
