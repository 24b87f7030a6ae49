import FoundationEssentials
import HTTP
import HTTPClient

/// Asks a Keystone for tokens (Identity API v3).
package struct KeystoneClient: Sendable {
    private static let secondsMax = 30

    let server: ServerURL
    private let client: HTTPClient

    /// `server` is the URL with its version, as `http://keystone.example.com:5000/v3`.
    package init(_ server: ServerURL, client: HTTPClient) {
        self.server = server
        self.client = client
    }

    package func token(for credentials: KeystoneCredentials) throws(KeystoneError) -> KeystoneToken {
        guard let body = try? JSONEncoder().encode(credentials.body) else { throw .malformed }
        let request = ClientRequest(
            "POST", "/auth/tokens", headers: Headers(["Content-Type": "application/json"]), body: Array(body))
        let (answer, bytes) = try catching { () throws(HTTPClientError) in
            try client.ask(request, of: server, secondsMax: Self.secondsMax)
        }
        switch answer.status {
        case 201: break
        case 401, 403: throw .refused
        // That is its word for an application credential that is not there, and for a path that is not.
        case 404 where String(decoding: bytes, as: UTF8.self).lowercased().contains("application credential"):
            throw .refused
        case 500..<600: throw .away("\(server) answers HTTP \(answer.status)")
        default: throw .malformed
        }
        guard let text = answer.headers["x-subject-token"], let token = KeystoneToken(text: text, body: bytes) else {
            throw .malformed
        }
        return token
    }

    func ask(_ request: ClientRequest, secondsMax: Int) throws(KeystoneError) -> (ClientAnswer, [UInt8]) {
        try catching { () throws(HTTPClientError) in
            let answer = try client.send(request, to: server, secondsMax: secondsMax)
            return (answer, try answer.bytes())
        }
    }

    private func catching<Value>(_ body: () throws(HTTPClientError) -> Value) throws(KeystoneError) -> Value {
        do throws(HTTPClientError) { return try body() } catch { throw .away("\(server): \(error)") }
    }
}

/// Why there is no token.
package enum KeystoneError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Nobody there, or nobody who can work.
    case away(String)
    case refused
    case malformed

    package var description: String {
        switch self {
        case .away(let reason): "Keystone does not work: \(reason)"
        case .refused:
            "Keystone does not know this user, password, domain or project or this application credential, or the user has no role in the project"
        case .malformed: "Keystone's answer is no token: is the URL that of the identity API, with /v3 at its end?"
        }
    }
}
