import Foundation
import Testing

/// What tells users apart, and what does not, through nginx.
@Suite struct LoginTests {
    private static let names = [
        "X-User", "Remote-User", "IDENTITY_USER", "Identity-User", "Identity_User", "IDENTITY-ADMIN", "Identity_Admin",
        "Identity", "X-Identity-User", "X-Identity-Admin", "X_Identity_Admin", "Listener", "SCGI-Listener",
    ]

    @Test(arguments: IdentitySite.Mode.allCases)
    func `no header field makes a user or an admin of anybody`(mode: IdentitySite.Mode) throws {
        let site = try IdentitySite.shared(mode)
        let id = "spoof"
        try site.add(id, data: "secret", isPublic: false)
        let owner = try #require(try site.send(.owner, "HEAD", "/images/\(id)")["x-image-meta-owner"])

        for name in Self.names {
            for value in [owner, "admin", "1", "identity"] {
                let seen = try site.send(.nobody, "GET", "/images/\(id)", nil, [name: value])
                let removed = try site.send(.other, "DELETE", "/images/\(id)", nil, [name: value])
                let added = try site.send(.nobody, "POST", "/images", nil, [name: value, "x-image-meta-name": "n"])

                #expect(seen.status == 404, "\(name)")
                #expect(removed.status == 404, "\(name)")
                #expect(added.status == 401, "\(name)")
            }
        }
        #expect(try site.send(.owner, "GET", "/images/\(id)").text == "secret")
    }

    @Test(arguments: IdentitySite.Mode.allCases)
    func `an image carries the name of who added it`(mode: IdentitySite.Mode) throws {
        let site = try IdentitySite.shared(mode)
        let fields = ["x-image-meta-name": "n", "x-image-meta-type": "raw", "x-image-meta-owner": "admin"]

        let owner = try #require(
            try site.send(.other, "POST", "/images", nil, fields).json("image", "owner") as? String)

