import Bytes
import FoundationEssentials
import Sockets
import TLS
import Testing

@Suite(.scratchDirectory) struct TLSContextTests {
    private let path = "\(ScratchDirectory.path)/ca.pem"

    @Test func `a file of certificates that is not there is an error that names it`() {
        let error = #expect(throws: TLSError.self) { try TLSContext(caFile: path) }

        #expect(error == .certificates(file: path, reason: "No such file or directory"))
    }

    @Test(arguments: [
        "", "-----BEGIN NOTHING-----\n", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ])
    func `a file without a certificate is an error that names it`(content: String) throws {
        try content.write(toFile: path, atomically: false, encoding: .utf8)

        let error = #expect(throws: TLSError.self) { try TLSContext(caFile: path) }

        let text = try #require(error?.description)
        #expect(text.hasPrefix("the file of trusted certificates \(path) cannot be used: it holds no certificate"))
    }
}

/// Handshakes that never get as far as a certificate.
@Suite struct TLSConnectionTests {
    private let connection: Connection
    private let peer: SocketPeer

    init() throws {
        (connection, peer) = try SocketPeer.pair()
        connection.idleSeconds = 1
    }

    @Test func `a peer that is silent is given up`() {
        #expect(throws: StreamError.timedOut) { try handshake() }
    }

    @Test func `of the time for a connection the handshake gets what is left`() {
        connection.idleSeconds = 60

        #expect(throws: StreamError.timedOut) { try handshake(until: Deadline(seconds: 0)) }
    }

    @Test func `a peer that is gone is no peer`() {
        peer.hangUp()

        #expect(throws: StreamError.closed) { try handshake() }
    }

    @Test func `a peer that speaks another protocol is an error that names it`() {
        peer.send("HTTP/1.1 400 Bad Request\r\n\r\n".utf8)

        let error = #expect(throws: TLSError.self) { try handshake() }

        #expect(error == .protocolFailure(host: "localhost", reason: "wrong version number"))
    }

    @Test(arguments: ["", ".example.org", "localhost\0.example.org"])
    func `a host that no certificate can be compared with is refused before a byte is sent`(host: String) {
        #expect(throws: TLSError.invalidHost(host)) { try handshake(host: host) }

        connection.finishWriting()
        #expect(peer.received() == [])
    }

    private func handshake(host: String = "localhost", until deadline: Deadline? = nil) throws {
        _ = try TLSConnection(over: connection, host: host, context: TLSContext(caFile: nil), until: deadline)
    }
}

@Suite struct TLSErrorTests {
    @Test func `what is to be done stands in the text`() {
        let system = TLSError.unknownAuthority(host: "s3.example", file: nil, reason: "self-signed certificate")
        let file = TLSError.unknownAuthority(host: "s3.example", file: "/etc/ca.pem", reason: "self-signed certificate")

        #expect(system.description.contains("that the system trusts (Debian package ca-certificates)"))
        #expect(file.description.contains("not signed by an authority in /etc/ca.pem: self-signed certificate"))
    }
}
