import Bytes
import HTTP
import Sockets
import Testing

@testable import HTTPClient

/// How an exchange ends that a server does not go on with. Each waits for a second, on a thread of its own.
@Suite struct HTTPClientSilenceTests {
    @Test(arguments: [
        "", "HTTP/1.1 200 OK\r\nContent-", "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "HTTP/1.1 200 OK\r\n\r\nhello",
    ])
    func `a server that falls silent is given up`(wire: String) async throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.send(wire)
            try peer.readToEnd()
        }
        let client = try Self.client(idleSecondsMax: 1)

        let failure = await Self.failure { try client.send(ClientRequest("GET", "/"), to: server.url).bytes() }

        #expect(failure == .timedOut)
        #expect(server.story() == ["[GET / HTTP/1.1]<gone>"], "and its connection is closed")
    }

    @Test(arguments: ["", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello"])
    func `a silent server is left as soon as nobody waits for its answer`(wire: String) throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.send(wire)
            peer.tell()
            try peer.readToEnd()
        }
        let client = try Self.client(idleSecondsMax: 60)
        let (connection, recipient) = try SocketPeer.pair()
        let socket = connection.number

        let failure = ThreadBeside { () -> HTTPClientError? in
            var request = ClientRequest("GET", "/")
            request.recipient = Recipient(socket: socket)
            do {
                _ = try client.send(request, to: server.url).bytes()
                return nil
            } catch {
                return error as? HTTPClientError
            }
        }
        server.waitForPeer()
        recipient.hangUp()

        #expect((failure.value() ?? nil) == .unwanted)
        #expect(server.story() == ["[GET / HTTP/1.1]<gone>"])
        withExtendedLifetime(connection) {}
    }

    @Test func `a silence that somebody waits through is bounded as any`() async throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.answer("hello")
            try peer.readHead()
            try peer.readToEnd()
        }
        let client = try Self.client(idleSecondsMax: 2)
        let (connection, recipient) = try SocketPeer.pair()
        let socket = connection.number

        let failure = await Self.failure {
            var request = ClientRequest("GET", "/")
            request.recipient = Recipient(socket: socket)
            _ = try client.send(request, to: server.url).bytes()
            return try client.send(request, to: server.url).bytes()
        }

        #expect(failure == .timedOut)
        withExtendedLifetime((connection, recipient)) {}
    }

    @Test func `a server that never accepts is given up`() async throws {
        let server = try DeafServer(refuses: false)
        let url = server.url
        var settings = HTTPClient.Settings()
        settings.connectSecondsMax = 1
        let client = HTTPClient(settings)

        let failure = await Self.failure { try client.send(ClientRequest("GET", "/"), to: url).bytes() }

        #expect(
            failure
                == .unreachable(
                    "no connection to 127.0.0.1 port \(url.port): "
                        + "connect tcp:\(url.authority): Connection timed out"))
    }

    @Test func `the time for a whole exchange bounds connecting too`() async throws {
        let server = try DeafServer(refuses: false)
        let url = server.url
        let client = try Self.client(idleSecondsMax: 60)

        let failure = await Self.failure {
            try client.send(ClientRequest("GET", "/"), to: url, secondsMax: 1).bytes()
        }

        #expect(failure?.description.hasSuffix("Connection timed out") == true)
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nX: ", "HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\n", "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;",
    ])
    func `a server that trickles is stopped when the time is over`(start: String) async throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.send(start)
            // Ten seconds of it; then the client sees the end instead.
            for _ in 0..<200 where !peer.isGone(withinMilliseconds: 50) { try peer.send("x") }
            peer.note(peer.isGone(withinMilliseconds: 0) ? "<gone>" : "<still there>")
        }
        let client = try Self.client(idleSecondsMax: 60)

        let failure = await Self.failure {
            try client.send(ClientRequest("GET", "/"), to: server.url, secondsMax: 1).bytes()
        }

        #expect(failure == .timedOut)
        #expect(server.story() == ["[GET / HTTP/1.1]<gone>"])
    }

    @Test func `a server that takes a body in sips is stopped when the time is over`() async throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            for _ in 0..<100 where !peer.isGone(withinMilliseconds: 100) { try peer.skim(1 << 18) }
        }
        let client = try Self.client(idleSecondsMax: 60)
        let body = [UInt8](repeating: 0, count: 64 << 20)

        let failure = await Self.failure {
            try client.send(ClientRequest("PUT", "/", body: body), to: server.url, secondsMax: 1).bytes()
        }

        #expect(failure == .timedOut)
    }

    @Test func `a server that takes nothing of a body is given up`() async throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            peer.waitForTest()
        }
        let client = try Self.client(idleSecondsMax: 1)
        let body = [UInt8](repeating: 0, count: 64 << 20)

        let failure = await Self.failure {
            try client.send(ClientRequest("PUT", "/", body: body), to: server.url).bytes()
        }

        #expect(failure == .timedOut)
        server.tell()
    }

    @Test func `a server that takes nothing of an upload is given up`() async throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.send("HTTP/1.1 100 Continue\r\n\r\n")
            peer.waitForTest()
        }
        let client = try Self.client(idleSecondsMax: 1)

        let failure = await Self.failure {
            guard case .wanted(let upload) = try client.upload(ClientRequest("PUT", "/"), length: nil, to: server.url)
            else { return [] }
            _ = try [UInt8](repeating: 0, count: 64 << 20).withUnsafeBytes(upload.write)
            return try upload.finish().bytes()
        }

        #expect(failure == .timedOut)
        server.tell()
    }

    @Test func `an exchange may be given weeks`() throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.answer("ok")
        }
        let client = HTTPClient()

        let answer = try client.send(ClientRequest("GET", "/"), to: server.url, secondsMax: 30 * 24 * 3600)

        #expect(try answer.bytes() == Array("ok".utf8))
    }

    @Test func `a port on which nobody listens is unreachable`() throws {
        let server = try DeafServer(refuses: true)
        let url = server.url
        let client = HTTPClient()

        #expect(
            throws: HTTPClientError.unreachable(
                "no connection to 127.0.0.1 port \(url.port): "
                    + "connect tcp:\(url.authority): Connection refused")
        ) { try client.send(ClientRequest("GET", "/"), to: url) }
    }

    @Test func `a host that has no address is unreachable, by its name`() throws {
        // No name has a part of 64 letters: it is refused without asking anybody.
        let name = String(repeating: "a", count: 64) + ".invalid"
        let url = try #require(ServerURL("http://\(name):8080"))
        let client = HTTPClient()

        let error = #expect(throws: HTTPClientError.self) { try client.send(ClientRequest("GET", "/"), to: url) }

        #expect(error?.description.hasPrefix("no connection to \(name) port 8080: ") == true)
    }

    private static func client(idleSecondsMax: Int) throws -> HTTPClient {
        var settings = HTTPClient.Settings()
        settings.idleSecondsMax = idleSecondsMax
        return HTTPClient(settings)
    }

    /// What `body` threw, on a thread of its own: those that wait, wait side by side. Nil also where that took much more
    /// than the second that it should.
    private static func failure(_ body: @escaping @Sendable () throws -> [UInt8]) async -> HTTPClientError? {
        await withCheckedContinuation { continuation in
            _ = ThreadBeside {
                let deadline = Deadline(seconds: 8)
                do {
                    _ = try body()
                    continuation.resume(returning: nil)
                } catch {
                    continuation.resume(returning: deadline.isPast ? nil : error as? HTTPClientError)
                }
            }
        }
    }
}
