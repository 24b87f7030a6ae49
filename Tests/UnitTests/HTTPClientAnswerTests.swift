import Bytes
import HTTP
import Sockets
import Testing

@testable import HTTPClient

@Suite struct HTTPClientAnswerTests {
    private let client: HTTPClient

    init() throws {
        client = HTTPClient()
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ""),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x\r\nllo\r\n0\r\nA: b\r\n\r\n", "hello"),
        ("HTTP/1.1 200 OK\r\n\r\nhello", "hello"), ("HTTP/1.1 200 OK\r\n\r\n", ""),
        ("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello and what nobody asked for", "hello"),
    ])
    func `a body ends by its length, its last chunk or the connection's end`(wire: String, body: String) throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.send(wire)
        }

        let answer = try client.send(ClientRequest("GET", "/a"), to: server.url)

        #expect(answer.status == 200)
        #expect(try text(of: answer) == body)
        #expect(server.story() == ["[GET /a HTTP/1.1]"])
    }

    @Test(arguments: [
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\nA: b\r\n\r\n",
        "HTTP/1.1 200 OK\n\nhello",
    ])
    func `an answer that is cut anywhere is the same`(wire: String) throws {
        let bytes = Array(wire.utf8)

        for cut in 0...bytes.count {
            #expect(try received([Array(bytes[..<cut]), Array(bytes[cut...])]) == "200 hello", "cut at \(cut)")
        }
        #expect(try received(bytes.map { [$0] }) == "200 hello")
    }

    @Test func `an answer that stops anywhere but at its end is no answer`() throws {
        for wire in [
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        ] {
            for count in 0..<wire.utf8.count {
                #expect(throws: HTTPClientError.closed, "\(count) bytes") {
                    try received([Array(wire.utf8.prefix(count))])
                }
            }
        }
    }

    @Test func `an answer's fields are there before its body is`() throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.send("HTTP/1.1 206 Partial Content\r\nETag: \"x\"\r\nContent-Length: 4\r\n\r\n")
            peer.waitForTest()
            try peer.send("body")
        }

        let answer = try client.send(ClientRequest("GET", "/"), to: server.url)

        #expect(answer.status == 206)
        #expect(answer.headers["etag"] == "\"x\"")
        #expect(answer.contentLength == 4)
        server.tell()
        #expect(try text(of: answer) == "body")
    }

    @Test(
        arguments: [
            "Content-Length: 10\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello",
            "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
            "Transfer-Encoding: chunked\r\n\r\n9\r\nhello",
        ], [true, false])
    func `a body that breaks off never ends`(rest: String, resets: Bool) throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.send("HTTP/1.1 200 OK\r\n\(rest)")
            peer.waitForTest()
            if resets { peer.reset() }
        }
        let answer = try client.send(ClientRequest("GET", "/"), to: server.url)
        let chunk = Chunk()
        var body = 0
        while body < 5 { body += try answer.read(into: chunk.bytes) }

        server.tell()

        #expect(body == 5)
        #expect(throws: HTTPClientError.closed) { try answer.read(into: chunk.bytes) }
        #expect(throws: HTTPClientError.closed, "still, when asked again") { try answer.read(into: chunk.bytes) }
    }

    @Test func `a body without a length that is reset is not whole`() throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.send("HTTP/1.1 200 OK\r\n\r\nhello")
            peer.waitForTest()
            peer.reset()
        }
        let answer = try client.send(ClientRequest("GET", "/"), to: server.url)
        let chunk = Chunk()
        _ = try answer.read(into: chunk.bytes)

        server.tell()

        #expect(throws: HTTPClientError.closed) { try answer.read(into: chunk.bytes) }
    }

    @Test func `a chunk that is none breaks the body off`() throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello")
        }
        let answer = try client.send(ClientRequest("GET", "/"), to: server.url)

        #expect(throws: HTTPClientError.malformed("a chunk has no size")) { try answer.bytes() }
        #expect(throws: HTTPClientError.malformed("a chunk has no size")) { try answer.bytes() }
    }

    @Test func `a short body is read up to its bound`() throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.answer("12345")
            try peer.readHead()
            try peer.answer("123456")
        }

        #expect(try client.send(ClientRequest("GET", "/"), to: server.url).bytes(bytesMax: 5).count == 5)
        #expect(throws: HTTPClientError.malformed("its body is longer than 5 bytes")) {
            try client.send(ClientRequest("GET", "/"), to: server.url).bytes(bytesMax: 5)
        }
    }

    @Test func `interim answers are skipped`() throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
            try peer.answer("final")
        }

        let answer = try client.send(ClientRequest("GET", "/"), to: server.url)

        #expect(answer.headers["link"] == nil)
        #expect(try text(of: answer) == "final")
    }

    @Test(arguments: [
        ("HTTP/1.1 100 Continue\r\n\r\n", "it has more than 16 interim answers before it"),
        ("X", "its header is longer than 65536 bytes"),
        ("X: y\r\n", "it does not begin with the status line of HTTP/1.1"),
    ])
    func `a server that never comes to the point is refused`(text: String, problem: String) throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            peer.sendForEver(text)
        }

        #expect(throws: HTTPClientError.malformed(problem)) {
            try client.send(ClientRequest("GET", "/"), to: server.url)
        }
    }

    @Test func `a header that does not end is refused`() throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.send("HTTP/1.1 200 OK\r\nX: ")
            peer.sendForEver("yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy")
        }

        #expect(throws: HTTPClientError.malformed("its header is longer than 65536 bytes")) {
            try client.send(ClientRequest("GET", "/"), to: server.url)
        }
    }

    @Test(arguments: ["220 mail.example.com ESMTP\r\n", "\u{15}\u{3}\u{3}\u{0}\u{2}\n", "<html>\n"])
    func `what is no HTTP is refused`(text: String) throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.send(text)
        }

        #expect(throws: HTTPClientError.malformed("it does not begin with the status line of HTTP/1.1")) {
            try client.send(ClientRequest("GET", "/"), to: server.url)
        }
    }

    @Test(arguments: ["", "HTTP/1.1 200 OK\r\nContent-"])
    func `a server that closes before its head is whole gave no answer`(start: String) throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.send(start)
        }

        #expect(throws: HTTPClientError.closed) { try client.send(ClientRequest("GET", "/"), to: server.url) }
        #expect(server.story() == ["[GET / HTTP/1.1]"], "and is not asked again on a new connection")
    }

    @Test(arguments: [true, false])
    func `a server that refuses a body amid it and closes is heard`(resets: Bool) throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.answer("too much", status: 413, "Connection: close\r\n")
            try peer.waitUntilArrived()
            if resets { peer.reset() }
        }
        // More than the buffers between two hosts hold.
        let request = ClientRequest("POST", "/", body: [UInt8](repeating: 0, count: 32 << 20))

        let answer = try client.send(request, to: server.url)

        #expect(answer.status == 413)
        #expect(try text(of: answer) == "too much")
    }

    private func text(of answer: ClientAnswer) throws -> String { String(decoding: try answer.bytes(), as: UTF8.self) }

    /// What a client makes of an answer that comes in these pieces.
    private func received(_ pieces: [[UInt8]]) throws -> String {
        let connection = HTTPConnection(PieceChannel(pieces), idleSecondsMax: 1)
        let head = try connection.readFinalHead()
        let framing = try BodyFraming(head, answering: "GET")
        let answer = ClientAnswer(head, framing, on: connection) { _ in }
        return "\(head.status) \(try text(of: answer))"
    }
}

/// A channel on which each read brings no more than one of the pieces, and which ends behind them.
private final class PieceChannel: Channel {
    let number: Int32 = -1
    var idleSeconds = 0
    private var pieces: [ArraySlice<UInt8>]

    init(_ pieces: [[UInt8]]) {
        self.pieces = pieces.filter { !$0.isEmpty }.map { $0[...] }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        guard let piece = pieces.first else { return 0 }
        let count = min(piece.count, buffer.count)
        buffer.copyBytes(from: piece.prefix(count))
        pieces[0] = piece.dropFirst(count)
        if pieces[0].isEmpty { pieces.removeFirst() }
        return count
    }

    func readNow(into buffer: UnsafeMutableRawBufferPointer) -> Int? { read(into: buffer) }

    func write(_ bytes: UnsafeRawBufferPointer) {}

    func writePart(_ bytes: UnsafeRawBufferPointer) -> Int { bytes.count }
}
