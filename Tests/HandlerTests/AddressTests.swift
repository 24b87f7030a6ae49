import Testing

/// The URI of an image: where this service is found, as its operator or else the request says.
struct AddressTests {
    private func uris(_ glance: Glance, _ gateway: [String: String?]) throws -> Set<String> {
        let fields = ["x-image-meta-id": "x", "x-image-meta-name": "n", "x-image-meta-type": "raw"]
        let added = try glance.send(
            "POST", "/images/", fields.merging(["x-image-meta-is_public": "true"]) { $1 }, body: "data",
            gateway: gateway)
        let head = try glance.send("HEAD", "/images/x", gateway: gateway)
        let list = try glance.send("GET", "/images/", gateway: gateway)
        let detail = try glance.send("GET", "/images/detail", gateway: gateway)
        return [
            try #require(added["Location"]), added.image["uri"].text, try #require(head["x-image-meta-uri"]),
            list.json["images"].elements[0]["uri"].text, detail.json["images"].elements[0]["uri"].text,
        ]
    }

    @Test(
        arguments: [
            ([:], "http://glance.example.com"),
            (["HTTP_HOST": "glance.example.com:9292"], "http://glance.example.com:9292"),
            (["HTTP_HOST": "[2001:db8::1]:9292"], "http://[2001:db8::1]:9292"),
            (["HTTP_HOST": "my_host-1"], "http://my_host-1"),
            (["REQUEST_SCHEME": "https"], "https://glance.example.com"),
            (["REQUEST_SCHEME": "gopher"], "http://glance.example.com"),
            (["HTTP_HOST": nil], "http://127.0.0.1:9292"),
            (["HTTP_HOST": ""], "http://127.0.0.1:9292"),
            (["HTTP_HOST": nil, "SERVER_ADDR": "::1", "SERVER_PORT": "80"], "http://[::1]:80"),
        ] as [([String: String?], String)])
    func `the same URI stands in every answer`(gateway: [String: String?], base: String) throws {
        #expect(try uris(Glance(), gateway) == ["\(base)/images/x"])
    }

    @Test(arguments: ["https://images.example.com", "https://images.example.com/", "http://example.com:81/glance//"])
    func `public_url comes before what the request says`(url: String) throws {
        let base = url.replacing(#/\/+$/#, with: "")

        #expect(try uris(Glance(["public_url": url]), ["HTTP_HOST": "other.example.com"]) == ["\(base)/images/x"])
    }

    @Test(arguments: [
        "a b", "evil.example.com/x", "user@host", "a\"b", "a<b>", "ü.example.com", "a,b", "a\\b", "a?b", "a#b",
    ])
    func `a Host that is none is 400`(host: String) throws {
        let glance = try Glance()
        try glance.add("x", body: "data")

        for (method, path) in [("GET", "/images/"), ("GET", "/images/x"), ("PUT", "/images/x"), ("POST", "/images/")] {
            let answer = try glance.send(
                method, path, ["x-image-meta-name": "n", "x-image-meta-type": "raw"], gateway: ["HTTP_HOST": host])

            #expect(answer.status == 400)
            #expect(answer.text.contains("Host"))
        }
    }

    @Test func `with public_url nobody looks at Host`() throws {
        let glance = try Glance(["public_url": "https://images.example.com"])

        #expect(try glance.send("GET", "/images/", gateway: ["HTTP_HOST": "a b"]).status == 200)
    }

    @Test(arguments: [
        ("images.example.com", true), ("images.example.com:9292", true), ("IMAGES.example.com", true),
        ("10.0.0.7:9292", true), ("[::1]", true), ("[::1]:80", true), ("10.0.0.7", false), ("10.0.0.7:80", false),
        ("evil.example.com", false), ("images.example.com.evil.com", false), ("images.example.com:9292x", false),
        ("xImages.example.com", false), ("[::2]", false), ("::1", false), ("images.example.com@evil.com", false),
    ])
    func `a host that is none of the hosts is refused, with public_url too`(host: String, isOurs: Bool) throws {
        for url in ["", "https://images.example.com"] {
            let glance = try Glance(["hosts": "Images.example.com 10.0.0.7:9292 [::1]", "public_url": url])
            let gateway = ["HTTP_HOST": host]

            let list = try glance.send("GET", "/images/", gateway: gateway)
            let health = try glance.send(
                "GET", "/healthz", gateway: gateway.merging(["LISTENER": "health"]) { $1 })

            #expect(list.status == (isOurs ? 200 : 421))
            #expect(isOurs || list.text.contains("hosts"))
            #expect(health.status == 200)
        }
    }

    @Test func `a request that names no host is for this one`() throws {
        let glance = try Glance(["hosts": "images.example.com"])

        #expect(try glance.send("GET", "/images/", gateway: ["HTTP_HOST": nil]).status == 200)
    }
}
