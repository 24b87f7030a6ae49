import FoundationEssentials
import HTTP
import HTTPClient

/// Whose a token is, as Keystone has it.
package struct KeystoneUser: Equatable, Sendable {
    /// Unique among all domains, which a name is not.
    package let id: String
    /// What the user may do, in the project that the token is for.
    package let roles: [String]
    /// Seconds since 1970, by Keystone's clock.
    package let expiresAt: Int64

    private struct Body: Decodable {
        struct Token: Decodable {
            var user: User
            var roles: [Role]?
            var expiresAt: String

            enum CodingKeys: String, CodingKey {
                case user, roles
                case expiresAt = "expires_at"
            }
        }

        struct User: Decodable { var id: String }

        struct Role: Decodable { var name: String }

        var token: Token
    }

    init?(body: [UInt8]) {
        guard let token = try? JSONDecoder().decode(Body.self, from: Data(body)).token,
            let expiry = KeystoneToken.seconds(token.expiresAt), !token.user.id.isEmpty
        else { return nil }
        id = token.user.id
        roles = token.roles?.map(\.name) ?? []
        expiresAt = expiry
    }

    init(id: String, roles: [String], expiresAt: Int64) {
        self.id = id
        self.roles = roles
        self.expiresAt = expiresAt
    }
}

extension KeystoneClient {
    /// Bytes of a token: those of today have about 200. It goes out in two fields, of a
    /// head for which some servers have no more than 8 KB.
    private static let tokenBytesMax = 2048
    /// A client waits for its own request meanwhile.
    private static let validationSecondsMax = 10

    /// Whose token that is: every token may ask that about itself (Keystone's rule `token_subject`), so that this service
    /// needs none of its own. Throws `refused` for what is no token, or no more.
    package func user(of token: String) throws(KeystoneError) -> KeystoneUser {
        guard (1...Self.tokenBytesMax).contains(token.utf8.count), token.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else {
            throw .refused
        }
        let headers = Headers(["X-Auth-Token": token, "X-Subject-Token": token])
        let request = ClientRequest("GET", "/auth/tokens?nocatalog", headers: headers)
        let (answer, bytes) = try ask(request, secondsMax: Self.validationSecondsMax)
        switch answer.status {
        case 200: break
        // Most of these say that the request cannot be, and nothing in it is the client's but the token.
        case 400, 401, 403, 404, 413, 414, 431: throw .refused
        case 429, 500..<600: throw .away("\(server) answers HTTP \(answer.status)")
        default: throw .malformed
        }
        guard let user = KeystoneUser(body: bytes) else { throw .malformed }
        return user
    }
}
