import Testing

/// nginx's own question whose token it was given; who answers it is tested with Keystone.
struct IdentityRouteTests {
    private let glance: Glance

    /// Nobody listens on that port.
    init() throws {
        glance = try Glance(["identity": "nginx", "keystone_url": "http://127.0.0.1:1/v3"])
    }

    private func ask(_ headers: [String: String], of glance: Glance? = nil) throws -> Answer {
        try (glance ?? self.glance).send("GET", "/", headers, gateway: ["LISTENER": "identity"])
    }

    @Test func `who has no token is nobody`() throws {
        let answer = try ask([:])

        #expect(answer.status == 200)
        #expect(answer["X-Identity-User"] == "")
        #expect(answer["X-Identity-Admin"] == "0")
        #expect(answer["WWW-Authenticate"] == "Keystone uri=\"http://127.0.0.1:1/v3\"")
    }

    @Test func `nobody will not do where somebody is needed`() throws {
        let answer = try ask(["X-Login-Needed": "1"])

        #expect(answer.status == 401)
        #expect(answer["WWW-Authenticate"] == "Keystone uri=\"http://127.0.0.1:1/v3\"")
    }

    @Test func `what cannot be a token is nobody's, and Keystone is not asked`() throws {
        for token in ["to ken", "t\u{FC}", String(repeating: "x", count: 2049)] {
            #expect(try ask(["X-Auth-Token": token]).status == 401)
        }
    }

    @Test func `a Keystone that is away is 503, and the operator learns why`() throws {
        let answer = try ask(["X-Auth-Token": "secret-token"])

        #expect(answer.status == 503)
        #expect(answer["Retry-After"] == "10")
        let report = try #require(glance.reports.all.first)
        #expect(report.reason.contains("127.0.0.1:1"))
        #expect(!report.reason.contains("secret-token"))
    }

    @Test func `without keystone_url there is nobody to ask`() throws {
        let glance = try Glance(["identity": "nginx"])

        #expect(try ask(["X-Auth-Token": "t"], of: glance).status == 500)
        #expect(try #require(glance.reports.all.first).reason.contains("keystone_url"))
    }

    @Test func `a client cannot ask`() throws {
        let answer = try glance.send("GET", "/", ["Listener": "identity", "X-Auth-Token": "t"], gateway: .login(nil))

        #expect(answer["X-Identity-User"] == nil)
        #expect(answer.ids == [])
    }
}
