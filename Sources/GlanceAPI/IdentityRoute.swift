import GlanceModel
import GlanceWire
import HTTP

/// The answer to nginx's own question who a token belongs to (`auth_request`). It comes over an internal location of
/// nginx, so that nothing from outside ever reaches it.
package struct IdentityRoute: Sendable {
    /// Who has this token; nil: nobody.
    private let identify: @Sendable (_ token: String) throws(Failure) -> Identity?
    /// What a client is told that has to log in (`WWW-Authenticate`).
    private let challenge: String

    package init(challenge: String, identify: @escaping @Sendable (_ token: String) throws(Failure) -> Identity?) {
        self.challenge = challenge
        self.identify = identify
    }

    /// 200 with who it is, or nobody; 401 for a token that is none, and for nobody where the request needs somebody.
    func respond(to request: Request) throws(Failure) -> Response {
        let token = request.headers["x-auth-token"] ?? ""
        guard !token.isEmpty else {
            return request.headers["x-login-needed"] == "1" ? refusal : answer(user: "", isAdmin: false)
        }
        switch try identify(token) {
        case .user(let name): return answer(user: name, isAdmin: false)
        case .admin(let name): return answer(user: name, isAdmin: true)
        case .theOperator, .anonymous, nil: return refusal
        }
    }

    private func answer(user: String, isAdmin: Bool) -> Response {
        let headers = Headers([
            "X-Identity-User": user, "X-Identity-Admin": isAdmin ? "1" : "0", "WWW-Authenticate": challenge,
        ])
        return Response(.ok, headers: headers, body: .bytes([]))
    }

    private var refusal: Response {
        Response(.unauthorized, headers: Headers(["WWW-Authenticate": challenge]), body: .bytes([]))
    }
}
