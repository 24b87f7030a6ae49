import HTTP
import Testing

@testable import HTTPClient

@Suite struct HTTPClientHeadTests {
    private static let statusLine = "it does not begin with the status line of HTTP/1.1"
    private static let badName = "a header line has no proper name"
    private static let badValue = "a header value has a control character"

    @Test func `a head is a status and fields, and the body lies behind it`() {
        let outcome = parse("HTTP/1.1 206 Partial Content\r\nContent-Length: 3\r\nX-a:\t b c \t\r\n\r\nabc")

        #expect(outcome == .complete("206 1.1", ["Content-Length=3", "X-a=b c"], body: "abc"))
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX: a\r\nX:\r\n\r\nabc\r\n\r\n", "HTTP/1.0 404\n\nbody",
        "HTTP/1.1 200 OK\nA: b\n\r\nbody", "HTTP/1.1 200 OK\r\nA: b\r\n", "HTTP/1.1 200 OK\r\n folded\r\n\r\n",
        "HTTP/2 200\r\n\r\n", "SSH-2.0-OpenSSH_9.2p1\r\n", "HTTP/1.1 200 OK\r\nA: \u{0}\r\n\r\n",
    ])
    func `a split at any byte changes nothing`(text: String) {
        let wire = Array(text.utf8)
        let whole = parse([wire])

        for cut in 0...wire.count {
            #expect(parse([Array(wire[..<cut]), Array(wire[cut...])]) == whole, "cut at \(cut)")
        }
        #expect(parse(wire.map { [$0] }) == whole)
    }

    @Test func `lines may end with a bare line feed`() {
        #expect(parse("HTTP/1.1 200 OK\nA: b\n\nbody") == .complete("200 1.1", ["A=b"], body: "body"))
    }

    @Test(arguments: ["HTTP/1.1 200", "HTTP/1.1 200 ", "HTTP/1.1 200 OK and more", "HTTP/1.1 200 200"])
    func `the words behind a status mean nothing and may be missing`(line: String) {
        #expect(parse("\(line)\r\n\r\n") == .complete("200 1.1", [], body: ""))
    }

    @Test(arguments: [
        "", " HTTP/1.1 200 OK", "HTTP/1.1", "HTTP/1.1 ", "HTTP/1.1 20", "HTTP/1.1 20 OK", "HTTP/1.1 2000",
        "HTTP/1.1  200",
        "HTTP/1.1 200OK", "HTTP/1.1 099 OK", "HTTP/1.1 600 OK", "HTTP/1.1 -20 OK", "HTTP/1.1 +20 OK", "HTTP/1.1 2x0 OK",
        "HTTP/1.1\t200 OK", "http/1.1 200 OK", "HTTP/1.2 200 OK", "HTTP/2.0 200 OK", "HTTP/0.9 200 OK", "ICY 200 OK",
        "HTTP/1.1 200\tOK", "A: b",
    ])
    func `what is no status line is refused`(line: String) {
        #expect(parse("\(line)\r\n\r\n") == .malformed(Self.statusLine))
    }

    @Test(arguments: [100, 199, 200, 204, 304, 404, 599])
    func `a status is of the first five hundreds`(status: Int) {
        #expect(parse("HTTP/1.0 \(status) x\r\n\r\n") == .complete("\(status) 1.0", [], body: ""))
    }

    @Test(arguments: [
        " folded: b", "\tfolded: b", "A : b", "A\t: b", ": b", "no colon", "A b: c", "A\u{0}: b", "Ä: b", "(A): b",
        "\r",
    ])
    func `a field without a proper name is refused`(line: String) {
        #expect(parse("HTTP/1.1 200 OK\r\nX: a\r\n\(line)\r\n\r\n") == .malformed(Self.badName))
    }

    @Test(arguments: ["\u{0}", "\u{1}", "\u{8}", "\u{B}", "a\rb", "\u{1B}[2J", "\u{7F}"])
    func `a value with a control character is refused`(value: String) {
        #expect(parse("HTTP/1.1 200 OK\r\nA: x\(value)y\r\n\r\n") == .malformed(Self.badValue))
    }

    @Test func `a value may have blanks, tabs, colons and letters of any alphabet inside`() {
        #expect(
            parse("HTTP/1.1 200 OK\r\nA: b: \t=Ü \r\nB:\r\n\r\n")
                == .complete("200 1.1", ["A=b: \t=Ü", "B="], body: ""))
    }

    @Test func `every character of a token is good for a name`() {
        let name = "!#$%&'*+-.^_`|~019azAZ"

        #expect(parse("HTTP/1.1 200 OK\r\n\(name): b\r\n\r\n") == .complete("200 1.1", ["\(name)=b"], body: ""))
    }

    @Test func `a head may be as long as the limit says and no longer`() {
        let wire = "HTTP/1.1 200 OK\r\nA: b\r\n\r\n"
        var limits = AnswerHeadParser.Limits()
        limits.headBytesMax = wire.utf8.count

        #expect(parse(wire + "body", limits) == .complete("200 1.1", ["A=b"], body: "body"))

        limits.headBytesMax -= 1
        #expect(parse(wire + "body", limits) == .malformed("its header is longer than 24 bytes"))
    }

    @Test func `a line that does not end is refused by its length`() {
        var limits = AnswerHeadParser.Limits()
        limits.headBytesMax = 100

        #expect(
            parse(String(repeating: "x", count: 101), limits) == .malformed("its header is longer than 100 bytes"))
        #expect(parse(String(repeating: "x", count: 100), limits) == .needMore)
    }

    @Test func `a head may have as many fields as the limit says and no more`() {
        var limits = AnswerHeadParser.Limits()
        limits.fieldsMax = 2

        #expect(
            parse("HTTP/1.1 200 OK\r\nA: 1\r\nA: 2\r\n\r\n", limits) == .complete("200 1.1", ["A=1", "A=2"], body: ""))
        #expect(
            parse("HTTP/1.1 200 OK\r\nA: 1\r\nA: 2\r\nA: 3\r\n\r\n", limits)
                == .malformed("it has more than 2 header fields"))
    }

    private func parse(_ text: String, _ limits: AnswerHeadParser.Limits = .init()) -> HeadOutcome {
        parse([Array(text.utf8)], limits)
    }

    private func parse(_ pieces: [[UInt8]], _ limits: AnswerHeadParser.Limits = .init()) -> HeadOutcome {
        var parser = AnswerHeadParser(limits: limits)
        do {
            for (index, piece) in pieces.enumerated() {
                let progress = try piece.withUnsafeBytes { try parser.consume($0) }
                guard case .complete(let head, let consumed) = progress else { continue }
                let body = piece[consumed...] + pieces[(index + 1)...].joined()
                return .complete(
                    "\(head.status) \(head.isVersion11 ? "1.1" : "1.0")",
                    head.headers.fields.map { "\($0.name)=\($0.value)" }, body: String(decoding: body, as: UTF8.self))
            }
            return .needMore
        } catch HTTPClientError.malformed(let problem) {
            return .malformed(problem)
        } catch {
            return .other(String(describing: error))
        }
    }
}

