import Bytes
import HTTP
import Testing

@testable import SCGI
@testable import Sockets

@Suite struct SCGIAnswerTests {
    @Test func `an answer is a CGI head and its body`() throws {
        let bodies: [(Response.Body, text: String)] = [
            (.none, ""),
            (.bytes(Array("four".utf8)), "four"),
            (.stream(MemorySource("four and more".utf8), length: 4), "four"),
            (.produced { try Array("made".utf8).withUnsafeBytes($0.write) }, "made"),
        ]

        for (body, text) in bodies {
            let answer = try answer(Response(.ok, headers: Headers(["Content-Type": "text/plain"]), body: body))

            #expect(answer == "Status: 200 OK\r\nContent-Type: text/plain\r\n\r\n\(text)")
        }
    }

    @Test func `a body that ends before its length is a transfer that broke`() throws {
        let (connection, peer) = try SocketPeer.pair()
        peer.send(scgiBlock(["SCGI": "1", "BODY_LENGTH": ""]))
        let exchange = SCGIExchange(connection, limits: .init(), chunk: Chunk())
        _ = try exchange.readRequest()

        let response = Response(.ok, body: .stream(MemorySource("four".utf8), length: 5))

        #expect(throws: StreamError.closed) { try exchange.send(response) }
    }

    @Test func `a peer that hung up is no more than an error`() throws {
        let (connection, peer) = try SocketPeer.pair()
        peer.send(scgiBlock(["SCGI": "1", "BODY_LENGTH": ""]))
        let exchange = SCGIExchange(connection, limits: .init(), chunk: Chunk())
        _ = try exchange.readRequest()
        peer.hangUp()

        #expect(throws: StreamError.closed) { try exchange.send(Response(.ok)) }
    }

    @Test func `an early answer reaches a peer that is still sending`() throws {
        let bytes = 8 << 20
        let (connection, peer) = try SocketPeer.pair()
        let client = ThreadBeside {
            let sent = peer.send(
                scgiBlock(["SCGI": "1", "BODY_LENGTH": "\(bytes)"]) + [UInt8](repeating: 7, count: bytes))
            peer.finishWriting()
            return (sent, peer.receivedText())
        }

        do {
            let exchange = SCGIExchange(consume connection, limits: .init(), chunk: Chunk())
            _ = try exchange.readRequest()
            try exchange.send(Response(.conflict))
        }

        let (sent, answer) = try #require(client.value())
        #expect(sent > bytes)
        #expect(answer == "Status: 409 Conflict\r\n\r\n")
    }

    @Test func `an answer to what is no request reaches its sender too`() throws {
        let bytes = 2 << 20
        let (connection, peer) = try SocketPeer.pair()
        let client = ThreadBeside {
            let sent = peer.send([UInt8](repeating: UInt8(ascii: "x"), count: bytes))
            peer.finishWriting()
            return (sent, peer.receivedText())
        }

        do {
            let exchange = SCGIExchange(consume connection, limits: .init(), chunk: Chunk())
            #expect(throws: SCGIDefect.badLength) { try exchange.readRequest() }
            try exchange.send(Response(.badRequest))
        }

        let (sent, answer) = try #require(client.value())
        #expect(sent == bytes)
        #expect(answer == "Status: 400 Bad Request\r\n\r\n")
    }

    @Test func `a peer cannot keep on sending what nobody wants`() throws {
        let bytes = 64 << 20
        var limits = SCGIExchange.Limits()
        limits.drainBytesMax = 1 << 20
        let (connection, peer) = try SocketPeer.pair()
        let client = ThreadBeside {
            peer.send(scgiBlock(["SCGI": "1", "BODY_LENGTH": "\(bytes)"]) + [UInt8](repeating: 7, count: bytes))
        }

        do {
            let exchange = SCGIExchange(consume connection, limits: limits, chunk: Chunk())
            _ = try exchange.readRequest()
            try exchange.send(Response(.conflict))
        }

        let sent = try #require(client.value())
        #expect(sent < 8 << 20)
    }

    private func answer(_ response: Response) throws -> String {
        let (connection, peer) = try SocketPeer.pair()
        peer.send(scgiBlock(["SCGI": "1", "BODY_LENGTH": ""]))
        do {
            let exchange = SCGIExchange(consume connection, limits: .init(), chunk: Chunk())
            _ = try exchange.readRequest()
            try exchange.send(response)
        }
        return peer.receivedText()
    }
}
