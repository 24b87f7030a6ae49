import GlanceModel
import HTTP
import Testing

@testable import GlanceAPI

/// Who may do what, where the gateway says who asks. Here a header does, in its place.
struct IdentityTests {
    private let glance: Glance

    /// Alice's images, a private and a public one.
    init() throws {
        glance = try Glance { request throws(Failure) in
            switch request.headers["x-test-user"] {
            case nil: .anonymous
            case "root": .admin("root")
            case .some(let name): .user(name)
            }
        }
        for (id, isPublic) in [("private", "false"), ("public", "true")] {
            try glance.add(id, ["x-test-user": "alice", "x-image-meta-is_public": isPublic], body: "data")
        }
    }

    private func send(
        _ user: String?, _ method: String, _ path: String, _ headers: [String: String] = [:], body: Body? = nil
    ) throws -> Answer {
        try glance.send(
            method, path, headers.merging(user.map { ["x-test-user": $0] } ?? [:], uniquingKeysWith: { $1 }), body: body
        )
    }

    private func post(_ user: String?, _ id: String, body: Body? = nil) throws -> Answer {
        let fields = ["x-image-meta-id": id, "x-image-meta-name": "n", "x-image-meta-type": "raw"]
        return try send(user, "POST", "/images/", fields, body: body)
    }

    @Test(arguments: [
        (nil, "private", 404), (nil, "public", 200), ("bob", "private", 404), ("bob", "public", 200),
        ("alice", "private", 200), ("alice", "public", 200), ("root", "private", 200), ("root", "public", 200),
    ])
    func `who may read`(user: String?, id: String, status: Int) throws {
        #expect(try send(user, "HEAD", "/images/\(id)").status == status)
        #expect(try send(user, "GET", "/images/\(id)").status == status)
    }

    @Test(
        arguments: ["PUT", "DELETE"],
        [
            (nil, "private", 401), (nil, "public", 401), ("bob", "private", 404), ("bob", "public", 403),
            ("alice", "private", 200), ("alice", "public", 200), ("root", "private", 200), ("root", "public", 200),
        ] as [(String?, String, Int)])
    func `who may change and delete`(method: String, asks: (user: String?, id: String, status: Int)) throws {
        let answer = try send(asks.user, method, "/images/\(asks.id)", ["x-image-meta-name": "new"])
        let name = try send("alice", "HEAD", "/images/\(asks.id)")["x-image-meta-name"]

        #expect(answer.status == asks.status)
        #expect((name == "name of \(asks.id)") == (asks.status != 200))
    }

    @Test(arguments: ["POST", "PUT", "DELETE"]) func `who is nobody is told to log in, before the body`(method: String)
        throws
    {
        let answer = try send(
            nil, method, method == "POST" ? "/images/" : "/images/public",
            ["x-image-meta-name": "n", "x-image-meta-type": "raw"], body: method == "DELETE" ? nil : .unsent(1 << 20))

        #expect(answer.status == 401)
        #expect(answer["WWW-Authenticate"] == "Basic realm=\"Glance\"")
        #expect(answer.text.contains("log"))
    }

    @Test func `another's private image looks like one that is not there`() throws {
        for method in ["GET", "PUT", "DELETE"] {
            let hidden = try send("bob", method, "/images/private")
            let missing = try send("bob", method, "/images/nobody")

            #expect(hidden.status == missing.status)
            #expect(hidden.text.replacing("private", with: "nobody") == missing.text)
        }
    }

    @Test(arguments: ["bob", "alice", "root"]) func `its id is taken for all`(user: String) throws {
        #expect(try post(user, "private", body: .unsent(1 << 20)).status == 409)
    }

    @Test func `another's public image is refused before the body`() throws {
        try glance.queue("queued", ["x-test-user": "alice", "x-image-meta-is_public": "true"])

        let answer = try send("bob", "PUT", "/images/queued", body: .unsent(1 << 20))

        #expect(answer.status == 403)
        #expect(answer.text.contains("belongs to somebody else"))
    }

