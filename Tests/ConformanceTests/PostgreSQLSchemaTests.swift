import Dispatch
import GlanceModel
import PostgreSQL
import Synchronization
import Testing

@testable import GlanceRegistry

/// What concerns the registry in PostgreSQL alone: its schema, and how it finds things.
@Suite(.scratchDirectory, .enabled(if: PostgreSQLUnderTest.url != nil, "GLANCE_TEST_POSTGRESQL names no PostgreSQL"))
struct PostgreSQLSchemaTests {
    @Test func `a database that is prepared again keeps its records and its site`() throws {
        let settings = try PostgreSQLUnderTest.settings()
        try PostgreSQLRegistry.prepare(settings, newSite: "first")
        let image = try PostgreSQLRegistry(settings) { "x" }.addAvailable(.made(properties: ["a": "1"]))

        try PostgreSQLRegistry.prepare(settings, newSite: "second")

        let registry = PostgreSQLRegistry(settings) { "x" }
        #expect(try registry.siteID() == "first")
        #expect(try registry.found(image.id).image == image)
    }

    @Test func `a database of a newer program is refused and left alone`() throws {
        let settings = try PostgreSQLUnderTest.settings()
        try PostgreSQLRegistry.prepare(settings, newSite: "site")
        let newest = PostgreSQLMigrations.all.count
        try PostgreSQLUnderTest.connection().execute("UPDATE site SET schema = \(newest + 1)")

        let failure = #expect(throws: Failure.self) { try PostgreSQLRegistry.prepare(settings, newSite: "other") }

        #expect(failure == .newerSchema(newest + 1, known: newest))
        let schemas = try PostgreSQLUnderTest.connection().rows("SELECT schema FROM site") { $0.integer(0) }
        #expect(schemas == [Int64(newest + 1)])
    }

    @Test func `of ten that prepare a new database at once, one names its site`() throws {
        let settings = try PostgreSQLUnderTest.settings()
        let failures = Mutex<[Failure]>([])

        DispatchQueue.concurrentPerform(iterations: 10) { number in
            do throws(Failure) {
                try PostgreSQLRegistry.prepare(settings, newSite: "site \(number)")
            } catch {
                failures.withLock { $0.append(error) }
            }
        }

        #expect(failures.withLock { $0 } == [])
        #expect(try PostgreSQLUnderTest.connection().rows("SELECT id FROM site") { $0.text(0) }.count == 1)
    }

    @Test func `a preparation that fails in the middle leaves nothing`() throws {
        let settings = try PostgreSQLUnderTest.settings()
        let connection = try PostgreSQLUnderTest.connection()
        try connection.execute("CREATE TABLE doomed_bytes (mine TEXT)")

        #expect(throws: Failure.self) { try PostgreSQLRegistry.prepare(settings, newSite: "site") }
        try connection.execute("DROP TABLE doomed_bytes")

        #expect(throws: Never.self) { try PostgreSQLRegistry.prepare(settings, newSite: "site") }
    }

    @Test func `a database that was never prepared is away`() throws {
        let registry = PostgreSQLRegistry(try PostgreSQLUnderTest.settings()) { "x" }

        let failure = #expect(throws: Failure.self) { try registry.siteID() }

        #expect(failure?.operatorSays.contains("(42P01)") == true)
    }

    @Test func `a password is in no text, however it is written`() throws {
        let url = "postgresql://glance:s%65cret@127.0.0.1:1/glance?password=s%ZZecret&sslpassword=other"
        let registry = PostgreSQLRegistry(
            PostgreSQLRegistry.Settings(url: url, connectionsMax: 1, busySecondsMax: 2)
        ) { "x" }

        let failure = #expect(throws: Failure.self) { try registry.siteID() }

        #expect(failure?.operatorSays.contains("***") == true)
        #expect(failure?.operatorSays.contains("ecret") == false)
    }

    @Test(arguments: [ImageQuery.Visibility.publicOnly, .all])
    private func `a page reads little more than what it shows, in every order, however long the list`(
        visibility: ImageQuery.Visibility
    ) throws {
        let registry = try PostgreSQLUnderTest.registry()
        let connection = try PostgreSQLUnderTest.connection()
        try fill(connection, images: 20_000)

        for key in [nil] + ImageQuery.SortKey.allCases {
            for isDescending in [false, true] {
                var query = ImageQuery()
                (query.sortKey, query.isDescending, query.visibility) = (key, isDescending, visibility)
                let place = try registry.position(of: registry.found(ImageID("id10002")!), in: query)
                for position in [nil, place] {
                    for statement in PostgreSQLRegistry.statements(query, after: position, count: 251) {
                        let plan = try plan(of: statement, on: connection)
                        let counts = plan.matches(of: /(?:actual rows=|Rows Removed by Filter: )(\d+)/)

                        #expect(counts.allSatisfy { (Int($0.1) ?? .max) <= 2500 }, "\(query) \(plan)")
                    }
                }
            }
        }
    }

    /// So many that the planner takes them for a large table: most of them public, and not all still there.
    private func fill(_ connection: PostgreSQLConnection, images: Int64) throws {
        try connection.execute(
            """
            INSERT INTO images (sequence, id, is_generated, name, type, size, is_size_known, store, created_at, updated_at,
                status, is_public, owner, version)
            SELECT n, 'id' || n, 0, 'name ' || n % 100, (ARRAY['raw', 'kernel', 'machine'])[n % 3 + 1], n % 1000, 1, 'file',
                n, n, (ARRAY['queued', 'available', 'available', 'deleted'])[n % 4 + 1], (n % 5 <> 4)::int, '', 1
            FROM generate_series(1, $1::bigint) AS n
            """, [.integer(images)])
        try connection.execute("ANALYZE images")
    }

    private func plan(
        of statement: (sql: String, values: [PostgreSQLValue]), on connection: PostgreSQLConnection
    ) throws -> String {
        try connection.rows(
            "EXPLAIN (ANALYZE, TIMING OFF) \(statement.sql)", statement.values
        ) { $0.text(0) }.joined(separator: "\n")
    }
}

extension Failure {
    /// The reason that an operator reads; empty where the registry is not what failed.
    var operatorSays: String { if case .registryAway(let reason) = self { reason } else { "" } }
}
