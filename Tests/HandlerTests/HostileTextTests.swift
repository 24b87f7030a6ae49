import Testing

/// Text that means something to a database, a browser, a terminal or a file system, in every place that a client can
/// write to.
struct HostileTextTests {
    private let glance: Glance

    init() throws {
        glance = try Glance()
    }

    private static let hostile = [
        "'; DROP TABLE images; --", "\" OR 1=1 --", "x' UNION SELECT id FROM site --", "%27%3B--", "\\'; --", "?1",
        "$1",
        "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "../../etc/passwd", "${jndi:ldap://x}",
        "%s%n%x",
        "{{7*7}}", "`id`", "$(id)", "a\u{202E}b", "\u{FEFF}x", "\u{2028}x", "e\u{301}",
    ]

    @Test(arguments: hostile) func `it is a name and a property like any other`(text: String) throws {
        try glance.queue("kept", ["x-image-meta-is_public": "true"])

        try glance.queue(
            "x", ["x-image-meta-name": text, "x-image-meta-property-a": text, "x-image-meta-is_public": "true"])

        let image = try glance.send("GET", "/images/detail").json["images"].elements[1]
        #expect(image["name"] == .string(text))
        #expect(image["properties"]["a"] == .string(text))
        let found = percentEncoded(text)
        #expect(try glance.send("GET", "/images/?name=\(found)&property-a=\(found)").ids == ["x"])
        #expect(try glance.send("PUT", "/images/x", ["x-image-meta-property-b": text]).status == 200)
        #expect(try glance.send("HEAD", "/images/x").metadata["property-b"] == text)
        #expect(try glance.send("DELETE", "/images/x").status == 200)
        #expect(try glance.send("GET", "/images/").ids == ["kept"])
    }

    @Test(arguments: hostile) func `where it cannot stand it is refused, and nothing else happens`(text: String) throws
    {
        try glance.queue("kept", ["x-image-meta-is_public": "true"])

        for field in ["id", "type", "size", "store", "sha256"] {
            let answer = try glance.send(
                "POST", "/images/",
                ["x-image-meta-name": "n", "x-image-meta-type": "raw"].merging(["x-image-meta-\(field)": text]) { $1 })
            #expect(answer.status == 400, "\(field)")
        }
        for parameter in [
            "limit", "marker", "sort_key", "sort_dir", "is_public", "type", "status", "store", "size_min",
        ] {
            #expect(
                try glance.send("GET", "/images/?\(parameter)=\(percentEncoded(text))").status == 400, "\(parameter)")
        }
        for method in ["GET", "HEAD", "PUT", "DELETE"] {
            #expect(try glance.send(method, "/images/\(percentEncoded(text))").status == 404)
        }

        #expect(try glance.send("GET", "/images/?property-\(percentEncoded(text))=x").ids == [])
        #expect(try glance.send("GET", "/images/?is_public=none").ids == ["kept"])
    }

    @Test func `HTML in a name is data for a browser, whatever sends it`() throws {
        let html = "<script>alert(1)</script>"
        try glance.add("x", ["x-image-meta-name": html, "x-image-meta-is_public": "1"], body: .whole(Array(html.utf8)))

        for (path, headers, type) in [
            ("/images/", [:], "application/json"), ("/images/detail", [:], "application/json"),
            ("/images/x", ["If-Match": "*"], "application/octet-stream"),
            ("/images/\(percentEncoded(html))", [:], "text/plain; charset=utf-8"),
            ("/images/?limit=\(percentEncoded(html))", ["Accept": "application/json"], "application/json"),
        ] as [(String, [String: String], String)] {
            let answer = try glance.send("GET", path, headers)

            #expect(answer["Content-Type"] == type)
            #expect(answer["X-Content-Type-Options"] == "nosniff")
        }
    }

    @Test(arguments: [
        "/images/..", "/images/%2e%2e", "/images/%2e%2e%2fx", "/images/../images/x", "/images/.x", "/images/x%00",
        "/images/x%00.img", "/images/x/", "/images//x", "/images/x/.", "/images/x.", "/images/X", "/images/%C3%97",
        "/images/\u{FF58}", "/images/%EF%BD%98", "/images/x%20", "/images/%20x", "/images/x%0A", "/images/x%2F",
        "/images/x;y", "/images/%c0%ae", "/images/%", "/images/%zz", "/images/x\\..\\y", "//images/x", "/./images/x",
        "/images/\(String(repeating: "x", count: 256))", "/images/\(String(repeating: "%78", count: 9000))",
        "/IMAGES/x", "/images/detail/..", "http://x/images/x", "*", "",
    ])
    func `a path that only looks like an image's is not its path`(path: String) throws {
        try glance.add("x", body: "secret")
        let isSame = path == "/images/x/"

        for method in ["GET", "PUT", "DELETE"] {
            let answer = try glance.send(method, path, ["x-image-meta-name": "other"])

            #expect(answer.status == (isSame ? 200 : 404) || answer.status == 405, "\(method)")
            #expect(!answer.text.contains("secret"))
            #expect(!answer.text.contains(glance.directory))
        }
        #expect(try glance.send("HEAD", "/images/x").status == (isSame ? 404 : 200))
    }

    @Test(arguments: [
        "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "Forwarded", "X-Original-URL",
        "X-Rewrite-URL", "X-HTTP-Method-Override", "X-Host", "X-Accel-Redirect", "X-Glance-Headers",
    ])
    func `a header that other services trust does nothing`(name: String) throws {
        try glance.queue("x", ["x-image-meta-is_public": "1"])
        let plain = try glance.send("GET", "/images/detail", requestID: "same")

        let answer = try glance.send("GET", "/images/detail", [name: "https://evil.example.com/"], requestID: "same")

        #expect(answer.body == plain.body)
        #expect(answer.headers.fields == plain.headers.fields)
    }

    @Test(arguments: [
        "evil\r\nSet-Cookie: a=b", "evil/path", "evil?x", "evil#x", "user@evil", "<script>", "evil evil",
        "\"evil\"", "höst", String(repeating: "a", count: 260),
    ])
    func `a Host that is none is 400`(host: String) throws {
        try glance.queue("x", ["x-image-meta-is_public": "1"])

        for path in ["/images/", "/images/x"] {
            #expect(try glance.send("GET", path, gateway: ["HTTP_HOST": host]).status == 400)
        }
    }

    @Test func `public_url wins over any Host`() throws {
        let glance = try Glance(["public_url": "https://images.example.com"])
        try glance.queue("x", ["x-image-meta-is_public": "1"])

        let list = try glance.send("GET", "/images/", gateway: ["HTTP_HOST": "evil"])

        #expect(list.json["images"].elements[0]["uri"] == "https://images.example.com/images/x")
    }
}

private func percentEncoded(_ text: String) -> String {
    text.utf8.map { byte in
        let digits = String(byte, radix: 16)
        return "%" + (digits.count == 1 ? "0" : "") + digits
    }.joined()
}
