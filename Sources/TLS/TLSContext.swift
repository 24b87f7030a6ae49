import Bytes
import Glibc

/// Whom to trust, and how to speak: what all connections to one service share. TLS 1.2 or 1.3, and never without a
/// certificate that holds.
package final class TLSContext: @unchecked Sendable {
    // Safe to share: it is set up before anybody else sees it, and SSL_new(3ssl) may be called from any thread.
    let openSSL: OpenSSL
    let pointer: OpenSSL.Context
    /// Nil where the system's certificates are trusted.
    let caFile: String?

    /// Trusts the certificates in `caFile` (PEM) and no others; at nil those that the system trusts.
    package init(caFile: String?) throws(TLSError) {
        do { openSSL = try OpenSSL.loaded.get() } catch { throw .library(reason: error.description) }
        openSSL.clearErrors()
        guard openSSL.connectionMethod != nil, let pointer = openSSL.newContext(openSSL.clientMethod()) else {
            throw .library(reason: openSSL.reason)
        }
        self.pointer = pointer
        self.caFile = caFile
        try setRules()
        try trustCertificates()
    }

    deinit {
        openSSL.freeContext(pointer)
    }

    private func setRules() throws(TLSError) {
        guard openSSL.controlContext(pointer, Self.setLeastVersion, Self.tls12, nil) == 1 else {
            throw .library(reason: openSSL.reason)
        }
        _ = openSSL.controlContext(pointer, Self.setMode, Self.partialWrite | Self.movingWriteBuffer, nil)
        _ = openSSL.controlContext(pointer, Self.setReadAhead, 1, nil)
        _ = openSSL.setContextOptions(pointer, Self.noRenegotiation)
        openSSL.setContextVerify(pointer, Self.verifyPeer, nil)
    }

    private func trustCertificates() throws(TLSError) {
        guard let caFile else {
            guard openSSL.useSystemCertificates(pointer) == 1 else { throw .library(reason: openSSL.reason) }
            return
        }
        do {
            _ = try FileDescriptor(opening: caFile, flags: O_RDONLY).number
        } catch {
            throw .certificates(file: caFile, reason: String(cString: strerror(error.code)))
        }
        guard openSSL.useCertificates(pointer, caFile) == 1 else {
            throw .certificates(file: caFile, reason: "it holds no certificate in PEM form (\(openSSL.reason))")
        }
    }

    /// SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_2_VERSION.
    private static let setLeastVersion: Int32 = 123
    private static let tls12 = 0x0303
    /// SSL_CTRL_MODE, SSL_MODE_ENABLE_PARTIAL_WRITE, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER.
    private static let setMode: Int32 = 33
    private static let partialWrite = 1
    private static let movingWriteBuffer = 2
    /// SSL_CTRL_SET_READ_AHEAD: one recv(2) a record, not two. 1 GiB over loopback takes 0.5 s of CPU, and 0.6 without.
    private static let setReadAhead: Int32 = 41
    /// SSL_OP_NO_RENEGOTIATION.
    private static let noRenegotiation: UInt64 = 1 << 30
    /// SSL_VERIFY_PEER.
    private static let verifyPeer: Int32 = 1
}
