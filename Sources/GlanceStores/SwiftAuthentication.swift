import GlanceModel
import HTTP
import HTTPClient
import Keystone

/// How this service proves to OpenStack Swift who it is.
package enum SwiftCredentials: Sendable {
    /// `X-Auth-User` and `X-Auth-Key` (https://docs.openstack.org/swift/latest/overview_auth.html).
    case v1(user: String, key: String)
    case keystone(KeystoneCredentials, interface: String, region: String?)
}

/// Gets tokens, in either way.
struct SwiftAuthentication: Sendable {
    private static let secondsMax = 30
    /// Of a token whose end nobody told.
    private static let tokenSeconds: Int64 = 3600

    let server: ServerURL
    let credentials: SwiftCredentials
    let client: HTTPClient
    let now: @Sendable () -> Timestamp
    let uptime: @Sendable () -> Int64

    func token() throws(Failure) -> SwiftToken {
        switch credentials {
        case .v1(let user, let key):
            return try token(user: user, key: key)
        case .keystone(let credentials, let interface, let region):
            return try token(for: credentials, interface: interface, region: region)
        }
    }

    private func token(user: String, key: String) throws(Failure) -> SwiftToken {
        let request = ClientRequest("GET", "", headers: Headers(["X-Auth-User": user, "X-Auth-Key": key]))
        let answer: ClientAnswer
        do throws(HTTPClientError) {
            (answer, _) = try client.ask(request, of: server, secondsMax: Self.secondsMax)
        } catch {
            throw Self.away("\(server): \(error)")
        }
        switch answer.status {
        case 200..<300: break
        case 401, 403:
            throw Self.away(
                "\(server) does not know this user and key: correct swift_credentials_file, or swift_auth_url")
        case 500..<600: throw Self.away("\(server) answers HTTP \(answer.status)")
        default:
            throw Self.away(
                "\(server) answers HTTP \(answer.status): is swift_auth_url right? It mostly ends in /auth/v1.0")
        }
        guard let text = answer.headers["x-auth-token"] ?? answer.headers["x-storage-token"],
            let storage = answer.headers["x-storage-url"].flatMap(ServerURL.init)
        else { throw Self.away("\(server) gives no token: set swift_auth_url to the URL of the authentication") }
        return made(text, storage, seconds: answer.headers["x-auth-token-expires"].flatMap(decimalNumber))
    }

    private func token(
        for credentials: KeystoneCredentials, interface: String, region: String?
    ) throws(Failure) -> SwiftToken {
        let token: KeystoneToken
        do throws(KeystoneError) {
            token = try KeystoneClient(server, client: client).token(for: credentials)
        } catch {
            throw Self.away(error.description)
        }
        let url = token.endpoint(type: "object-store", interface: interface, region: region)
        guard let storage = url.flatMap(ServerURL.init) else {
            let place = region.map { " in region \($0)" } ?? ""
            throw Self.away("Keystone's catalog has no \(interface) object-store\(place) for this project")
        }
        return made(token.text, storage, seconds: token.expiresAt - (token.issuedAt ?? now().seconds))
    }

    private func made(_ text: String, _ storage: ServerURL, seconds: Int64?) -> SwiftToken {
        let now = uptime()
        return SwiftToken(
            text: text, storage: storage, fetchedAt: now, expiresAt: now + max(0, seconds ?? Self.tokenSeconds))
    }

    private static func away(_ reason: String) -> Failure { .storeAway(.swift, reason: reason) }
}
