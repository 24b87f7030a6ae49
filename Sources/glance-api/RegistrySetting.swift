import GlanceClient
import GlanceModel
import GlanceRegistry
import HTTPClient
import PostgreSQL

/// Where records are, as the setting `registry` says it.
enum RegistrySetting: Equatable, Sendable {
    /// The absolute path of a file.
    case sqlite(path: String)
    /// What libpq takes as a connection URI, as it was written.
    case postgresql(url: String)

    /// Another service that speaks this one's API.
    case remote(ServerURL)

    static let forms =
        """
        sqlite:// and an absolute path, as in sqlite:///var/lib/glance/registry.sqlite, or postgresql://USER@HOST/DATABASE, \
        or the http or https URL of another Glance, without user and password
        """

    /// Nil where it is none of these.
    init?(_ text: String) {
        if text.hasPrefix("sqlite:///") {
            self = .sqlite(path: String(text.dropFirst("sqlite://".count)))
        } else if text.hasPrefix("postgresql://") || text.hasPrefix("postgres://") {
            self = .postgresql(url: text)
        } else if let url = ServerURL(text) {
            self = .remote(url)
        } else {
            return nil
        }
    }

    /// As it may be shown: without a password.
    var description: String {
        switch self {
        case .sqlite(let path): "sqlite://\(path)"
        case .postgresql(let url): PostgreSQLSecrets(of: url).hidden(in: url)
        case .remote(let url): url.description
        }
    }

    /// Makes it if it is new, or brings it to this program's schema. Returns what its operator has to know of it, if
    /// anything.
    @discardableResult
    func prepare(_ settings: Settings) throws(Failure) -> String? {
        switch self {
        case .sqlite(let path):
            try SQLiteRegistry.prepare(
                path: path, busySecondsMax: settings.registryBusySecondsMax, newSite: randomName())
        case .postgresql(let url):
            try PostgreSQLRegistry.prepare(postgresql(url, settings), newSite: randomName())
        case .remote(let url):
            do throws(Failure) {
                return try RemoteRegistry(remote(url, settings)).limitation()
            } catch .registryAway(let reason) {
                throw .registryAway(
                    reason: "\(reason) (\(url) has to run before this service, and must be another one than this)")
            }
        }
        return nil
    }

    /// One that was prepared.
    func open(_ settings: Settings) throws(Failure) -> any ImageRegistry {
        if case .remote(let url) = self { return RemoteRegistry(remote(url, settings)) }
        return try database(settings)
    }

    /// The same, where it has to be a database.
    func database(_ settings: Settings) throws(Failure) -> any SQLRegistry {
        switch self {
        case .sqlite(let path):
            try SQLiteRegistry(path: path, busySecondsMax: settings.registryBusySecondsMax)
        case .postgresql(let url):
            PostgreSQLRegistry(postgresql(url, settings), newName: randomName)
        case .remote(let url):
            throw .registryAway(reason: "\(url) is no database, and no records are moved to it or from it")
        }
    }

    private func remote(_ url: ServerURL, _ settings: Settings) -> RemoteRegistry.Settings {
        var client = GlanceClient.Settings()
        client.credentials = settings.registryCredentials
        client.connectSecondsMax = settings.registryBusySecondsMax
        client.idleSecondsMax = settings.registryBusySecondsMax
        client.requestSecondsMax = settings.registryBusySecondsMax * 6
        client.caFile = settings.caFile
        return RemoteRegistry.Settings(
            url: url.description, client: client, lockPath: settings.registryLockPath,
            host: settings.holder,
            newSite: randomName(), newName: randomName)
    }

    private func postgresql(_ url: String, _ settings: Settings) -> PostgreSQLRegistry.Settings {
        PostgreSQLRegistry.Settings(
            url: url, connectionsMax: settings.registryConnectionsMax,
            busySecondsMax: settings.registryBusySecondsMax)
    }
}
