import GlanceModel
import GlanceRegistry

/// Every implementation of `ImageRegistry`. The next one is a case here, and its way to open.
enum RegistryKind: String, CaseIterable, Sendable {
    case sqlite
    case postgresql

    /// Without a PostgreSQL there is nothing to try its registry with: `deploy/test` starts one.
    static var allCases: [RegistryKind] {
        PostgreSQLUnderTest.url == nil ? [.sqlite] : [.sqlite, .postgresql]
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
        }
    }
}
