import Bytes
import Dispatch
import Glibc
import Sockets
import TLS
import Testing

/// The client's side of TLS against `openssl s_server`.
@Suite struct TLSHandshakeTests {
    private let localhost: Certificate

    init() throws {
        localhost = try Certificate()
    }

    @Test func `a certificate of another host is refused, and the error names the host that was wanted`() throws {
        let server = try TLSServer(localhost)

        let error = #expect(throws: TLSError.self) {
            try tlsConnection(toPort: server.port, host: "glance.example", trusting: localhost)
        }

        #expect(error == .wrongHost("glance.example", reason: "hostname mismatch"))
        #expect(error?.description == "the certificate is not made out to glance.example: hostname mismatch")
    }

    @Test func `a certificate of an authority that is not in the file is refused`() throws {
        let server = try TLSServer(localhost)
        let other = try Certificate("DNS:other.example")

        let error = #expect(throws: TLSError.self) {
            try tlsConnection(toPort: server.port, host: "localhost", trusting: other)
        }

        #expect(error == .unknownAuthority(host: "localhost", file: other.file, reason: "self-signed certificate"))
    }

    @Test func `at nil the system's certificates are trusted, and no others`() throws {
        let server = try TLSServer(localhost)
        let connection = try Connection.connect(host: "127.0.0.1", port: server.port, secondsMax: 20)

        let error = #expect(throws: TLSError.self) {
            try TLSConnection(over: connection, host: "localhost", context: TLSContext(caFile: nil))
        }

        #expect(error == .unknownAuthority(host: "localhost", file: nil, reason: "self-signed certificate"))
    }

    @Test func `a certificate that has expired is refused`() throws {
        let expired = try Certificate(days: -1)
        let server = try TLSServer(expired)

        let error = #expect(throws: TLSError.self) {
            try tlsConnection(toPort: server.port, host: "localhost", trusting: expired)
        }

        #expect(error == .expired(host: "localhost", reason: "certificate has expired"))
    }

    @Test func `an address is looked for among the certificate's addresses, and is not sent`() throws {
        let address = try Certificate("IP:127.0.0.1")
        let whenSent = ["-servername", "127.0.0.1", "-cert2", localhost.file, "-key2", localhost.key]
        let server = try TLSServer(address, whenSent)

        _ = try server.connected(trusting: address, host: "127.0.0.1")
    }

    @Test func `an address that the certificate does not have is refused`() throws {
        let server = try TLSServer(localhost)

        let error = #expect(throws: TLSError.self) {
            try tlsConnection(toPort: server.port, host: "127.0.0.1", trusting: localhost)
        }

        #expect(error == .wrongHost("127.0.0.1", reason: "IP address mismatch"))
    }

    @Test func `a server of many names learns which one is wanted`() throws {
        let whenSent = ["-servername", "localhost", "-cert2", localhost.file, "-key2", localhost.key]
        let server = try TLSServer(Certificate("DNS:other.example"), whenSent)

        _ = try server.connected(trusting: localhost)
    }

    @Test func `TLS 1.2 is enough`() throws {
        let server = try TLSServer(localhost, ["-tls1_2"])

        _ = try server.connected(trusting: localhost)
    }

    @Test func `TLS 1.1 is refused`() throws {
        let server = try TLSServer(localhost, ["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"])

        let error = #expect(throws: TLSError.self) {
            try tlsConnection(toPort: server.port, host: "localhost", trusting: localhost)
        }

        #expect(error == .protocolFailure(host: "localhost", reason: "tlsv1 alert protocol version"))
    }
}

/// What a TLS connection is as a channel.
@Suite struct TLSChannelTests {
    private let server: TLSServer
    private let connection: TLSConnection
    private let chunk = Chunk()

    init() throws {
        let certificate = try Certificate()
        server = try TLSServer(certificate)
        connection = try server.connected(trusting: certificate)
    }

    @Test func `a mebibyte goes there and comes back as it was`() throws {
        // No letters, which might be commands to the server.
        let sent = (0..<1 << 20).map { UInt8(truncatingIfNeeded: $0 % 127) | 0x80 }
        let inside = ChannelBox(server.inside)
        let echo = DispatchQueue(label: "echo")

        echo.async { inside.echo(bytes: sent.count) }
        try sent.withUnsafeBytes { bytes in
            let half = bytes.count / 2
            var rest = UnsafeRawBufferPointer(rebasing: bytes[..<half])
            while !rest.isEmpty {
                let count = try connection.writePart(rest)
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            }
            try connection.write(UnsafeRawBufferPointer(rebasing: bytes[half...]))
        }
        let sink = MemorySink()
        while sink.bytes.count < sent.count, case let count = try connection.read(into: chunk.bytes), count > 0 {
            sink.write(UnsafeRawBufferPointer(rebasing: chunk.bytes[..<count]))
        }

        #expect(sink.bytes == sent)
    }

