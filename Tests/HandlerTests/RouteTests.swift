import Testing

/// Which path answers which method.
struct RouteTests {
    private let glance: Glance

    init() throws {
        glance = try Glance()
        try glance.add("a", ["x-image-meta-is_public": "true"], body: "data")
    }

    @Test(arguments: ["/", "/images", "/images/", "/images/detail", "/images/detail/"])
    func `a list answers at once under every spelling`(path: String) throws {
        let answer = try glance.send("GET", path)

        #expect(answer.status == 200)
        #expect(answer.ids == ["a"])
        #expect((answer.json["images"].elements[0]["status"] == "available") == path.contains("detail"))
    }

    @Test(arguments: ["/images/a", "/images/a/", "/images/%61"])
    func `an image answers under every spelling`(path: String) throws {
        #expect(try glance.send("HEAD", path)["x-image-meta-id"] == "a")
        #expect(try glance.send("GET", path)["X-Accel-Redirect"] != nil)
        #expect(try glance.send("PUT", path, ["x-image-meta-name": "new"]).image["name"] == "new")
        #expect(try glance.send("DELETE", path).status == 200)
        #expect(try glance.status(of: "a") == .deleted)
    }

    @Test(arguments: ["/images", "/images/"]) func `an image is added under either spelling`(path: String) throws {
        let answer = try glance.send("POST", path, ["x-image-meta-name": "n", "x-image-meta-type": "raw"], body: "d")

        #expect(answer.status == 200)
        #expect(answer["Location"] == "http://glance.example.com/images/1")
    }

    @Test func `a delete answers with an empty body`() throws {
        let answer = try glance.send("DELETE", "/images/a")

        #expect(answer.status == 200)
        #expect(answer.body.isEmpty)
        #expect(answer["Content-Length"] == "0")
    }

    @Test(arguments: ["/", "/images/", "/images/detail", "/images/a"])
    func `HEAD answers as GET without the body`(path: String) throws {
        let head = try glance.send("HEAD", path)
        let get = try glance.send("GET", path)

        #expect(head.status == 200)
        #expect(head["Content-Type"] == get["Content-Type"])
    }

    @Test(arguments: [
        ("POST", "/", "GET, HEAD"),
        ("DELETE", "/images", "GET, HEAD, POST"),
        ("PUT", "/images/", "GET, HEAD, POST"),
        ("OPTIONS", "/images/", "GET, HEAD, POST"),
        ("POST", "/images/detail", "GET, HEAD"),
        ("PUT", "/images/detail/", "GET, HEAD"),
        ("DELETE", "/images/detail", "GET, HEAD"),
        ("POST", "/images/a", "GET, HEAD, PUT, DELETE"),
        ("PATCH", "/images/a/", "GET, HEAD, PUT, DELETE"),
        ("get", "/images/a", "GET, HEAD, PUT, DELETE"),
    ])
    func `another method is 405 with those that there are`(method: String, path: String, allowed: String) throws {
        let answer = try glance.send(method, path)

        #expect(answer.status == 405)
        #expect(answer["Allow"] == allowed)
        #expect(answer.text.contains(allowed))
    }

    @Test func `a POST that curl sent to a file's name says how to do better`() throws {
        let answer = try glance.send(
            "POST", "/images/disk.img", ["x-image-meta-name": "n", "x-image-meta-type": "raw"], body: .unsent(1 << 20))

        #expect(answer.status == 405)
        #expect(answer.text.contains("POST to /images"))
        #expect(answer.text.contains("curl -T"))
    }

    @Test(arguments: [
        "/image", "/images/a/b", "/images//", "//images", "/images//a", "/Images", "/images/a/file", "/v1/images",
        "images",
        "", "*", "http://glance.example.com/images", "/images/%zz", "/images/%ff", "/images/..%2fa", "/images/.",
        "/images/nobody", "/images/a%00", "/images/A",
    ])
    func `an unknown path is 404`(path: String) throws {
        let answer = try glance.send("GET", path)

        #expect(answer.status == 404)
        #expect(answer.text.contains("/images/"))
    }

    @Test(arguments: ["/images/?color=blue", "/images?", "/images/?&&=&x", "/images/a?limit=nonsense"])
    func `unknown query parameters are ignored`(uri: String) throws {
        #expect(try glance.send("GET", uri).status == 200)
    }

    @Test func `unknown query parameters are ignored however often they come`() throws {
        let answer = try glance.send("GET", "/images/?color=blue&color=red")

        #expect(answer.status == 200)
    }
}

/// The routes that are for operators, on a listener of their own.
struct OperatorRouteTests {
    private let glance: Glance

    init() throws {
        glance = try Glance()
    }

    private func sendHealth(_ method: String, _ path: String, to glance: Glance) throws -> Answer {
        try glance.send(method, path, gateway: ["LISTENER": "health"])
    }

    @Test(arguments: [("/healthz", "ok\n"), ("/readyz", "ready\n"), ("/healthz/", "ok\n"), ("/readyz/", "ready\n")])
    func `health and readiness answer a line`(path: String, line: String) throws {
        let answer = try sendHealth("GET", path, to: glance)

        #expect(answer.status == 200)
        #expect(answer.text == line)
        #expect(try sendHealth("HEAD", path, to: glance).status == 200)
    }

    @Test(arguments: ["/metrics", "/metrics/"]) func `metrics count what was answered`(path: String) throws {
        _ = try glance.send("GET", "/images/")
        _ = try glance.send("GET", "/nothing")
        _ = try glance.send("GET", "/nothing")

        let answer = try sendHealth("GET", path, to: glance)

        #expect(answer.status == 200)
        #expect(answer["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8")
        #expect(answer.text.contains("glance_requests_total{route=\"list\",status=\"200\"} 1\n"))
        #expect(answer.text.contains("glance_requests_total{route=\"other\",status=\"404\"} 2\n"))
    }

    @Test func `a store without room is not ready, and alive`() throws {
        let full = try Glance(["free_bytes_min": "9223372036854775807"])

        let answer = try sendHealth("GET", "/readyz", to: full)

        #expect(answer.status == 503)
        #expect(answer.text.contains("the store file has"))
        #expect(try sendHealth("GET", "/healthz", to: full).status == 200)
    }

    @Test(arguments: ["POST", "PUT", "DELETE"]) func `they are only read`(method: String) throws {
        let answer = try sendHealth(method, "/healthz", to: glance)

        #expect(answer.status == 405)
        #expect(answer["Allow"] == "GET, HEAD")
    }

    @Test(arguments: ["/healthz", "/readyz", "/metrics"]) func `clients do not find them`(path: String) throws {
        #expect(try glance.send("GET", path).status == 404)
        #expect(try glance.send("GET", path, ["Listener": "health"]).status == 404)
    }

    @Test(arguments: ["/", "/images/", "/images/detail", "/images/a", "/healthz/x"])
    func `images are not on their listener`(path: String) throws {
        try glance.add("a", body: "data")

        #expect(try sendHealth("GET", path, to: glance).status == 404)
    }
}
