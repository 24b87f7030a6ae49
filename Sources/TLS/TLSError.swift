import SystemLibrary

/// What is wrong with a peer's TLS, or with this side's, in words that somebody can act on. A peer that is gone or silent
/// is a `StreamError`.
package enum TLSError: Error, Equatable, CustomStringConvertible {
    /// TLS is not to be had on this host.
    case library(reason: String)
    /// The file of certificates to trust cannot be used.
    case certificates(file: String, reason: String)
    /// A name that no certificate can be compared with.
    case invalidHost(String)
    /// The certificate's authority is none of those to trust, which come from the file or, at nil, from the system.
    case unknownAuthority(host: String, file: String?, reason: String)
    /// Outside of the certificate's time, or of that of an authority on its way.
    case expired(host: String, reason: String)
    /// The certificate is another host's.
    case wrongHost(String, reason: String)
    /// Any other fault of the certificate.
    case badCertificate(host: String, reason: String)
    /// The peer speaks another protocol, another version of it, or refuses.
    case protocolFailure(host: String, reason: String)

    package var description: String {
        switch self {
        case .library(let reason): "no TLS: \(reason)"
        case .certificates(let file, let reason): "the file of trusted certificates \(file) cannot be used: \(reason)"
        case .invalidHost(let host): "\"\(host)\" is no host name that a certificate can be made out to"
        case .unknownAuthority(let host, let file, let reason):
            "the certificate of \(host) is not signed by an authority \(Self.place(file)): \(reason)"
        case .expired(let host, let reason): "the certificate of \(host) is not valid at this time: \(reason)"
        case .wrongHost(let host, let reason): "the certificate is not made out to \(host): \(reason)"
        case .badCertificate(let host, let reason): "the certificate of \(host) is refused: \(reason)"
        case .protocolFailure(let host, let reason): "no TLS 1.2 or 1.3 with \(host): \(reason)"
        }
    }

    private static func place(_ file: String?) -> String {
        file.map { "in \($0)" } ?? "that the system trusts (Debian package ca-certificates)"
    }

    /// What a code of X509_STORE_CTX_get_error(3ssl) says of the certificate of `host`.
    init(verifyResult code: Int, reason: String, host: String, file: String?) {
        switch code {
        case 2, 18, 19, 20, 21: self = .unknownAuthority(host: host, file: file, reason: reason)
        case 9, 10: self = .expired(host: host, reason: reason)
        case 62, 64: self = .wrongHost(host, reason: reason)
        default: self = .badCertificate(host: host, reason: reason)
        }
    }
}