    @Test(
        arguments: [
            (nil, "", ["public"]), (nil, "is_public=none", ["public"]), (nil, "is_public=false", []),
            ("bob", "is_public=none", ["public", "bobs"]), ("bob", "is_public=false", ["bobs"]),
            ("alice", "is_public=none", ["private", "public"]), ("alice", "is_public=false", ["private"]),
            ("alice", "", ["public"]), ("root", "is_public=none", ["private", "public", "bobs"]),
            ("root", "is_public=false", ["private", "bobs"]),
        ] as [(String?, String, [String])])
    func `a list shows what the caller may see`(user: String?, query: String, ids: [String]) throws {
        _ = try post("bob", "bobs")

        #expect(try send(user, "GET", "/images/?\(query)").ids == ids)
        #expect(try send(user, "GET", "/images/detail?\(query)").ids == ids)
    }

    @Test(arguments: [(nil, 400), ("bob", 400), ("alice", 200), ("root", 200)])
    func `a marker that is not the caller's to see is 400`(user: String?, status: Int) throws {
        #expect(try send(user, "GET", "/images/?marker=private").status == status)
    }

    @Test func `the owner is who added it, whatever else is said`() throws {
        let answer = try send(
            "bob", "POST", "/images/",
            ["x-image-meta-name": "n", "x-image-meta-type": "raw", "x-image-meta-owner": "alice"])
        let changed = try send("root", "PUT", "/images/1", ["x-image-meta-name": "new"])

        #expect(answer.image["owner"] == "bob")
        #expect(changed.image["owner"] == "bob")
        #expect(try send("alice", "HEAD", "/images/private")["x-image-meta-owner"] == "alice")
    }

    @Test func `an image that was made public can be seen, and one that was made private cannot`() throws {
        _ = try send("alice", "PUT", "/images/private", ["x-image-meta-is_public": "true"])
        _ = try send("alice", "PUT", "/images/public", ["x-image-meta-is_public": "false"])

        #expect(try send("bob", "HEAD", "/images/private").status == 200)
        #expect(try send("bob", "HEAD", "/images/public").status == 404)
    }
}

/// Where nobody is asked who they are.
struct OpenServiceTests {
    @Test(arguments: ["127.0.0.1", "127.1.2.3", "::1", "unix:/run/nginx.sock"])
    func `on loopback everybody is the operator`(address: String) throws {
        let glance = try Glance()
        try glance.add("private", body: "data")
        let gateway = ["SERVER_ADDR": address]

        #expect(try glance.send("HEAD", "/images/private", gateway: gateway).status == 200)
        #expect(try glance.send("GET", "/images/", gateway: gateway).ids == [])
        #expect(try glance.send("DELETE", "/images/private", gateway: gateway).status == 200)
    }

    @Test(arguments: ["192.0.2.7", "::", "0.0.0.0", "2001:db8::1", "::ffff:192.0.2.7", "12.7.0.0", "", nil])
    func `on any other address the service is closed`(address: String?) throws {
        let glance = try Glance()
        try glance.add("x", ["x-image-meta-is_public": "true"], body: "data")

        for (method, path) in [("GET", "/"), ("GET", "/images/detail"), ("HEAD", "/images/x"), ("DELETE", "/images/x")]
        {
            let answer = try glance.send(method, path, gateway: ["SERVER_ADDR": address])

            #expect(answer.status == 503)
            #expect(answer["Retry-After"] != nil)
            #expect(method == "HEAD" || answer.text.contains("open = true"))
        }
        #expect(try glance.status(of: "x") == .available)
    }

    @Test func `no header of a client's makes an address loopback`() throws {
        let answer = try Glance().send(
            "GET", "/images/", ["Server-Addr": "127.0.0.1", "X-Forwarded-For": "127.0.0.1"],
            gateway: ["SERVER_ADDR": "192.0.2.7"])

        #expect(answer.status == 503)
    }

    @Test func `the operator is told`() throws {
        let glance = try Glance(authenticate: authenticateNobody(open: false))

        let answer = try glance.send("GET", "/images/", gateway: ["SERVER_ADDR": "192.0.2.7"])

        #expect(glance.reports.all.map(\.requestID) == [answer["X-Request-Id"]])
        #expect(try #require(glance.reports.all.first).reason.contains("open = true"))
    }

    @Test func `it answers there once it was opened`() throws {
        let glance = try Glance(["open": "true"])

        #expect(try glance.send("GET", "/images/", gateway: ["SERVER_ADDR": "192.0.2.7"]).status == 200)
    }

    @Test func `health answers on any address`() throws {
        let answer = try Glance().send(
            "GET", "/healthz", gateway: ["SERVER_ADDR": "192.0.2.7", "LISTENER": "health"])

        #expect(answer.status == 200)
    }
}
