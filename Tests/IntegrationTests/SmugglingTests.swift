import Foundation
import Testing

/// Requests that two readers could understand in two ways, sent to a real nginx byte by byte.
@Suite struct SmugglingTests {
    private let site: Site

    init() throws {
        site = try Site.shared.get()
    }

    private static let described = "x-image-meta-name: n\r\nx-image-meta-type: raw\r\n"

    @Test(arguments: [
        "Content-Length: 5\r\nContent-Length: 6", "Content-Length: 5\r\nContent-Length: 5", "Content-Length: 5, 5",
        "Content-Length: -5", "Content-Length: +5", "Content-Length: 0x5", "Content-Length: 5 5", "Content-Length: 5;",
        "Content-Length: 99999999999999999999", "Content-Length: 9223372036854775808",
        "Content-Length: 5\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 5",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked, chunked",
        "Transfer-Encoding: identity", "Transfer-Encoding: xchunked", "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", "Transfer-Encoding:\u{B}chunked",
    ])
    func `a length that can be understood in two ways is refused, and nothing behind it is a request`(field: String)
        throws
    {
        let name = UUID().uuidString
        let answer = try HeldRequest(
            site,
            "POST /images HTTP/1.1\r\nHost: x\r\nx-image-meta-name: \(name)\r\nx-image-meta-type: raw\r\n\(field)\r\n\r\n"
                + "0\r\n\r\nPOST /images HTTP/1.1\r\nHost: x\r\nx-image-meta-name: \(name)\r\nx-image-meta-type: raw\r\n"
                + "Connection: close\r\n\r\n"
        ).answer()

        #expect(answer.hasPrefix("HTTP/1.1 400 ") || answer.hasPrefix("HTTP/1.1 501 "), "\(answer)")
        #expect(answer.matches(of: #/HTTP/1\.1 /#).count == 1)
        #expect(try site.curl("/images/?is_public=none&name=\(name)").ids() == [])
    }

    @Test(arguments: [
        "Content_Length: 2", "X-Content-Length: 2", "BODY_LENGTH: 2", "Body-Length: 2", "Content-Length : 2",
    ])
    func `a header that only looks like a length is none`(field: String) throws {
        let answer = try HeldRequest(
            site,
            "POST /images HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\(Self.described)\(field)\r\nContent-Length: 5\r\n\r\n12345"
        ).answer()

        let isWhole = answer.hasPrefix("HTTP/1.1 200 ") && answer.contains("\"size\": \"5\"")
        #expect(isWhole || answer.hasPrefix("HTTP/1.1 400 "), "\(answer)")
    }

    @Test(arguments: [
        "GET /images/ HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n", "GET /images/\0 HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /images/x\u{1}y HTTP/1.1\r\nHost: x\r\n\r\n", "GET  /images/ HTTP/1.1 x\r\nHost: x\r\n\r\n",
        "GET /images/ HTTP/9.9\r\nHost: x\r\n\r\n", "GET /images/%00 HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /images/ HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", "GET /images/ HTTP/1.1\r\nHost: x/y\r\n\r\n",
        "GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", "{\"image\": {}}\r\n\r\n",
    ])
    func `what is no proper request is 400 from nginx`(request: String) throws {
        let answer = try HeldRequest(site, request).answer()

        #expect(answer.hasPrefix("HTTP/1.1 400 ") || answer.hasPrefix("HTTP/1.1 505 "), "\(answer)")
    }

    @Test(arguments: [" ", "\t"]) func `a header that goes on in the next line is refused`(fold: String) throws {
        let name = UUID().uuidString
        let answer = try HeldRequest(
            site,
            "POST /images HTTP/1.1\r\nHost: x\r\nx-image-meta-type: raw\r\nx-image-meta-name: \(name)\r\n\(fold)two\r\n\r\n"
        ).answer()

        #expect(answer.hasPrefix("HTTP/1.1 400 "))
        #expect(answer.contains("the request is not valid HTTP"))
        #expect(try site.curl("/images/?is_public=none&name=\(name)").ids() == [])
    }

    @Test func `a refused upload's bytes are no request`() throws {
        let inner = "DELETE /images/\(UUID().uuidString) HTTP/1.1\r\nHost: x\r\n\r\n"
        let held = try HeldRequest(
            site,
            "POST /images HTTP/1.1\r\nHost: x\r\nx-image-meta-type: none\r\nx-image-meta-name: n\r\n"
                + "Content-Length: \(inner.utf8.count)\r\n\r\n\(inner)"
                + "GET /images/?limit=0 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

        let answer = held.answer()

        #expect(answer.hasPrefix("HTTP/1.1 400 "))
        #expect(!answer.contains("HTTP/1.1 404"))
    }

    @Test(arguments: ["", "?x", "/", "/../images/", "%2f", "/%2e%2e/%2e%2e/registry.sqlite"])
    func `no path leads into the locations behind, whatever the method`(suffix: String) throws {
        for place in [
            "/_glance/images", "/_glance/chunked", "/_glance/error/text", "/_glance/error/json", "/%5fglance/images",
        ] {
            for method in ["GET", "PUT", "POST"] {
                let answer = try site.curl(place + suffix, ["-X", method])
                #expect([400, 404].contains(answer.status), "\(method) \(place)\(suffix)")
            }
        }
    }

    @Test func `where the files are is told to nobody`() throws {
        let id = try #require(try site.add("secret").json("image", "id") as? String)

        for arguments in [
            [], ["-r", "0-1"], ["-r", "99-"], ["-H", "If-Match: *"], ["-H", "If-None-Match: *"], ["-I"],
        ] {
            let answer = try site.curl("/images/\(id)", arguments)
            let head = answer.headers.map { "\($0.name): \($0.value)" }.joined(separator: "\n")
            #expect(!head.contains("accel") && !head.contains("_glance") && !head.contains("x-glance-"), "\(head)")
            #expect(!head.contains(site.directory))
            #expect(answer["server"] == "nginx")
        }
    }

    @Test func `what a client writes is one line of a log, and no more`() throws {
        let mark = UUID().uuidString
        let answer = try HeldRequest(
            site,
            "GET /images/?\(mark)=\"}%0a{\"time\":\"forged\" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                + "User-Agent: a\"}\\\u{1B}[2J{\"forged\":1\r\nRange: \u{7F}\"\r\n\r\n"
        ).answer()
        #expect(answer.contains("HTTP/1.1 "))

        let lines = try site.accessLines(with: mark)

        #expect(lines.count == 1)
        let entry = try JSONSerialization.jsonObject(with: Data(lines[0].utf8)) as? [String: Any]
        #expect(entry?["forged"] == nil && entry?["uri"] != nil)
        #expect(lines[0].utf8.allSatisfy { $0 >= 0x20 })
    }
}
