import HTTP
import Testing

@testable import HTTPClient

@Suite struct HTTPClientURLTests {
    @Test(arguments: [
        ("http://example.com", "http example.com 80 ", "example.com"),
        ("https://example.com/", "https example.com 443 ", "example.com"),
        ("HTTPS://Example.com:443", "https Example.com 443 ", "Example.com"),
        ("http://example.com:443/v1", "http example.com 443 /v1", "example.com:443"),
        ("https://example.com:80", "https example.com 80 ", "example.com:80"),
        ("http://10.0.0.1:8080/v1/AUTH_glance/", "http 10.0.0.1 8080 /v1/AUTH_glance", "10.0.0.1:8080"),
        ("http://[::1]", "http ::1 80 ", "[::1]"),
        ("http://[fe80::1%25eth0]/", "http fe80::1%25eth0 80 ", "[fe80::1%25eth0]"),
        ("https://[2001:db8::2]:65535/a//b%2Fc///", "https 2001:db8::2 65535 /a//b%2Fc", "[2001:db8::2]:65535"),
        ("http://h//", "http h 80 ", "h"), ("http://h:0080/x:y", "http h 80 /x:y", "h"),
    ])
    func `a URL is a scheme, a host, a port and a path`(text: String, parts: String, authority: String) throws {
        let url = try #require(ServerURL(text))

        #expect("\(url.isSecure ? "https" : "http") \(url.host) \(url.port) \(url.path)" == parts)
        #expect(url.authority == authority)
        #expect(ServerURL(url.description) == url)
    }

    @Test(arguments: [
        "", "http", "http:", "http:/", "http://", "http:///path", "https://:443", "example.com", "//example.com",
        "/v1", "ftp://example.com", "httpx://example.com", "http:example.com", " http://example.com",
    ])
    func `what is no absolute HTTP URL is none`(text: String) {
        #expect(ServerURL(text) == nil)
    }

    @Test(arguments: [
        "http://h:", "http://h:0", "http://h:65536", "http://h:-1", "http://h:+80", "http://h:http", "http://h:80:80",
        "http://::1", "http://::1:80", "http://[::1", "http://[]", "http://[]:80", "http://[::1]80", "http://[::1]:",
        "http://[::1]:x",
    ])
    func `a host and a port that are not right are refused`(text: String) {
        #expect(ServerURL(text) == nil)
    }

    @Test(arguments: ["user@h", "user:secret@h", "@h", "h/a@b", "h?x=y", "h/?", "h#x", "h/a?b=c"])
    func `a user, a query and a fragment are refused`(rest: String) {
        #expect(ServerURL("http://\(rest)") == nil)
        #expect(ServerURL("https://\(rest)") == nil)
    }

    @Test(arguments: [" ", "\t", "\r\n", "\u{0}", "\u{7F}", "ä", "\"", "<", ">", "\\", "^", "`", "{", "|", "}"])
    func `characters that no URL has are refused in host and path`(character: String) {
        #expect(ServerURL("http://a\(character)b/") == nil)
        #expect(ServerURL("http://host/a\(character)b") == nil)
    }

    @Test(arguments: [
        ("AZaz09-._~", "AZaz09-._~"), ("a b/c", "a%20b%2Fc"), ("100%", "100%25"), ("%20", "%2520"),
        ("?#[]@!$&'()*+,;=:", "%3F%23%5B%5D%40%21%24%26%27%28%29%2A%2B%2C%3B%3D%3A"),
        ("é€😀", "%C3%A9%E2%82%AC%F0%9F%98%80"),
        ("\u{0}\r\n\u{7F}", "%00%0D%0A%7F"), ("", ""),
    ])
    func `whatever is not unreserved is escaped`(text: String, encoded: String) {
        #expect(percentEncoded(text) == encoded)
    }

    @Test(arguments: ["a/b", "..", "100 %", "ä+ö&x=y", "\u{0}"])
    func `what was escaped for a path is the same again for whoever reads it`(text: String) {
        #expect(RequestTarget("/\(percentEncoded(text))").segments == [text])
    }
}

@Suite struct HTTPClientRequestTests {
    private let server: ServerURL

    init() throws {
        server = try #require(ServerURL("http://[::1]:8080/v1"))
    }

    @Test func `a head names the server and has the request's own fields behind it`() {
        let request = ClientRequest("GET", "/images/7?x=y", headers: Headers(["X-A": "b", "X-A": "c"]))

        #expect(
            text(request.head(for: server, request.bodyLength))
                == "GET /v1/images/7?x=y HTTP/1.1\r\nHost: [::1]:8080\r\nUser-Agent: glance\r\nX-A: b\r\nX-A: c\r\n\r\n"
        )
    }

    @Test(
        arguments: [
            (ClientRequest.BodyLength.none, false, []), (.fixed(0), false, ["Content-Length: 0"]),
            (.fixed(.max), true, ["Content-Length: 9223372036854775807", "Expect: 100-continue"]),
            (.chunked, true, ["Transfer-Encoding: chunked", "Expect: 100-continue"]),
        ] as [(ClientRequest.BodyLength, Bool, [String])])
    func `a head says how long the body is and whether it waits`(
        length: ClientRequest.BodyLength, expects: Bool, fields: [String]
    ) {
        let head = text(ClientRequest("PUT", "/a").head(for: server, length, expectsContinue: expects))

        #expect(
            head.split(separator: "\r\n").map(String.init)
                == ["PUT /v1/a HTTP/1.1", "Host: [::1]:8080", "User-Agent: glance"] + fields)
    }

    @Test(
        arguments: [
            ("GET", nil, .none), ("HEAD", nil, .none), ("DELETE", nil, .none), ("PUT", nil, .fixed(0)),
            ("POST", nil, .fixed(0)), ("GET", [], .fixed(0)), ("PUT", [1, 2, 3], .fixed(3)), ("DELETE", [1], .fixed(1)),
        ] as [(String, [UInt8]?, ClientRequest.BodyLength)])
    func `a method that usually has a body says so when it has none`(
        method: String, body: [UInt8]?, length: ClientRequest.BodyLength
    ) {
        #expect(ClientRequest(method, "/", body: body).bodyLength == length)
    }

    @Test(arguments: [
        ("GET", true), ("HEAD", true), ("PUT", true), ("DELETE", true), ("POST", false), ("PATCH", false),
        ("COPY", false), ("get", false),
    ])
    func `only what may happen twice is sent again`(method: String, isRepeatable: Bool) {
        #expect(ClientRequest(method, "/").isRepeatable == isRepeatable)
    }

    @Test func `nothing in a request makes a second line`() {
        let request = ClientRequest("GET", "/a\r\nX: y", headers: Headers(["A": "b\r\nC: d", "E\nF": "g\u{0}"]))

        #expect(
            text(request.head(for: server, .none)).split(separator: "\r\n").map(String.init)
                == [
                    "GET /v1/a  X: y HTTP/1.1", "Host: [::1]:8080", "User-Agent: glance", "A: b  C: d", "E F: g ",
                ])
    }

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
