import Bytes
import HTTP
import Synchronization
import Testing

@testable import HTTPClient

@Suite struct HTTPClientKeptTests {
    private let client: HTTPClient

    init() throws {
        client = HTTPClient()
    }

    @Test(arguments: [
        ("GET", "200 OK\r\nContent-Length: 2\r\n\r\nok"), ("GET", "200 OK\r\nContent-Length: 0\r\n\r\n"),
        ("GET", "200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nA: b\r\n\r\n"),
        ("GET", "404 Not Found\r\nContent-Length: 2\r\n\r\nok"), ("HEAD", "200 OK\r\nContent-Length: 1000\r\n\r\n"),
        ("HEAD", "200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        ("GET", "304 Not Modified\r\nContent-Length: 9\r\n\r\n"),
        ("DELETE", "204 No Content\r\n\r\n"), ("POST", "201 Created\r\nContent-Length: 0\r\n\r\n"),
    ])
    func `a connection is used again behind a whole answer`(method: String, answer: String) throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.send("HTTP/1.1 \(answer)")
            try peer.readHead()
            try peer.answer("second")
        }

        _ = try client.send(ClientRequest(method, "/1"), to: server.url).bytes()

        #expect(try text(ClientRequest("GET", "/2"), to: server) == "second")
        #expect(server.story().map { $0.hasSuffix("][GET /2 HTTP/1.1]") } == [true])
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nConnection: x, Close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more than was asked for",
    ])
    func `a connection that ends with its answer is closed`(wire: String) throws {
        let server = try ScriptedServer(
            { peer in
                try peer.readHead()
                try peer.send(wire)
                try peer.readToEnd()
            }, Self.second)

        #expect(try text(ClientRequest("GET", "/1"), to: server) == "ok")

        #expect(try text(ClientRequest("GET", "/2"), to: server) == "second")
        #expect(server.story() == ["[GET /1 HTTP/1.1]<gone>", "[GET /2 HTTP/1.1]"])
    }

    @Test(arguments: [
        "Content-Length: 10\r\n\r\n", "Content-Length: 10\r\n\r\nhello", "Content-Length: 10\r\n\r\n0123456789",
        "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "\r\nhello",
    ])
    func `letting go of an answer before its end closes the connection`(rest: String) throws {
        let server = try ScriptedServer(
            { peer in
                try peer.readHead()
                try peer.send("HTTP/1.1 200 OK\r\n\(rest)")
                try peer.readToEnd()
            }, Self.second)

        #expect(try client.send(ClientRequest("GET", "/1"), to: server.url).status == 200)

        #expect(try text(ClientRequest("GET", "/2"), to: server) == "second")
        #expect(server.story() == ["[GET /1 HTTP/1.1]<gone>", "[GET /2 HTTP/1.1]"])
    }

    @Test func `a kept connection that the server has ended is not used again`() throws {
        let server = try ScriptedServer(
            { peer in
                try peer.readHead()
                try peer.answer("first")
                peer.waitForTest()
                peer.finishWriting()
                try peer.waitUntilArrived()
                peer.tell()
                try peer.readToEnd()
            }, Self.second)
        #expect(try text(ClientRequest("GET", "/1"), to: server) == "first")

        server.tell()
        server.waitForPeer()

        #expect(try text(ClientRequest("POST", "/2"), to: server) == "second")
        #expect(server.story() == ["[GET /1 HTTP/1.1]<gone>", "[POST /2 HTTP/1.1|Content-Length: 0]"])
    }

    @Test func `a kept connection that broke is not used again`() throws {
        let server = try #require(ServerURL("http://h"))
        let kept = KeptConnections()
        kept.put(try brokenConnection(), for: server)

        #expect(kept.take(server) === nil)
    }

    @Test func `a kept connection on which something came unasked is closed`() throws {
        let server = try ScriptedServer(
            { peer in
                try peer.readHead()
                try peer.answer("first")
                peer.waitForTest()
                try peer.answer("you have waited for too long", status: 408)
                try peer.waitUntilArrived()
                peer.tell()
                try peer.readToEnd()
            }, Self.second)
        #expect(try text(ClientRequest("GET", "/1"), to: server) == "first")

        server.tell()
        server.waitForPeer()

        #expect(try text(ClientRequest("POST", "/2"), to: server) == "second")
        #expect(server.story() == ["[GET /1 HTTP/1.1]<gone>", "[POST /2 HTTP/1.1|Content-Length: 0]"])
    }

    @Test(arguments: ["GET", "HEAD", "PUT", "DELETE"], [true, false])
    func `what may happen twice is sent again where a kept connection dies under it`(
        method: String, resets: Bool
    ) throws {
        let server = try ScriptedServer(
            { peer in
                try peer.readHead()
                try peer.answer("first")
                try peer.readHead()
                try peer.readBody(4)
                if resets { peer.reset() }
            },
            { peer in
                try peer.readHead()
                try peer.readBody(4)
                try peer.send("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
            })
        #expect(try text(ClientRequest("GET", "/1"), to: server) == "first")

        let answer = try client.send(ClientRequest(method, "/2", body: Array("body".utf8)), to: server.url)

        #expect(answer.status == 201)
        let again = "[\(method) /2 HTTP/1.1|Content-Length: 4]body"
        #expect(server.story() == ["[GET /1 HTTP/1.1]\(again)", again])
    }

    @Test func `what may not happen twice is never sent again`() throws {
        let server = try ScriptedServer(
            { peer in
                try peer.readHead()
                try peer.answer("first")
                try peer.readHead()
                try peer.readBody(4)
            }, Self.second)
        #expect(try text(ClientRequest("GET", "/1"), to: server) == "first")

        #expect(throws: HTTPClientError.closed) {
            try client.send(ClientRequest("POST", "/2", body: Array("body".utf8)), to: server.url)
        }

        #expect(server.story() == ["[GET /1 HTTP/1.1][POST /2 HTTP/1.1|Content-Length: 4]body"])
    }

    @Test func `what was answered in part is not sent again`() throws {
        let server = try ScriptedServer(
            { peer in
                try peer.readHead()
                try peer.answer("first")
                try peer.readHead()
                try peer.send("HTTP/1.1 100 ")
            }, Self.second)
        #expect(try text(ClientRequest("GET", "/1"), to: server) == "first")

        #expect(throws: HTTPClientError.closed) { try client.send(ClientRequest("GET", "/2"), to: server.url) }

        #expect(server.story() == ["[GET /1 HTTP/1.1][GET /2 HTTP/1.1]"])
    }

    @Test func `a request is sent again once and no more`() throws {
        let server = try ScriptedServer(
            { peer in
                try peer.readHead()
                try peer.answer("first")
                try peer.readHead()
            },
            { peer in try peer.readHead() }, Self.second)
        #expect(try text(ClientRequest("GET", "/1"), to: server) == "first")

        #expect(throws: HTTPClientError.closed) { try client.send(ClientRequest("GET", "/2"), to: server.url) }

        #expect(server.story() == ["[GET /1 HTTP/1.1][GET /2 HTTP/1.1]", "[GET /2 HTTP/1.1]"])
    }

    @Test func `a connection is kept for its own server alone`() throws {
        let one = try ScriptedServer { peer in
            try peer.readHead()
            try peer.answer("one")
            try peer.readHead()
            try peer.answer("one again")
        }
        let other = try ScriptedServer { peer in
            try peer.readHead()
            try peer.answer("other")
        }

        #expect(try text(ClientRequest("GET", "/1"), to: one) == "one")
        #expect(try text(ClientRequest("GET", "/2"), to: other) == "other")
        #expect(try text(ClientRequest("GET", "/3"), to: one) == "one again")
    }

    @Test func `two exchanges at the same time have a connection each, and both are kept`() throws {
        let script: ScriptedServer.Script = { peer in
            try peer.readHead()
            try peer.answer("first")
            try peer.readHead()
            try peer.answer("second")
        }
        let server = try ScriptedServer(connections: 2, each: script)

        let one = try client.send(ClientRequest("GET", "/"), to: server.url)
        let other = try client.send(ClientRequest("GET", "/"), to: server.url)
        #expect(try [one.bytes(), other.bytes()] == [Array("first".utf8), Array("first".utf8)])

        let three = try client.send(ClientRequest("GET", "/"), to: server.url)
        let four = try client.send(ClientRequest("GET", "/"), to: server.url)
        #expect(try [three.bytes(), four.bytes()] == [Array("second".utf8), Array("second".utf8)])
    }

    @Test func `sixteen threads with one client each get their own answers`() throws {
        let server = try ScriptedServer(connections: 16) { peer in
            while true {
                try peer.readHead()
                let asked = peer.story.split(separator: " ").last { $0.hasPrefix("/") } ?? ""
                try peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                try peer.send("\(String(asked.utf8.count, radix: 16))\r\n\(asked)\r\n0\r\n\r\n")
            }
        }
        let (client, url) = (client, server.url)

        let threads = (0..<16).map { thread in
            ThreadBeside {
                (0..<25).filter { turn in
                    let path = "/\(thread)/\(turn)"
                    let body = try? client.send(ClientRequest("GET", path), to: url, secondsMax: 10).bytes()
                    return body == Array(path.utf8)
                }.count
            }
        }

        #expect(threads.map { $0.value() } == Array(repeating: 25, count: 16))
    }

    /// A Unix socket that is closed with input unread resets its peer.
    private func brokenConnection() throws -> HTTPConnection {
        let (connection, peer) = try SocketPeer.pair()
        try [1].withUnsafeBytes(connection.write)
        return withExtendedLifetime(peer) { HTTPConnection(connection, idleSecondsMax: 1) }
    }

    private static let second: ScriptedServer.Script = { peer in
        try peer.readHead()
        try peer.answer("second")
    }

    private func text(_ request: ClientRequest, to server: ScriptedServer) throws -> String {
        String(decoding: try client.send(request, to: server.url).bytes(), as: UTF8.self)
    }
}
