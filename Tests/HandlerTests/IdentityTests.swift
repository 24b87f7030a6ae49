import GlanceModel
import HTTP
import Testing

@testable import GlanceAPI

/// Who may do what, where nginx says who asks.
struct IdentityTests {
    private let glance: Glance

    /// Alice's images, a private and a public one.
    init() throws {
        glance = try Glance(["identity": "nginx"])
        for (id, isPublic) in [("private", "false"), ("public", "true")] {
            let answer = try post("alice", id, ["x-image-meta-is_public": isPublic], body: "data")
            try #require(answer.status == 200, "\(answer.text)")
        }
    }

    private func send(
        _ user: String?, _ method: String, _ path: String, _ headers: [String: String] = [:], body: Body? = nil
    ) throws -> Answer {
        try glance.send(method, path, headers, body: body, gateway: .login(user))
    }

    private func post(
        _ user: String?, _ id: String, _ headers: [String: String] = [:], body: Body? = nil
    ) throws -> Answer {
        let fields = ["x-image-meta-id": id, "x-image-meta-name": "name of \(id)", "x-image-meta-type": "raw"]
        return try send(user, "POST", "/images/", fields.merging(headers) { $1 }, body: body)
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
        #expect(answer["WWW-Authenticate"] == "Test")
        #expect(answer.text.contains("log"))
    }

