import Bytes
import Glibc
import Testing

@testable import Sockets

@Suite struct SocketAddressTests {
    @Test(arguments: [
        ("unix:/run/glance.sock", SocketAddress.unix(path: "/run/glance.sock")),
        ("tcp:127.0.0.1:9292", .tcp(host: "127.0.0.1", port: 9292)),
        ("tcp:0.0.0.0:0", .tcp(host: "0.0.0.0", port: 0)),
        ("tcp:[::1]:65535", .tcp(host: "::1", port: 65535)),
    ])
    func `an address and its text belong together`(text: String, address: SocketAddress) {
        #expect(SocketAddress(text) == address)
        #expect(address.description == text)
    }

    @Test(arguments: [
        "", "unix:", "unix:relative", "/run/glance.sock", "tcp:", "tcp:127.0.0.1", "tcp::80", "tcp:127.0.0.1:",
        "tcp:127.0.0.1:65536", "tcp:127.0.0.1:-1", "tcp:127.0.0.1:http", "udp:127.0.0.1:80", "tcp:[]:80",
    ])
    func `what is no address is none`(text: String) {
        #expect(SocketAddress(text) == nil)
    }

    @Test func `a path may be as long as the kernel takes and no longer`() {
        let path = "/" + String(repeating: "a", count: 106)

        #expect(SocketAddress("unix:" + path) == .unix(path: path))
        #expect(SocketAddress("unix:" + path + "a") == nil)
    }
}

@Suite struct DeadlineTests {
    @Test func `a deadline is past once its seconds are over`() {
        #expect(Deadline(seconds: 0).isPast)
        #expect(Deadline(seconds: -1).isPast)
        #expect(!Deadline(seconds: 3600).isPast)
    }
}

@Suite(.scratchDirectory) struct ListenerTests {
    private let path = "\(ScratchDirectory.path)/glance.sock"

    @Test func `whoever connects is accepted, and bytes go both ways`() throws {
        let listener = try Listener(.unix(path: path))
        let stranger = try SocketPeer.connected(to: path)

        let accepted = try listener.accept()
        let connection = try #require(accepted)
        stranger.send("hello".utf8)
        stranger.finishWriting()
        let sink = MemorySink()
        _ = try pump(connection, into: sink)
        try sink.bytes.withUnsafeBytes(connection.write)
        connection.finishWriting()

        #expect(stranger.receivedText() == "hello")
    }

    @Test func `nobody comes within the bound`() throws {
        let listener = try Listener(.unix(path: path))
        listener.setAcceptSeconds(1)

        let accepted = try listener.accept()

        #expect(accepted == nil)
    }

    @Test func `a socket is for its owner and its group alone`() throws {
        let listener = try Listener(.unix(path: path))
        var status = stat()

        #expect(stat(path, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o660)
        _ = listener.number
    }

    @Test func `a path that is taken is an error that names it`() throws {
        let first = try Listener(.unix(path: path))

        let error = #expect(throws: PosixError.self) { _ = try Listener(.unix(path: path)).number }

        #expect(error == PosixError("bind", "unix:\(path)", code: EADDRINUSE))
        _ = first.number
    }

    @Test func `a host that is no numeric address is refused`() {
        let error = #expect(throws: PosixError.self) { _ = try Listener(.tcp(host: "localhost", port: 0)).number }

        #expect(error == PosixError("parse", "localhost", code: EINVAL))
    }

    @Test func `a listener on the loopback address gets a port`() throws {
        let listener = try Listener(.tcp(host: "127.0.0.1", port: 0))
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)

        let code = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(listener.number, $0, &size) }
        }

        #expect(code == 0)
        #expect(address.sin_port != 0)
        #expect(address.sin_addr.s_addr == UInt32(0x7F00_0001).bigEndian)
    }
}

@Suite struct ConnectionTests {
    private let connection: Connection
    private let peer: SocketPeer
    private let chunk = Chunk()

    init() throws {
        (connection, peer) = try SocketPeer.pair()
    }

    @Test func `a peer that takes nothing is given up`() {
        connection.idleSeconds = 1
        let bytes = [UInt8](repeating: 0, count: 16 << 20)

        #expect(throws: StreamError.timedOut) { try bytes.withUnsafeBytes(connection.write) }
    }

    @Test func `a peer that sends nothing is given up`() {
        connection.idleSeconds = 1

        #expect(throws: StreamError.timedOut) { try connection.read(into: chunk.bytes) }
    }

    @Test func `writing to a peer that is gone is an error and no signal`() {
        peer.hangUp()

        #expect(throws: StreamError.closed) { try [1, 2, 3].withUnsafeBytes(connection.write) }
    }

    @Test func `a peer that closed has come to its end`() throws {
        peer.hangUp()

        #expect(try connection.read(into: chunk.bytes) == 0)
    }

    @Test func `draining stops at its bound`() throws {
        peer.send([UInt8](repeating: 0, count: 8192))
        peer.finishWriting()

        connection.drain(secondsMax: 60, bytesMax: 4096, through: Chunk(count: 1024))

        #expect(try connection.read(into: chunk.bytes) == 4096, "the rest is still there")
    }

    @Test func `draining stops at the peer's end`() throws {
        peer.send([UInt8](repeating: 0, count: 8192))
        peer.finishWriting()

        connection.drain(secondsMax: 60, bytesMax: .max, through: Chunk(count: 1024))

        #expect(try connection.read(into: chunk.bytes) == 0)
    }
}
