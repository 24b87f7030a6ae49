import GlanceModel
import HTTP

/// Who a request comes from where nobody logs in: the operator, who is whoever can reach the service. That is the host's
/// own users alone, unless the operator said that everybody may.
package func authenticateNobody(open: Bool) -> @Sendable (Request) throws(Failure) -> Identity {
    { request throws(Failure) in
        guard request.login == nil else {
            throw .gatewayUnready(
                reason: "nginx asks who its clients are, and identity = none: set identity = nginx, "
                    + "or include identity-none.conf")
        }
        guard open || isLoopback(request.serverAddress) else { throw .notLocal }
        return .theOperator
    }
}

/// Who a request comes from where nginx asks: what it proved, and nothing that the client wrote.
@Sendable package func authenticateByGateway(_ request: Request) throws(Failure) -> Identity {
    guard let login = request.login else {
        throw .gatewayUnready(
            reason: "nginx is not set up for identity = nginx: include one of the files identity-*.conf beside "
                + "glance_params, in the same block")
    }
    guard !login.user.isEmpty else { return .anonymous }
    guard isUserName(login.user) else {
        throw .invalid(
            field: "user",
            problem: "it has up to \(userBytesMax) bytes of UTF-8, no control characters and no blank at either end")
    }
    return login.isAdmin ? .admin(login.user) : .user(login.user)
}

/// Bytes of a user's name: it has to fit beside an image's other fields.
private let userBytesMax = 255

/// A name that comes back as it was wherever it is shown. Bytes that are no UTF-8 have become U+FFFD by now, and two names
/// with different ones would be one.
private func isUserName(_ text: String) -> Bool {
    text.utf8.count <= userBytesMax && isPlainText(text) && !text.unicodeScalars.contains("\u{FFFD}")
}

/// True for the address of a listener that no other host reaches: 127.0.0.0/8, ::1, or a Unix socket.
private func isLoopback(_ address: String) -> Bool {
    address.hasPrefix("127.") || address == "::1" || address.hasPrefix("unix:")
}
