import Testing

@testable import GlanceClient

/// What a download may take: time, tries and memory.
@Suite struct GlanceClientBoundTests {
    private static let size = 1_000_000
    private static let long = described.replacing("size: 5", with: "size: \(size)")

    @Test func `a download has one bound, however often it goes on`() throws {
        let cut: ScriptedServer.Script = { peer in
            try peer.readHead()
            try peer.send("HTTP/1.1 200 OK\r\n\(Self.long)Content-Length: \(Self.size)\r\n\r\nx")
            try peer.waitUntilArrived()
        }
        let trickle: ScriptedServer.Script = { peer in
            try peer.readHead()
            try peer.send(
                """
                HTTP/1.1 206 Partial Content\r\n\(Self.long)Content-Range: bytes 1-\(Self.size - 1)/\(Self.size)\r
                Content-Length: \(Self.size - 1)\r\n\r\n
                """)
            for _ in 0..<100 where !peer.isGone(withinMilliseconds: 100) { try peer.send("x") }
        }
        let server = try ScriptedServer(cut, trickle, trickle)
        var settings = GlanceClient.Settings()
        settings.requestSecondsMax = 1
        let download = try GlanceClient(url: server.url.description, settings: settings).download("71c675ab")

        #expect { while try download.next() != nil {} } throws: {
            if case GlanceError.timedOut = $0 { true } else { false }
        }

        #expect(server.story().count <= 2, "nothing is asked for when the time is over")
    }

    @Test func `a server that is asked too often is asked again`() throws {
        let server = try ScriptedServer(
            { peer in
                try peer.readHead()
                try peer.send("HTTP/1.1 200 OK\r\n\(described)Content-Length: 5\r\n\r\nhe")
                try peer.waitUntilArrived()
            },
            { peer in
                try peer.readHead()
                try peer.answer("Too many.\n", status: 429, "Content-Type: text/plain\r\nRetry-After: 1\r\n")
                try peer.readHead()
                try peer.answer("llo", status: 206, "\(described)Content-Range: bytes 2-4/5\r\n")
            })
        let download = try client(of: server).download("71c675ab")
        var bytes: [UInt8] = []

        while let piece = try download.next() { bytes += piece }

        #expect(bytes == Array("hello".utf8))
    }

    @Test func `a reader that stops stops the server`() async throws {
        try await onOwnThreads {
            let size = 1 << 40
            let server = try ScriptedServer { peer in
                try peer.readHead()
                let fields = described.replacing("size: 5", with: "size: \(size)")
                try peer.send("HTTP/1.1 200 OK\r\n\(fields)Content-Length: \(size)\r\n\r\n")
                // What two sockets hold, and little more.
                peer.note(try peer.sendUntilStuck(bytesMax: 64 << 20) < 32 << 20 ? "<stuck>" : "<all taken>")
            }
            var pieces = try await client(of: server).download("71c675ab").makeAsyncIterator()

            let first = try await pieces.next()
            server.waitForPeer()

            #expect(first?.isEmpty == false)
            #expect(server.story() == ["[GET /images/71c675ab HTTP/1.1]<stuck>"])
            withExtendedLifetime(pieces) {}
        }
    }
}
