import FoundationEssentials
import GlanceModel
import GlanceRegistry
import PostgreSQL
import Synchronization
import Testing

/// The PostgreSQL that GLANCE_TEST_POSTGRESQL names, as a URI with a query. Each test has a schema of its own there.
enum PostgreSQLUnderTest {
    static let url = ProcessInfo.processInfo.environment["GLANCE_TEST_POSTGRESQL"]

    private static let schemas = Mutex<Set<String>>([])

    /// The running test's schema.
    static var schema: String {
        let name = ScratchDirectory.path.split(separator: "/").last ?? ""
        return name.replacing("-", with: "_").lowercased()
    }

    /// The same for a test that is about more than one database.
    static func url(schema: String = schema) throws -> String {
        let url = try #require(url)
        if schemas.withLock({ $0.insert(schema).inserted }) {
            try PostgreSQLConnection(url, secondsMax: 20).execute("CREATE SCHEMA \(schema)")
        }
        return "\(url)\(url.contains("?") ? "&" : "?")application_name=\(schema)&options=-c%20search_path%3D\(schema)"
    }

    /// `parameters` are those of the server, for each session: `lock_timeout`, for example.
    static func settings(
        connectionsMax: Int = 8, busySecondsMax: Int = 20, parameters: KeyValuePairs<String, String> = [:]
    ) throws -> PostgreSQLRegistry.Settings {
        let options = parameters.map { "%20-c%20\($0)%3D\($1)" }.joined()
        return PostgreSQLRegistry.Settings(
            url: try url() + options, connectionsMax: connectionsMax, busySecondsMax: busySecondsMax)
    }

    static func registry(connectionsMax: Int = 8, busySecondsMax: Int = 20) throws -> PostgreSQLRegistry {
        let settings = try settings(connectionsMax: connectionsMax, busySecondsMax: busySecondsMax)
        try PostgreSQLRegistry.prepare(settings, newSite: "site of this test")
        return PostgreSQLRegistry(settings) { UUID().uuidString }
    }

    /// A connection that sees what the running test's registry sees.
    static func connection() throws -> PostgreSQLConnection {
        try PostgreSQLConnection(url(), secondsMax: 20)
    }

    /// Removes what the running test has made.
    static func clear() throws {
        let own = schema
        let made = schemas.withLock { schemas in
            let made = schemas.filter { $0 == own || $0.hasPrefix("\(own)_") }
            schemas.subtract(made)
            return made
        }
        guard !made.isEmpty, let url else { return }
        let connection = try PostgreSQLConnection(url, secondsMax: 20)
        for schema in made { try connection.execute("DROP SCHEMA \(schema) CASCADE") }
    }
}
