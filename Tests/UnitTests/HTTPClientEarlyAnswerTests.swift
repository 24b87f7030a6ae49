import Bytes
import HTTP
import Sockets
import Testing

@testable import HTTPClient

/// What a server says while a body is on its way to it.
@Suite struct HTTPClientEarlyAnswerTests {
    private static let goOn = "HTTP/1.1 100 Continue\r\n\r\n"

    private let client: HTTPClient
    /// More than the buffers between two hosts hold.
    private let large = [UInt8](repeating: UInt8(ascii: "x"), count: 32 << 20)

    init() throws {
        client = HTTPClient()
    }

    @Test(arguments: [true, false])
    func `an answer that comes amid the body ends the upload while the server reads on`(isChunked: Bool) throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.send(Self.goOn)
            try peer.skim(1000)
            try peer.answer("no room", status: 507)
            try peer.skimToEnd()
        }

        do {
            let upload = try #require(try client.wantedUpload(length: isChunked ? nil : .max, to: server))
            while try large[..<(1 << 20)].withUnsafeBytes(upload.write) {}

            #expect(try !upload.write("more"))
            #expect(try upload.answer() == "507 no room")
        }

        #expect(server.story().map { $0.hasSuffix("<1000 bytes><gone>") } == [true], "and the connection is closed")
    }

    @Test(arguments: [true, false])
    func `an answer that comes amid the body ends the upload though the server reads no more`(isChunked: Bool) throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.send(Self.goOn)
            try peer.skim(1000)
            try peer.answer("no room", status: 507)
            peer.waitForTest()
        }

        let upload = try #require(try client.wantedUpload(length: isChunked ? nil : .max, to: server))
        while try large.withUnsafeBytes(upload.write) {}

        #expect(try upload.answer() == "507 no room")
        server.tell()
    }

    @Test(arguments: [true, false])
    func `a server that answers amid the body and closes is heard`(resets: Bool) throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.send(Self.goOn)
            try peer.skim(1000)
            try peer.answer("no room", status: 507, "Connection: close\r\n")
            try peer.waitUntilArrived()
            if resets { peer.reset() }
        }

        let upload = try #require(try client.wantedUpload(length: .max, to: server))
        while try large.withUnsafeBytes(upload.write) {}

        #expect(try upload.answer() == "507 no room")
    }

    @Test func `a server that answers and breaks while the client is busy elsewhere is heard`() throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.send(Self.goOn)
            try peer.skim(1000)
            try peer.answer("no room", status: 507)
            try peer.waitUntilArrived()
            peer.reset()
        }
        let upload = try #require(try client.wantedUpload(length: 5000, to: server))
        #expect(try large[..<1000].withUnsafeBytes(upload.write))

        server.waitForPeer()

        #expect(try !large[..<1000].withUnsafeBytes(upload.write))
        #expect(try upload.answer() == "507 no room")
    }

    @Test(arguments: [true, false])
    func `a server that is gone amid the body gave no answer`(resets: Bool) throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.send(Self.goOn)
            try peer.skim(1000)
            if resets { peer.reset() }
        }

        let upload = try #require(try client.wantedUpload(length: .max, to: server))

        #expect(throws: HTTPClientError.closed) { while try large.withUnsafeBytes(upload.write) {} }
    }

    @Test func `a server that sends interim answers without end amid the body is refused`() throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            peer.sendForEver(Self.goOn)
        }

        let upload = try #require(try client.wantedUpload(length: .max, to: server))

        #expect(throws: HTTPClientError.malformed("it has more than 16 interim answers before it")) {
            while try large.withUnsafeBytes(upload.write) {}
        }
    }

    @Test func `an answer that comes with the break of a write is heard`() throws {
        let connection = HTTPConnection(
            BreakingChannel("HTTP/1.1 507 x\r\nContent-Length: 2\r\n\r\nno"), idleSecondsMax: 1)
        let upload = HTTPUpload(on: connection, method: "PUT", length: 5) { _ in }

        #expect(try !upload.write("hello"))
        #expect(try upload.answer() == "507 no")
    }
}

/// A channel that breaks at the first write, and on which an answer has come just before.
private final class BreakingChannel: Channel {
    let number: Int32 = -1
    var idleSeconds = 0
    private var isBroken = false
    private var answer: [UInt8]

    init(_ answer: String) {
        self.answer = Array(answer.utf8)
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws { _ = try writePart(bytes) }

    func writePart(_ bytes: UnsafeRawBufferPointer) throws -> Int {
        isBroken = true
        throw StreamError.closed
    }

    func readNow(into buffer: UnsafeMutableRawBufferPointer) -> Int? { isBroken ? read(into: buffer) : nil }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        defer { answer = [] }
        buffer.copyBytes(from: answer)
        return answer.count
    }
}
