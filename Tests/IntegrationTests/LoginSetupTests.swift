import Foundation
import Testing

/// nginx set up wrongly, or for less than it could do.
@Suite struct LoginSetupTests {
    private func set(_ site: Site, identity: String) throws {
        try site.includeIdentity(identity)
        try site.reloadNginx()
    }

    @Test func `a forgotten include lets nobody in, and the log says what is missing`() throws {
        let site = try Site(["--store", "file", "--identity", "basic"])
        try set(site, identity: "none")

        for path in ["/", "/images/", "/images/detail", "/images/1"] {
            #expect(try site.curl(path, ["--netrc-file", "\(site.directory)/admin.netrc"]).status == 500)
        }
        #expect(try site.log().contains("nginx is not set up for identity = nginx: include"))
    }

    @Test func `a user that nginx did not check cannot smuggle parameters in`() throws {
        let site = try Site(["--store", "file", "--identity", "basic"])
        try site.configureNginx("identity-basic.conf") { text in
            text.replacing(/(?m)^auth_basic.*$/, with: "").replacing("$glance_basic_user", with: "$remote_user")
        }
        try site.reloadNginx()

        for name in [
            "eve\0IDENTITY_ADMIN\u{0}1", "\0IDENTITY_USER\0admin", "eve\0LISTENER\0identity", "eve\n", "\u{85}",
        ] {
            let login = Data("\(name):x".utf8).base64EncodedString()
            let answer = try site.curl("/images/", ["-H", "Authorization: Basic \(login)"])

            #expect(answer.status == 400, "\(name)")
        }
    }

    @Test func `parameters that nginx sets twice end the request`() throws {
        for name in ["IDENTITY", "IDENTITY_USER", "IDENTITY_ADMIN", "IDENTITY_CHALLENGE"] {
            let site = try Site(["--store", "file", "--identity", "basic"])
            try site.configureNginx("identity-basic.conf") { "\($0)\nscgi_param \(name) 1;\n" }
            try site.reloadNginx()

            let answer = try site.curl("/images/")

            #expect(answer.status == 400)
            #expect(answer.text.contains("\(name) came twice"))
        }
    }