    @Test func `session tickets are nothing that has come in`() throws {
        #expect(try connection.readNow(into: chunk.bytes) == nil)

        let half = Chunk(count: 2)
        try server.send("1234")
        #expect(try connection.read(into: half.bytes) == 2)
        #expect(try connection.readNow(into: chunk.bytes) == 2, "what libssl holds already is there")
        #expect(try connection.readNow(into: chunk.bytes) == nil)
    }

    @Test func `a server that is silent is given up`() {
        connection.idleSeconds = 1

        #expect(throws: StreamError.timedOut) { try connection.read(into: chunk.bytes) }
    }

    @Test func `a server that is cut off has not come to its end`() throws {
        try server.send("1234")
        #expect(try connection.read(into: chunk.bytes) == 4)

        server.kill()

        #expect(throws: StreamError.closed) { try connection.read(into: chunk.bytes) }
        #expect(throws: StreamError.closed) { try connection.readNow(into: chunk.bytes) }
    }

    @Test func `a server that says goodbye has come to its end`() throws {
        let certificate = try Certificate()
        let server = try TLSServer(certificate, ["-www"])
        let connection = try tlsConnection(toPort: server.port, host: "localhost", trusting: certificate)
        let sink = MemorySink()

        try Array("GET / HTTP/1.0\r\n\r\n".utf8).withUnsafeBytes(connection.write)
        _ = try pump(connection, into: sink)

        #expect(String(decoding: sink.bytes, as: UTF8.self).hasPrefix("HTTP/1.0 200 ok\r\n"))
        #expect(try connection.readNow(into: chunk.bytes) == 0)
    }

    @Test func `writing to a server that is gone is an error and no signal`() {
        server.kill()
        let bytes = [UInt8](repeating: 0, count: 1 << 20)

        #expect(throws: StreamError.closed) {
            try bytes.withUnsafeBytes(connection.write)
            try bytes.withUnsafeBytes(connection.write)
        }
    }

    @Test func `a server that takes nothing is given up, whatever tickets it has sent`() {
        connection.idleSeconds = 1
        kill(server.pid, SIGSTOP)
        let bytes = [UInt8](repeating: 0, count: 16 << 20)

        let sameBytesElsewhere = [UInt8](repeating: 0, count: bytes.count)
        var moved = 0

        #expect(throws: StreamError.timedOut) {
            while case let count = try bytes.withUnsafeBytes(connection.writePart), count > 0 { moved += count }
        }
        #expect(throws: StreamError.timedOut) { try sameBytesElsewhere.withUnsafeBytes(connection.write) }

        #expect(moved > 0, "a part is taken")
    }

    @Test func `nothing more goes to a server that takes nothing and has answered`() throws {
        try server.send("1234")
        let first = Chunk(count: 1)
        #expect(try connection.read(into: first.bytes) == 1)
        kill(server.pid, SIGSTOP)
        let bytes = [UInt8](repeating: 0, count: 16 << 20)

        // Part of the answer is left, in libssl and not in the socket.
        while try bytes.withUnsafeBytes(connection.writePart) > 0 {}

        #expect(try connection.readNow(into: chunk.bytes) == 3)
    }

    @Test func `whoever lets go says goodbye`() throws {
        let certificate = try Certificate()
        let another = try TLSServer(certificate)

        _ = try another.connected(trusting: certificate)

        #expect(try another.nextLine() == "DONE", "and ERROR where the client is gone without a word")
    }
}

extension TLSServer {
    fileprivate func send(_ text: String) throws {
        try Array(text.utf8).withUnsafeBytes(inside.write)
    }
}

/// Hands a connection to another thread.
private struct ChannelBox: @unchecked Sendable {
    // Safe to hand over: the thread that made it uses it no more.
    private let connection: Connection

    init(_ connection: Connection) {
        self.connection = connection
    }

    /// Sends back what comes in, all of it after all of it: the client does not read while it writes.
    func echo(bytes: Int) {
        let sink = MemorySink()
        let chunk = Chunk()
        while sink.bytes.count < bytes, let count = try? connection.read(into: chunk.bytes), count > 0 {
            sink.write(UnsafeRawBufferPointer(rebasing: chunk.bytes[..<count]))
        }
        try? sink.bytes.withUnsafeBytes(connection.write)
    }
}
