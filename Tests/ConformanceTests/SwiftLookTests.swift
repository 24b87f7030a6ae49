import FoundationEssentials
import GlanceModel
import HTTPClient
import Synchronization
import Testing

@testable import GlanceStores

/// A look at an OpenStack Swift that makes nothing: what it says is played by a small server.
@Suite struct SwiftLookTests {
    /// The status that each kind of question gets, and the site that the container names.
    private struct Swift {
        var login = 200
        var container = 404
        var account = 204
        var site: String?
    }

    private func look(_ swift: Swift, for site: String? = "site") throws -> (isOurs: Bool, asked: [String]) {
        let asked = Mutex<[String]>([])
        let port = Mutex<UInt16>(0)
        let server = try LoopbackServer { question in
            asked.withLock { $0.append("\(question.method) \(question.path)") }
            switch question.path {
            case "/auth/v1.0":
                let url = "http://127.0.0.1:\(port.withLock { $0 })/v1/AUTH_a"
                return .init(status: swift.login, fields: [("X-Storage-Url", url), ("X-Auth-Token", "t")])
            case "/v1/AUTH_a": return .init(status: swift.account)
            default:
                let mark = swift.site.map { [(SwiftStore.siteHeader, $0)] } ?? []
                return .init(status: swift.container, fields: mark)
            }
        }
        defer { server.stop() }
        port.withLock { $0 = server.port }
        let url = try #require(ServerURL("http://127.0.0.1:\(server.port)/auth/v1.0"))
        let settings = SwiftStore.Settings(
            authentication: url, credentials: .v1(user: "u", key: "k"), registered: { ("site", false) })
        let store = try SwiftStore(settings, now: { Timestamp(seconds: 1000) }, uptime: { 1000 })
        let isOurs = try store.look(for: site)
        return (isOurs, asked.withLock { $0 })
    }

    @Test func `a new account is looked at, and nothing is made in it`() throws {
        let (isOurs, asked) = try look(Swift(), for: nil)

        #expect(!isOurs)
        #expect(asked == ["GET /auth/v1.0", "HEAD /v1/AUTH_a/glance", "HEAD /v1/AUTH_a"])
    }

    @Test func `containers of this site are its own`() throws {
        #expect(try look(Swift(container: 204, site: "site")).isOurs)
    }

    @Test func `containers of another site are refused, and so are any where there is no registry`() throws {
        for site in ["site", nil] {
            let failure = #expect(throws: Failure.self) { try look(Swift(container: 204, site: "other"), for: site) }
            guard case .storeForeign(.swift, _)? = failure else {
                Issue.record("\(failure as Any)")
                continue
            }
        }
    }

    @Test(arguments: [
        (401, 404, 204, "does not know this user and key"), (200, 403, 204, "403"), (200, 404, 403, "403"),
    ])
    func `who may not is told so`(login: Int, container: Int, account: Int, said: String) throws {
        let failure = #expect(throws: Failure.self) {
            try look(Swift(login: login, container: container, account: account))
        }

        #expect(failure?.reason.contains(said) == true)
    }
}

extension Failure {
    fileprivate var reason: String {
        if case .storeAway(_, let reason) = self { reason } else { "\(self)" }
    }
}