    @Test func `what deploy/up prints of users works as it is, with curl and with glance`() throws {
        let site = try Site(["--store", "file", "--identity", "basic"])
        let told = try site.up().text
        let places = try #require(told.firstMatch(of: /passwords: (\S+)\/user\.netrc, other\.netrc and admin\.netrc\./))
        let line = try #require(told.firstMatch(of: /(?m)^ +(curl --netrc-file .*)$/))

        let added = try run("sh", ["-c", "\(line.1)"])

        #expect(
            added.text.contains("\"owner\": \"user\"") || added.text.contains("\"owner\":\"user\""), "\(added.text)")
        let glance = try GlanceCommand(url: site.url)
        for user in ["user", "other", "admin"] {
            let netrc = "\(places.1)/\(user).netrc"
            let mode = try FileManager.default.attributesOfItem(atPath: netrc)[.posixPermissions] as? Int
            let output = try glance(
                "add", "--name", user, "--type", "raw", "--json", environment: ["GLANCE_NETRC": netrc])

            #expect(mode == 0o600)
            #expect(output.status == 0, "\(output.errors)")
            let image = try JSONSerialization.jsonObject(with: Data(output.text.utf8)) as? [String: Any]
            #expect(image?["owner"] as? String == user)
        }
    }

    @Test func `a certificate that was taken back is refused`() throws {
        let site = try Site(["--store", "file", "--identity", "basic", "--tls"])
        let certificates = try ClientCertificates(in: "\(site.directory)/tls")
        let (good, bad) = (try certificates.make("/CN=ann"), try certificates.make("/CN=eve"))
        let list = try certificates.revoke(bad)
        try site.configureNginx("identity-certificate.conf") {
            $0.replacing(/# ssl_crl .*;/, with: "ssl_crl \(list);")
        }
        try set(site, identity: "certificate")

        let taken = try site.add("x", [:], certificates.arguments(good))
        let refused = try site.curl("/images/", certificates.arguments(bad))

        #expect(try taken.json("image", "owner") as? String == "ann")
        #expect(refused.status == 400)
        #expect(refused.text.contains("certificate"))
    }

    /// A Keystone that gives every token the role `admin` in its project, and takes it for the user's name.
    @Test func `an admin is whose token has one of the roles that are named, and no other`() throws {
        let site = try Site(["--store", "file", "--identity", "basic"])
        let keystone = try IdentityService { head in
            let token = head.firstMatch(of: /X-Subject-Token: (\S+)/)?.1 ?? ""
            let body = """
                {"token": {"user": {"id": "\(token)"}, "roles": [{"id": "1", "name": "admin"}],
                "expires_at": "2999-01-01T00:00:00.000000Z"}}
                """
            return "200 OK\r\nConnection: close\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        }
        try set(site, identity: "keystone")
        let own = try String(contentsOfFile: "\(site.directory)/etc/glance-api.conf", encoding: .utf8)

        for (line, status) in [
            ("", 200), ("keystone_admin_roles = member admin\n", 200), ("keystone_admin_roles = operator Admin\n", 404),
            ("keystone_admin_roles =\n", 404),
        ] {
            let url = "http://127.0.0.1:\(keystone.port)/v3"
            try site.edit("glance-api.conf") { _ in "\(own)keystone_url = \(url)\n\(line)" }
            try site.reload()
            let id = "of-ann-\(UUID().uuidString)"
            #expect(try site.add("x", ["x-image-meta-id": id], ["-H", "X-Auth-Token: ann"]).status == 200)

            let answer = try site.curl("/images/\(id)", ["-H", "X-Auth-Token: bob"])

            #expect(answer.status == status, "\(line)")
        }
    }

    @Test func `a Keystone that is away is 503, and who has no token is served`() throws {
        let site = try Site(["--store", "file", "--identity", "basic"])
        let file = "\(site.directory)/etc/glance-api.conf"
        let settings = try String(contentsOfFile: file, encoding: .utf8)
        try "\(settings)keystone_url = http://127.0.0.1:\(freePort())/v3\n"
            .write(toFile: file, atomically: true, encoding: .utf8)
        try site.reload()
        try set(site, identity: "keystone")

        let token = try site.curl("/images/", ["-H", "X-Auth-Token: some", "-H", "Accept: application/json"])

        #expect(token.status == 503)
        #expect(token["retry-after"] == "5")
        #expect(try token.json("error", "request_id") as? String == token["x-request-id"])
        #expect(try site.curl("/images/").status == 200)
        let log = try site.log()
        #expect(log.contains("who a client is cannot be found out: Keystone does not work"))
    }

    @Test func `who asks too much is 429 for a while`() throws {
        let site = try Site(["--store", "file", "--identity", "basic"])
        try site.configureNginx("glance.conf") { $0.replacing("rate=100r/s", with: "rate=1r/m") }
        try site.configureNginx("limits.conf") { $0.replacing("burst=400", with: "burst=1") }
        try site.reloadNginx()

        let answers = try (0..<3).map { _ in try site.curl("/images/") }

        #expect(answers.map(\.status) == [200, 200, 429])
        #expect(answers[2]["retry-after"] == "1")
        #expect(answers[2].text.hasPrefix("429 Too Many Requests: "))
    }

    @Test func `who has too much in hand is 429`() throws {
        let site = try Site(["--store", "file", "--identity", "basic"])
        try site.configureNginx("limits.conf") { $0.replacing("glance_transfers 64", with: "glance_transfers 1") }
        try site.reloadNginx()
        let netrc = try String(contentsOfFile: "\(site.directory)/user.netrc", encoding: .utf8).split(separator: " ")
        let login = Data("user:\(netrc[5].trimmingCharacters(in: .newlines))".utf8).base64EncodedString()
        let upload = try HeldRequest(
            site,
            "POST /images HTTP/1.1\r\nHost: x\r\nAuthorization: Basic \(login)\r\nContent-Length: 9\r\n"
                + "x-image-meta-id: held\r\nx-image-meta-name: n\r\nx-image-meta-type: raw\r\nConnection: close\r\n\r\n1234"
        )

        #expect(try eventually { try site.curl("/images/").status == 429 })
        try upload.send("56789")

        #expect(upload.answer().hasPrefix("HTTP/1.1 200 "))
        #expect(try eventually { try site.curl("/images/").status == 200 })
    }

    @Test func `users and their passwords are made once, for this user alone`() throws {
        let site = try Site(["--store", "file", "--identity", "basic"])
        func secrets() throws -> [String] {
            try ["user", "other", "admin"].map { name in
                let path = "\(site.directory)/\(name).netrc"
                let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
                #expect(mode == 0o600)
                return try String(contentsOfFile: path, encoding: .utf8)
            }
        }
        let before = try secrets()
        #expect(Set(before).count == 3)
        try run("\(Site.project)/deploy/down", ["--dir", site.directory])

        #expect(try site.up().status == 0)

        #expect(try secrets() == before)
        for name in ["user", "other", "admin"] {
            let added = try site.add("x", [:], ["--netrc-file", "\(site.directory)/\(name).netrc"])
            #expect(try added.json("image", "owner") as? String == name)
        }
    }

    @Test func `a request for another host is refused where the hosts are named`() throws {
        let site = try Site(["--store", "file", "--set", "hosts=127.0.0.1 images.example.com"])

        #expect(try site.curl("/images/").status == 200)
        #expect(try site.curl("/images/", ["-H", "Host: images.example.com"]).status == 200)
        let answer = try site.curl("/images/", ["-H", "Host: evil.example.com"])
        #expect(answer.status == 421)
        #expect(answer.text.contains("evil.example.com"))
    }
}
