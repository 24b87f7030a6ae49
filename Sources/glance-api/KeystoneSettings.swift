import GlanceAPI
import GlanceModel
import HTTPClient
import Keystone
import SettingsText

/// The settings for tokens of Keystone.
struct KeystoneSettings: Sendable {
    let server: ServerURL
    let adminRoles: Set<String>
    let client: HTTPClient.Settings

    /// Nil where there is no `keystone_url`.
    init?(_ reader: SettingsReader) throws(SettingsError) {
        guard !reader.text("keystone_url").isEmpty else { return nil }
        guard let url = ServerURL(reader.text("keystone_url")) else {
            throw reader.error(
                "keystone_url", "it takes the http or https URL of Keystone's Identity API, without user and password")
        }
        server = url
        adminRoles = Set(reader.names("keystone_admin_roles"))
        var client = HTTPClient.Settings()
        client.connectSecondsMax = 5
        client.caFile = try reader.caFile()
        self.client = client
    }

    /// Throws where Keystone does not answer as one does. It is asked of a token that nobody has.
    func look() throws {
        let keystone = try connect()
        do throws(KeystoneError) {
            _ = try keystone.user(of: "doctor")
        } catch .refused {
            return
        }
    }

    private func connect() throws(HTTPClientError) -> KeystoneClient {
        let http = HTTPClient(client)
        if server.isSecure { try http.loadTLS() }
        return KeystoneClient(server, client: http)
    }

    /// What answers nginx's question whose token it was given.
    func route(
        now: @escaping @Sendable () -> Timestamp, uptime: @escaping @Sendable () -> Int64
    ) throws(HTTPClientError) -> IdentityRoute {
        let keystone = try connect()
        let users = KeystoneUsers(
            now: { now().seconds }, uptime: uptime,
            ask: { token throws(KeystoneError) in try keystone.user(of: token) })
        // By bytes: to Swift two ways to write an ü are the same text.
        let adminRoles = Set(adminRoles.map { Array($0.utf8) })
        return IdentityRoute(challenge: "Keystone uri=\"\(server)\"") { token throws(Failure) in
            do throws(KeystoneError) {
                let user = try users.user(of: token)
                return adminRoles.isDisjoint(with: user.roles.map { Array($0.utf8) }) ? .user(user.id) : .admin(user.id)
            } catch .refused {
                return nil
            } catch {
                throw .identityAway(reason: error.description)
            }
        }
    }
}
