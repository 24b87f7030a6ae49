import GlanceModel
import GlanceRegistry
import PostgreSQL

/// Where records are, as the setting `registry` says it.
enum RegistrySetting: Equatable, Sendable {
    /// The absolute path of a file.
    case sqlite(path: String)
    /// What libpq takes as a connection URI, as it was written.
    case postgresql(url: String)

    static let forms =
        "sqlite:// and an absolute path, as in sqlite:///var/lib/glance/registry.sqlite, or postgresql://USER@HOST/DATABASE"

    /// Nil where it is neither.
    init?(_ text: String) {
        if text.hasPrefix("sqlite:///") {
            self = .sqlite(path: String(text.dropFirst("sqlite://".count)))
        } else if text.hasPrefix("postgresql://") || text.hasPrefix("postgres://") {
            self = .postgresql(url: text)
        } else {
            return nil
        }
    }

    /// As it may be shown: without a password.
    var description: String {
        switch self {
        case .sqlite(let path): "sqlite://\(path)"
        case .postgresql(let url): PostgreSQLSecrets(of: url).hidden(in: url)
        }
    }

    /// Makes it if it is new, or brings it to this program's schema.
    func prepare(_ settings: Settings) throws(Failure) {
        switch self {
        case .sqlite(let path):
            try SQLiteRegistry.prepare(
                path: path, busySecondsMax: settings.registryBusySecondsMax, newSite: randomName())
        case .postgresql(let url):
            try PostgreSQLRegistry.prepare(postgresql(url, settings), newSite: randomName())
        }
    }

    /// One that was prepared.
    func open(_ settings: Settings) throws(Failure) -> any SQLRegistry {
        switch self {
        case .sqlite(let path):
            try SQLiteRegistry(path: path, busySecondsMax: settings.registryBusySecondsMax)
        case .postgresql(let url):
            PostgreSQLRegistry(postgresql(url, settings), newName: randomName)
        }
    }

    private func postgresql(_ url: String, _ settings: Settings) -> PostgreSQLRegistry.Settings {
        PostgreSQLRegistry.Settings(
            url: url, connectionsMax: settings.registryConnectionsMax,
            busySecondsMax: settings.registryBusySecondsMax)
    }
}
