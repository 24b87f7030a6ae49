import HTTP
import Testing

@Suite struct HeadersTests {
    private let headers = Headers([
        "X-Image-Meta-Is_Public": "True", "Accept": "text/plain", "x_image_meta_is_public": "no", "ACCEPT": "a, b",
    ])

    @Test(arguments: ["x-image-meta-is_public", "X-IMAGE-META-IS-PUBLIC", "x_image_meta_is_public"])
    func `names are the same whatever their case, and with - or _`(name: String) {
        #expect(headers[name] == "True")
        #expect(headers.all(name).map(\.value) == ["True", "no"])
    }

    @Test(arguments: ["x-image-meta-is.public", "x-image-meta-is-publi", "x-image-meta-is-publics", ""])
    func `other names are others`(name: String) {
        #expect(headers[name] == nil)
        #expect(headers.all(name).isEmpty)
        #expect(headers.joined(name) == nil)
    }

    @Test func `lines of one list count as one`() {
        #expect(headers.joined("accept") == "text/plain, a, b")
    }

    @Test func `all of a name's fields go at once`() {
        var headers = headers

        headers.remove("X_IMAGE-META_IS-PUBLIC")

        #expect(headers.fields.map(\.name) == ["Accept", "ACCEPT"])
    }

    @Test func `folding touches the letters of ASCII and dashes alone`() {
        #expect(Headers.folded("X-Ä_Z.1@[`{") == "x_Ä_z.1@[`{")
    }
}

@Suite struct ResponseHeadTests {
    @Test func `a head is a status line, fields in order, and a blank line`() {
        let response = Response(.partialContent, headers: Headers(["B": "2", "A": "", "B": "ü"]))

        #expect(
            text(response.head(prefix: "HTTP/1.1 ")) == "HTTP/1.1 206 Partial Content\r\nB: 2\r\nA: \r\nB: ü\r\n\r\n")
    }

    @Test(arguments: ["\r\n", "\n", "\r", "\u{0}", "\u{B}", "\u{7F}", "\r\n\r\n"])
    func `no value splits an answer in two`(end: String) {
        let response = Response(.ok, headers: Headers(["X-Name": "disk\(end)Set-Cookie: a=b"]))

        let blanks = String(repeating: " ", count: end.utf8.count)
        #expect(
            text(response.head(prefix: "Status: ")) == "Status: 200 OK\r\nX-Name: disk\(blanks)Set-Cookie: a=b\r\n\r\n")
    }

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}

@Suite struct AcceptTests {
    @Test(arguments: [
        "application/json", "Application/JSON", "text/html, application/json", "application/json; charset=utf-8",
        "text/plain;q=0.5, application/json", "text/plain; q=0.5, application/json; q=0.6",
        "text/plain;q=0,application/json",
    ])
    func `JSON is preferred`(accept: String) {
        #expect(prefersJSON(accept))
    }

    @Test(arguments: [
        nil, "", "*/*", "text/html", "text/plain", "application/json;q=0", "application/json, text/plain",
        "application/json;q=0.4, text/plain;q=0.5", "application/jsonp", ",", ";q=1",
    ])
    func `plain text is preferred`(accept: String?) {
        #expect(!prefersJSON(accept))
    }
}
