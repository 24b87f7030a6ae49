import GlanceModel
import HTTP

/// Who a request comes from where nobody logs in: the operator, who is whoever can reach the service. That is the host's
/// own users alone, unless the operator said that everybody may.
package func authenticateNobody(open: Bool) -> @Sendable (Request) throws(Failure) -> Identity {
    { request throws(Failure) in
        guard open || isLoopback(request.serverAddress) else { throw .notLocal }
        return .theOperator
    }
}

/// True for the address of a listener that no other host reaches: 127.0.0.0/8, ::1, or a Unix socket.
private func isLoopback(_ address: String) -> Bool {
    address.hasPrefix("127.") || address == "::1" || address.hasPrefix("unix:")
}