/// What a parser made of some pieces.
private enum HeadOutcome: Equatable {
    case needMore
    /// Status and version, each field as `name=value`, and what lies behind the head.
    case complete(String, [String], body: String)
    case malformed(String)
    case other(String)
}

@Suite struct HTTPClientFramingTests {
    @Test(
        arguments: [
            (["Content-Length": "0"], .fixed(0)), (["Content-Length": "9223372036854775807"], .fixed(.max)),
            (["content-length": "5", "CONTENT-LENGTH": "5"], .fixed(5)), ([:], .untilClose),
            (["Transfer-Encoding": "chunked"], .chunked), (["transfer-encoding": "CHUNKED"], .chunked),
        ] as [(KeyValuePairs<String, String>, BodyFraming)])
    func `the fields say how the body ends`(fields: KeyValuePairs<String, String>, framing: BodyFraming) throws {
        #expect(try BodyFraming(head(200, fields), answering: "GET") == framing)
    }

    @Test(arguments: [("HEAD", 200), ("HEAD", 404), ("GET", 204), ("PUT", 204), ("GET", 304)])
    func `some answers have no body, whatever their fields say`(method: String, status: Int) throws {
        #expect(try BodyFraming(head(status, ["Content-Length": "5"]), answering: method) == .none)
        #expect(try BodyFraming(head(status, ["Transfer-Encoding": "chunked"]), answering: method) == .none)
        #expect(try BodyFraming(head(status, [:]), answering: method) == .none)
    }

    @Test(
        arguments: [
            ["Content-Length": "5", "content-length": "6"], ["Content-Length": "5", "Content-Length": "05"],
            ["Content-Length": "5, 6"], ["Content-Length": "-1"], ["Content-Length": "+5"], ["Content-Length": ""],
            ["Content-Length": "0x5"], ["Content-Length": "5 5"], ["Content-Length": "9223372036854775808"],
        ] as [KeyValuePairs<String, String>])
    func `a length that is no number, or several, is refused`(fields: KeyValuePairs<String, String>) {
        #expect(throws: HTTPClientError.malformed("its Content-Length is no number, or several")) {
            try BodyFraming(head(200, fields), answering: "GET")
        }
    }

    @Test(
        arguments: [
            ["Transfer-Encoding": "chunked", "Content-Length": "5"], ["Transfer-Encoding": "gzip"],
            ["Transfer-Encoding": "gzip, chunked"], ["Transfer-Encoding": "chunked", "Transfer-Encoding": "chunked"],
            ["Transfer-Encoding": "identity"], ["Transfer-Encoding": ""], ["Transfer-Encoding": "chunked;x=y"],
        ] as [KeyValuePairs<String, String>])
    func `a coding other than chunked alone is refused`(fields: KeyValuePairs<String, String>) {
        #expect(throws: HTTPClientError.malformed("its Transfer-Encoding is not chunked alone")) {
            try BodyFraming(head(200, fields), answering: "GET")
        }
    }

    @Test(
        arguments: [
            ([:], true), (["Connection": "keep-alive"], true), (["Connection": "close"], false),
            (["Connection": "Close"], false), (["Connection": "keep-alive, close"], false),
            (["Connection": "upgrade,\tclose"], false), (["Connection": "x", "Connection": "close"], false),
            (["Connection": "closed"], true),
        ] as [(KeyValuePairs<String, String>, Bool)])
    func `a server of HTTP 1.1 keeps the connection unless it says close`(
        fields: KeyValuePairs<String, String>, keeps: Bool
    ) {
        #expect(head(200, fields).keepsConnection == keeps)
    }

    @Test func `a server of HTTP 1.0 keeps no connection`() {
        let head = AnswerHead(status: 200, headers: Headers(["Connection": "keep-alive"]), isVersion11: false)

        #expect(!head.keepsConnection)
    }

    private func head(_ status: Int, _ fields: KeyValuePairs<String, String>) -> AnswerHead {
        AnswerHead(status: status, headers: Headers(fields), isVersion11: true)
    }
}
