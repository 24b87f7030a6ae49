import Bytes
import Glibc
import Sockets

/// The client's end of a TLS connection, above a connection to the server that nobody else uses any more.
package final class TLSConnection: Channel {
    private let connection: Connection
    private let context: TLSContext
    private let host: String
    private let session: OpenSSL.Session
    /// False before the handshake is done and after a failure: then there is nobody to say goodbye to.
    private var isWhole = false

    /// Does the handshake, all of it until `deadline`, which else is `connection.idleSeconds` ahead. The server's certificate must be made out to `host`:
    /// a name, which is sent to the server too (SNI), or a numeric address, which is not (RFC 6066, section 3).
    /// Throws `TLSError`, or `StreamError` where the peer is gone or silent.
    package init(over connection: Connection, host: String, context: TLSContext, until deadline: Deadline? = nil) throws
    {
        self.connection = connection
        self.context = context
        self.host = host
        context.openSSL.clearErrors()
        guard let session = context.openSSL.newSession(context.pointer) else {
            throw TLSError.library(reason: context.openSSL.reason)
        }
        self.session = session
        guard let bio = openSSL.newBIO(over: connection) else { throw TLSError.library(reason: openSSL.reason) }
        openSSL.setBIO(session, bio, bio)
        try expectHost()
        try handshake(until: deadline ?? Deadline(seconds: connection.idleSeconds))
        isWhole = true
    }

    /// Says goodbye, if there is room for it, and waits for no answer.
    deinit {
        openSSL.clearErrors()
        if isWhole { _ = openSSL.shutdown(session) }
        openSSL.freeSession(session)
        openSSL.clearErrors()
    }

    package var number: Int32 { connection.number }

    package var idleSeconds: Int {
        get { connection.idleSeconds }
        set { connection.idleSeconds = newValue }
    }

    /// 0 only where the server has said that it ends: one that closes without a word may have been cut off.
    package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        while true {
            switch try step({ openSSL.read(session, buffer.baseAddress, Int32(clamping: buffer.count)) }) {
            case .moved(let count): return count
            case .ended: return 0
            case .waiting(let events): _ = try connection.wait(for: events)
            }
        }
    }

    /// Records that carry no data, such as session tickets, are nothing.
    package func readNow(into buffer: UnsafeMutableRawBufferPointer) throws -> Int? {
        switch try step({ openSSL.read(session, buffer.baseAddress, Int32(clamping: buffer.count)) }) {
        case .moved(let count): count
        case .ended: 0
        case .waiting: nil
        }
    }

    package func write(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes
        while !rest.isEmpty {
            switch try step({ openSSL.write(session, rest.baseAddress, Int32(clamping: rest.count)) }) {
            case .moved(let count): rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            case .ended: throw StreamError.closed
            case .waiting(let events): _ = try connection.wait(for: events)
            }
        }
    }

    /// Takes one record a time, of 16 KiB at the most. What it did not take is to be offered again unchanged, if anything
    /// is written at all: a part of it may be on its way, enciphered.
    package func writePart(_ bytes: UnsafeRawBufferPointer) throws -> Int {
        guard !bytes.isEmpty else { return 0 }
        while true {
            switch try step({ openSSL.write(session, bytes.baseAddress, Int32(clamping: bytes.count)) }) {
            case .moved(let count): return count
            case .ended: throw StreamError.closed
            case .waiting:
                if try hasIncoming() { return 0 }
                _ = try connection.wait(for: POLLOUT | POLLIN)
            }
        }
    }

    /// Whether a read would give something, or the end, at once.
    private func hasIncoming() throws -> Bool {
        var byte: UInt8 = 0
        if case .waiting = try step({ openSSL.peek(session, &byte, 1) }) { return false }
        return true
    }

    private var openSSL: OpenSSL { context.openSSL }
}

// MARK: The handshake

extension TLSConnection {
    private func expectHost() throws {
        // libssl compares with no name at all where it is empty, and with every name below it where it begins with a dot.
        guard let first = host.utf8.first, first != UInt8(ascii: "."), !host.utf8.contains(0) else {
            throw TLSError.invalidHost(host)
        }
        if openSSL.setIPAddress(openSSL.parameters(session), host) == 1 { return }
        openSSL.setHostFlags(session, Self.noPartialWildcards)
        var name = Array(host.utf8CString)
        guard openSSL.setHost(session, host) == 1,
            openSSL.controlSession(session, Self.setServerName, Self.nameIsHost, &name) == 1
        else { throw TLSError.invalidHost(host) }
    }

    private func handshake(until deadline: Deadline) throws {
        while true {
            switch try step({ openSSL.connect(session) }) {
            case .moved: return
            case .ended: throw StreamError.closed
            case .waiting(let events): _ = try connection.wait(for: events, until: deadline)
            }
        }
    }

    /// X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS: `*.example.org` at the most, and no `w*.example.org`.
    private static let noPartialWildcards: UInt32 = 0x4
    /// SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name.
    private static let setServerName: Int32 = 55
    private static let nameIsHost = 0
}

// MARK: One call of libssl

extension TLSConnection {
    private enum Step {
        case moved(Int)
        /// The server has said that it sends nothing more.
        case ended
        /// Nothing goes on before one of these has come about (poll(2)).
        case waiting(for: Int32)
    }

    /// Makes one call, and tells what came of it by SSL_get_error(3ssl).
    private func step(_ call: () -> Int32) throws -> Step {
        openSSL.clearErrors()
        let code = call()
        if code > 0 { return .moved(Int(code)) }
        switch openSSL.outcome(session, code) {
        case Self.wantsRead: return .waiting(for: POLLIN)
        case Self.wantsWrite: return .waiting(for: POLLOUT)
        case Self.hasEnded: return .ended
        case Self.hasFailed: throw failure()
        default:
            isWhole = false
            throw StreamError.closed
        }
    }

    private func failure() -> TLSError {
        isWhole = false
        let code = openSSL.verifyResult(session)
        guard code != 0 else { return .protocolFailure(host: host, reason: openSSL.reason) }
        let reason = openSSL.verifyReason(code).map { String(cString: $0) } ?? "code \(code)"
        return TLSError(verifyResult: code, reason: reason, host: host, file: context.caFile)
    }

    /// SSL_ERROR_SSL, SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE, SSL_ERROR_ZERO_RETURN.
    private static let hasFailed: Int32 = 1
    private static let wantsRead: Int32 = 2
    private static let wantsWrite: Int32 = 3
    private static let hasEnded: Int32 = 6
}
