import Testing

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
        let glance = try Glance()

        let answer = try glance.send("GET", "/images/", gateway: ["SERVER_ADDR": "192.0.2.7"])

        #expect(glance.reports.all.map(\.requestID) == [answer["X-Request-Id"]])
        #expect(try #require(glance.reports.all.first).reason.contains("open = true"))
    }

    @Test func `where nginx asks users who they are, nobody is the operator`() throws {
        let glance = try Glance(["open": "true"])

        let answer = try glance.send("GET", "/images/", gateway: .login("eve"))

        #expect(answer.status == 500)
        #expect(try #require(glance.reports.all.first).reason.contains("identity = nginx"))
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
