import GlanceModel
import GlanceRegistry
import Testing

/// Every implementation of `ImageRegistry`. The next one is a case here, and its way to open.
enum RegistryKind: String, CaseIterable, Sendable {
    case sqlite
    case postgresql
    case remote
    /// The same, and the other service is another maker's.
    case stranger

    /// Without a PostgreSQL, or services that keep records, there is nothing to try these with: `deploy/test` starts them.
    static var allCases: [RegistryKind] {
        [.sqlite, .stranger] + (PostgreSQLUnderTest.url == nil ? [] : [.postgresql])
            + (RecordsUnderTest.sites.isEmpty ? [] : [.remote])
    }

    /// Those that can be looked after: databases.
    static var databases: [RegistryKind] { allCases.filter { [.sqlite, .postgresql].contains($0) } }

    func openDatabase() throws -> any UpkeepRegistry {
        try #require(try open() as? any UpkeepRegistry)
    }

    /// A way to the running test's records. Each is like another process: they share nothing but the records.
    func open() throws -> any ImageRegistry {
        switch self {
        case .sqlite:
            let path = "\(ScratchDirectory.path)/registry.db"
            try SQLiteRegistry.prepare(path: path, busySecondsMax: 20, newSite: "site of this test")
            return try SQLiteRegistry(path: path, busySecondsMax: 20)
        case .postgresql:
            return try PostgreSQLUnderTest.registry()
        case .remote:
            return try RecordsUnderTest.registry()
        case .stranger:
            return RemoteRegistry(try RecordsUnderTest.settings(url: StrangerUnderTest.stranger().url))
        }
    }
}