    @Test(
        arguments: ["GET", "HEAD", "PUT", "DELETE"],
        [
            [:], ["If-Match": "\"x\""], ["If-None-Match": "*"], ["Range": "bytes=9-"], ["x-image-meta-version": "7"],
            ["x-image-meta-size": "9"], ["x-image-meta-store": "tape"], ["x-image-meta-type": "none"],
            ["Content-Type": "application/json"], ["Content-Encoding": "gzip"], ["Accept": "application/json"],
        ])
    func `another's private image looks like one that is not there`(method: String, headers: [String: String]) throws {
        _ = try post("alice", "queued")
        try glance.beginSaving("saving", isPublic: false, owner: "alice")
        for body in [nil, "data", .unsent(0)] as [Body?] where body == nil || method == "PUT" {
            let missing = try send("bob", method, "/images/nobody", headers, body: body)
            for id in ["private", "queued", "saving"] {
                let hidden = try send("bob", method, "/images/\(id)", headers, body: body)

                #expect(hidden.status == missing.status)
                #expect(
                    hidden.text.replacing(id, with: "nobody").replacing(try requestID(hidden), with: "")
                        == missing.text.replacing(try requestID(missing), with: ""))
                #expect(try shape(of: hidden) == shape(of: missing))
            }
        }
    }

    private func requestID(_ answer: Answer) throws -> String { try #require(answer["X-Request-Id"]) }

    /// Its header fields without what differs from request to request, and from id to id.
    private func shape(of answer: Answer) throws -> [String] {
        answer.headers.fields.map {
            ["X-Request-Id", "Content-Length"].contains($0.name) ? $0.name : "\($0.name): \($0.value)"
        }
    }

    @Test(arguments: ["is_public=none", "is_public=false", ""])
    func `a marker that is another's private image is unknown, as one that is not there`(query: String) throws {
        let hidden = try send("bob", "GET", "/images/?\(query)&marker=private")
        let missing = try send("bob", "GET", "/images/?\(query)&marker=nobody!")

        #expect(hidden.status == 400)
        #expect(hidden.text.replacing("private", with: "nobody!") == missing.text)
    }

    @Test func `two users whose names look the same are two`() throws {
        _ = try post("\u{FC}", "composed")
        #expect(try send("\u{FC}", "HEAD", "/images/composed").status == 200)

        #expect(try send("u\u{308}", "HEAD", "/images/composed").status == 404)
        #expect(try send("u\u{308}", "GET", "/images/?is_public=false").ids == [])
        #expect(try send("Alice", "HEAD", "/images/private").status == 404)
    }

    @Test(arguments: ["Basic realm=\"Glance\"", "Keystone uri=\"http://keystone:5000/v3\"", ""])
    func `who has to log in is told how, as nginx says`(challenge: String) throws {
        let answer = try glance.send(
            "DELETE", "/images/public", gateway: Dictionary.login(nil).merging(["IDENTITY_CHALLENGE": challenge]) { $1 }
        )

        #expect(answer.status == 401)
        #expect(answer["WWW-Authenticate"] == (challenge.isEmpty ? nil : challenge))
    }

    @Test(arguments: ["IDENTITY", "IDENTITY_USER", "IDENTITY_ADMIN", "IDENTITY_CHALLENGE"])
    func `where nginx is not set up nobody gets anything, and the operator learns why`(missing: String) throws {
        let gateway = Dictionary.login("root").merging([missing: String?.none]) { $1 }
        for (method, path) in [("GET", "/"), ("HEAD", "/images/public"), ("DELETE", "/images/public")] {
            let answer = try glance.send(method, path, ["Identity-User": "root"], gateway: gateway)

            #expect(answer.status == 500)
            #expect(method == "HEAD" || answer.text.contains("web server is not set up"))
        }
        #expect(glance.reports.all.count == 3)
        #expect(glance.reports.all.allSatisfy { $0.reason.contains("nginx is not set up for identity = nginx") })
        #expect(try glance.status(of: "public") == .available)
    }

    @Test(arguments: ["0", "", "true", "01", " 1"]) func `an admin is who nginx says is one`(word: String) throws {
        let answer = try glance.send(
            "DELETE", "/images/private",
            gateway: Dictionary.login("eve").merging(["IDENTITY_ADMIN": word]) { $1 })

        #expect(answer.status == 404)
    }

    @Test func `an admin without a name is nobody`() throws {
        let nobody = Dictionary.login("").merging(["IDENTITY_ADMIN": "1"]) { $1 }

        #expect(try glance.send("HEAD", "/images/private", gateway: nobody).status == 404)
        #expect(try glance.send("DELETE", "/images/private", gateway: nobody).status == 401)
    }

    @Test(arguments: [
        "eve\n", "eve\u{1}", "\u{85}", "\u{7F}", " eve", "eve\t", String(repeating: "e", count: 256), "\u{FFFD}",
    ])
    func `a name that is none ends the request`(name: String) throws {
        for method in ["GET", "POST"] {
            let answer = try send(name, method, "/images/")

            #expect(answer.status == 400)
            #expect(answer.text.contains("user"))
        }
    }

    @Test func `bytes that are no text make no user`() throws {
        var request = SCGIText("GET", "/images/")
        for (name, value) in Dictionary.login("XX") { request[name] = value }
        let bytes = request.block.replacing(Array("XX".utf8), with: [0xFF, 0xFE])

        #expect(try glance.exchange(SCGIText.netstring(bytes), isAll: false).status == 400)
    }

    @Test func `a NUL in a name makes a second parameter, and ends the request`() throws {
        for name in ["eve\0IDENTITY_ADMIN\01", "\0IDENTITY_USER\0root", "eve\0IDENTITY\0nginx"] {
            let answer = try glance.exchange(
                {
                    var text = SCGIText("GET", "/images/private")
                    for (key, value) in Dictionary.login(name) { text[key] = value }
                    return text.bytes
                }(),
                isAll: false)

            #expect(answer.status == 400)
            #expect(answer.text.contains("came twice"))
        }
    }

    @Test(arguments: [
        "X-User", "Remote-User", "IDENTITY_USER", "Identity-User", "Identity_Admin", "Identity", "X-Identity-User",
        "X-Identity-Admin", "Authorization",
    ])
    func `no header of a client's makes anybody of it`(name: String) throws {
        for value in ["alice", "root", "1", "nginx"] {
            #expect(try send(nil, "HEAD", "/images/private", [name: value]).status == 404)
            #expect(try send("bob", "DELETE", "/images/private", [name: value]).status == 404)
            #expect(try send(nil, "POST", "/images/", [name: value]).status == 401)
        }
    }

    @Test(arguments: ["bob", "alice", "root"]) func `its id is taken for all`(user: String) throws {
        #expect(try post(user, "private", body: .unsent(1 << 20)).status == 409)
    }

    @Test func `another's public image is refused before the body`() throws {
        _ = try post("alice", "queued", ["x-image-meta-is_public": "true"])

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

extension [String: String?] {
    /// What nginx sets where it asks users who they are; nil is somebody who does not say it.
    static func login(_ user: String?) -> Self {
        [
            "IDENTITY": "nginx", "IDENTITY_USER": user ?? "", "IDENTITY_ADMIN": user == "root" ? "1" : "0",
            "IDENTITY_CHALLENGE": "Test",
        ]
    }
}