        let isID = owner.wholeMatch(of: /[0-9a-f]{32}/) != nil
        #expect(mode == .keystone ? isID : owner == "other")
    }

    @Test(arguments: IdentitySite.Mode.allCases)
    func `a chunked body is collected for users alone`(mode: IdentitySite.Mode) throws {
        let site = try IdentitySite.shared(mode)
        let fields = ["x-image-meta-name": "n", "x-image-meta-type": "raw", "x-image-meta-is_public": "true"]
        let chunked = ["-H", "Transfer-Encoding: chunked"]
        let id = "chunked-\(UUID().uuidString)"
        try site.add(id, data: nil, isPublic: true)
        let requests = [("POST", "/images", fields), ("PUT", "/images/\(id)", [:]), ("GET", "/images/\(id)", [:])]

        for (method, path, fields) in requests + [("GET", "/images/", [:]), ("DELETE", "/images/detail", [:])] {
            let nobody = try site.send(.nobody, method, path, "data", fields, chunked)

            // In nginx's own words: glance-api has not seen the request.
            #expect(nobody.status == 401, "\(method) \(path)")
            #expect(nobody.text.hasPrefix("401 Unauthorized: who you are"), "\(method) \(path)")
        }
        for (method, path, fields) in requests {
            #expect(try site.send(.owner, method, path, "data", fields, chunked).status == 200, "\(method) \(path)")
        }
    }

    @Test(arguments: [
        (IdentitySite.Mode.basic, "Authorization: Basic dXNlcjp3cm9uZw==", "Basic realm=\"Glance\""),
        (.basic, "Authorization: Basic YWRtaW46", "Basic realm=\"Glance\""),
        (.basic, "Authorization: Bearer user", "Basic realm=\"Glance\""),
        (.basic, "Authorization: Basic dXNlcgBJREVOVElUWV9BRE1JTgAxOng=", "Basic realm=\"Glance\""),
        (.service, "Authorization: Bearer eve", "Bearer"), (.keystone, "X-Auth-Token: nonsense", "Keystone uri="),
        (.keystone, "X-Auth-Token: \(String(repeating: "a", count: 2048))", "Keystone uri="),
        (.keystone, "X-Auth-Token: \(String(repeating: "a", count: 2049))", "Keystone uri="),
    ])
    func `who proves it wrongly is 401, and told how, even for what all may see`(
        mode: IdentitySite.Mode, field: String, challenge: String
    ) throws {
        let site = try IdentitySite.shared(mode)

        let text = try site.site.curl("/images/", ["-H", field])
        let json = try site.site.curl("/images/", ["-H", field, "-H", "Accept: application/json"])

        #expect(text.status == 401)
        #expect(text["www-authenticate"]?.hasPrefix(challenge) == true)
        #expect(text.count("www-authenticate") == 1)
        #expect(text.text.hasPrefix("401 Unauthorized: "))
        #expect(try json.json("error", "code") as? Int == 401)
    }

    @Test(
        arguments: [
            (IdentitySite.Mode.basic, "Basic realm=\"Glance\""), (.certificate, nil),
            (.service, "Bearer realm=\"Glance\""), (.keystone, "Keystone uri=\"http://127.0.0.1:"),
        ] as [(IdentitySite.Mode, String?)])
    func `who proves nothing is told how where it is needed`(mode: IdentitySite.Mode, challenge: String?) throws {
        let answer = try IdentitySite.shared(mode).send(.nobody, "DELETE", "/images/1")

        #expect(answer.status == 401)
        #expect(answer["www-authenticate"]?.prefix(challenge?.count ?? 0) == challenge.map { $0[...] })
    }

    @Test(arguments: [IdentitySite.Mode.service, .keystone])
    func `nobody can ask nginx's own question`(mode: IdentitySite.Mode) throws {
        let site = try IdentitySite.shared(mode)

        for path in ["/_glance/identity", "/_glance/identity/", "/_glance/error/identity/text"] {
            let answer = try site.send(.admin, "GET", path)

            #expect(answer.status == 404)
            #expect(answer["x-identity-user"] == nil)
        }
    }

    @Test func `a user whose name is an admin's in other letters is none`() throws {
        let site = try IdentitySite.shared(.basic)
        try run("htpasswd", ["-b", "-B", "\(site.site.directory)/etc/users", "ADMIN", "password"])
        try site.add("letters", data: nil, isPublic: false)

        let answer = try site.site.curl("/images/letters", ["-X", "DELETE", "-u", "ADMIN:password"])

        #expect(answer.status == 404)
        #expect(try site.site.curl("/images/", ["-u", "ADMIN:password"]).status == 200)
    }

    @Test(arguments: [
        ("/O=Test/CN=admin", 200), ("/CN=admin", 200), ("/O=Test/CN=ADMIN", 404), ("/CN=admin/O=Evil", 404),
        ("/O=x,CN=admin", 404), ("/O=x/CN=admin,CN=eve", 404), ("/CN=eve/CN=adminx", 404), ("/CN=admin+O=x", 404),
        ("/CN= admin", 404), ("/O=CN=admin", 404),
    ])
    func `a certificate's user is the CN at the end of its subject, and no other text`(
        subject: String, status: Int
    ) throws {
        let site = try IdentitySite.shared(.certificate)
        let id = "subject-\(UUID().uuidString)"
        try site.add(id, data: nil, isPublic: false)

        let answer = try site.site.curl("/images/\(id)", ["-I"] + site.certificate(subject))

        #expect(answer.status == status)
    }

    @Test func `a certificate that another CA signed is refused`() throws {
        let site = try IdentitySite.shared(.certificate)
        let directory = try Site.newDirectory()
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let others = try ClientCertificates(in: directory)

        let answer = try site.site.curl("/images/", others.arguments(others.make("/CN=admin")))

        #expect(answer.status == 400)
        #expect(answer.text.contains("certificate"))
    }

    @Test func `a certificate that ran out is refused`() throws {
        let site = try IdentitySite.shared(.certificate)

        let answer = try site.site.curl("/images/", site.certificate("/CN=admin", days: -1))

        #expect(answer.status == 400)
        #expect(answer.text.contains("certificate"))
    }

    @Test func `what nginx tells an identity service, no client can say in other letters`() throws {
        let site = try IdentitySite.shared(.service)
        let mark = UUID().uuidString
        let own = ["x-login-needed", "x-original-method", "x-original-uri", "x-request-id"]
        let others = [
            "X_Login_Needed", "x-login_needed", "X_LOGIN-NEEDED", "X_Original_Method", "X-Original_Method",
            "X_Original-Method", "X_Original_URI", "X-Original_URI", "X_Original-URI", "X_Request_Id", "X-Request_Id",
            "X_Request-Id", "Content_Length", "Transfer_Encoding",
        ]
        let fields = Dictionary(uniqueKeysWithValues: (own + others).map { ($0, "forged") }).merging(["X-Mark": mark]) {
            $1
        }

        #expect(try site.send(.owner, "GET", "/images/", nil, fields).status == 200)

        let question = try #require(site.questions.first { $0.contains(mark) })
        #expect(!question.contains("forged"))
        for name in own { #expect(question.lowercased().contains("\r\n\(name): ")) }
    }

    @Test func `an identity service that fails is 503, and nothing is done`() throws {
        let site = try IdentitySite.shared(.service)

        let answer = try site.site.curl("/images/", ["-H", "Authorization: Bearer broken"])

        #expect(answer.status == 503)
        #expect(answer["retry-after"] == "5")
        #expect(answer.text.contains("identity service does not answer"))
    }

    @Test func `a change leaves a line in the log, under the id that the client has`() throws {
        let site = try IdentitySite.shared(.basic)
        try site.add("audited", data: nil, isPublic: false)

        let answer = try site.send(.other, "DELETE", "/images/audited")

        let id = try #require(answer["x-request-id"])
        let line = try #require(try site.site.log().split(separator: "\n").first { $0.contains(id) })
        let fields = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(fields["level"] as? String == "audit")
        #expect(fields["event"] as? String == "delete")
        #expect(fields["by"] as? String == "user")
        #expect(fields["user"] as? String == "other")
        #expect(fields["image"] as? String == "audited")
        #expect(fields["status"] as? String == "404")
    }

    @Test func `a try with a wrong password leaves a line that says as whom`() throws {
        let site = try IdentitySite.shared(.basic)
        let mark = UUID().uuidString

        let answer = try site.site.curl("/images/\(mark)", ["-X", "DELETE", "-u", "ad\"min:wrong-\(mark)"])

        #expect(answer.status == 401)
        let line = try site.site.accessLines(with: mark)[0]
        let fields = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(fields["login"] as? String == "ad\"min")
        #expect(fields["method"] as? String == "DELETE")
        #expect(fields["status"] as? Int == 401)
        #expect(!line.contains("wrong"))
    }

    @Test func `a login means nothing where nobody is asked for one`() throws {
        let site = try Site.shared.get()

        let answer = try site.add("x", [:], ["-u", "eve:\u{1}", "-H", "X-Auth-Token: eve"])

        #expect(answer.status == 200)
        #expect(try answer.json("image", "owner") as? String == "")
    }
}
