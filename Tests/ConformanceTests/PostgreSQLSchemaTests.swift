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

    @Test(arguments: 1..<PostgreSQLMigrations.all.count)
    func `a database of an earlier schema opens, and has what it had`(schema: Int) throws {
        let (settings, connection) = (try PostgreSQLUnderTest.settings(), try PostgreSQLUnderTest.connection())
        for sql in PostgreSQLMigrations.all.prefix(schema).joined() { try connection.execute(sql) }
        try connection.execute("INSERT INTO site VALUES ('old', \(schema))")
        try connection.execute(
            """
            INSERT INTO images (sequence, id, is_generated, name, type, size, is_size_known, store, created_at, updated_at,
                deleted_at, status, is_public, owner, version, location, attempt_store, lease, lease_ends_at)
            VALUES
                (1, '1', 1, 'Größe', 'raw', 70, 1, 'file', 1, 2, NULL, 'available', 1, 'ann', 3, 'at/1', NULL, NULL, NULL),
                (2, 'queued', 0, 'n', 'raw', 5, 1, 'file', 1, 1, NULL, 'queued', 1, 'ann', 1, NULL, NULL, 'l2', NULL),
                (3, 'coming', 0, 'n', 'raw', 9, 1, 'file', 1, 1, NULL, 'saving', 1, 'ann', 1, 'at/3', 'file', 'l3', 1),
                (4, 'gone', 0, 'n', 'raw', 50, 1, 'file', 1, 1, 3, 'deleted', 1, 'ann', 2, NULL, NULL, NULL, NULL)
            """)
        if schema >= 3 { try connection.execute("UPDATE images SET attempt_size = 9 WHERE id = 'coming'") }
        try connection.execute("INSERT INTO properties VALUES (1, 'distro', 'Ubuntu 10.04 LTS')")
        try connection.execute("INSERT INTO ids SELECT id FROM images")
        try connection.execute("UPDATE counter SET last = 1, sequence = 4")

        try PostgreSQLRegistry.prepare(settings, newSite: "new")

        let registry = PostgreSQLRegistry(settings) { "x" }
        #expect(try registry.siteID() == "old")
        #expect(try registry.schema().found == PostgreSQLMigrations.all.count)
        let first = try registry.found(ImageID("1")!)
        #expect(first.image.name.text == "Größe")
        #expect(first.image.properties["distro"] == "Ubuntu 10.04 LTS")
        #expect((first.location, first.image.version) == (Location("at/1"), 3))
        #expect(try registry.found(ImageID("gone")!).image.status == .deleted)
        let bytes = OwnerQuota(owner: "ann", imagesMax: nil, bytesMax: 80)
        #expect(throws: Failure.tooManyBytes(2, left: 1, limit: 80)) {
            try registry.reserve(.made(owner: "ann"), lease: .fresh(size: 2), within: bytes)
        }
        let images = OwnerQuota(owner: "ann", imagesMax: 3, bytesMax: nil)
        #expect(throws: Failure.tooManyImages(limit: 3)) {
            try registry.reserve(.made(owner: "ann"), lease: nil, within: images)
        }
        #expect(try registry.endLeases() == [ImageID("coming")!])
        #expect(try registry.reserve(.made(owner: "ann"), lease: nil, within: images).id.text == "2")
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

    @Test(arguments: ["read%5C%20committed", "serializable"])
    func `of ten that prepare a new database at once, one names its site`(isolation: String) throws {
        let settings = try PostgreSQLUnderTest.settings(parameters: ["default_transaction_isolation": isolation])
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

    @Test func `a preparation waits for another one, however short the server's time-outs are`() throws {
        let settings = try PostgreSQLUnderTest.settings(
            parameters: ["lock_timeout": "1000", "statement_timeout": "1000"])
        let holder = try PostgreSQLUnderTest.connection()
        try holder.execute("BEGIN")
        try holder.execute("SELECT pg_advisory_xact_lock($1)", [.integer(PostgreSQLMigrations.lockNumber)])
        let outcome = Mutex<Result<Void, Failure>?>(nil)
        let isDone = DispatchSemaphore(value: 0)
        DispatchQueue.global().async {
            let result = Result { () throws(Failure) in try PostgreSQLRegistry.prepare(settings, newSite: "site") }
            outcome.withLock { $0 = result }
            isDone.signal()
        }

        // Longer than either would have let it.
        let hasWaited =
            """
            SELECT count(*) FROM pg_stat_activity
            WHERE application_name = current_schema() AND wait_event = 'advisory'
                AND clock_timestamp() - query_start > '1500ms'
            """
        let deadline = ContinuousClock.now + .seconds(60)
        let onlooker = try PostgreSQLUnderTest.connection()
        var waiting: Int64 = 0
        while waiting == 0, outcome.withLock({ $0 }) == nil, ContinuousClock.now < deadline {
            waiting = try onlooker.rows(hasWaited) { $0.integer(0) }.first ?? 0
        }
        try holder.execute("ROLLBACK")
        isDone.wait()

        #expect(waiting == 1)
        #expect(throws: Never.self) { try outcome.withLock { $0 }?.get() }
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

    @Test func `images with a property are found by an index, however long its value is`() throws {
        let registry = try PostgreSQLUnderTest.registry()
        let connection = try PostgreSQLUnderTest.connection()
        try fill(connection, images: 20_000)
        let start = String(repeating: "é", count: PostgreSQLMigrations.indexedCharacters)
        let values = ["rare", start, start + "1", start + "2"]
        for (number, value) in values.enumerated() {
            try connection.execute(
                "INSERT INTO properties SELECT sequence, 'key', $1 FROM images WHERE sequence % 2000 = $2",
                [.text(value), .integer(Int64(number * 4 + 1))])
        }
        try connection.execute("INSERT INTO properties SELECT sequence, 'usual', 'yes' FROM images")
        try connection.execute("ANALYZE properties")

        for (number, value) in values.enumerated() {
            var query = ImageQuery()
            (query.visibility, query.properties) = (.all, ["key": value])
            let statement = try #require(PostgreSQLRegistry.statements(query, after: nil, count: 251).first)
            let plan = try plan(of: statement, on: connection)

            let expected = (0..<10).map { "id\($0 * 2000 + number * 4 + 1)" }
            #expect(try registry.ids(query) == expected)
            #expect(plan.contains(" properties_by_value "), "\(plan)")
            #expect(!plan.contains("Seq Scan"), "\(plan)")
        }
    }

    /// It takes a table that it has never looked at for one of thousands of rows.
    @Test func `the planner knows the counter for the one row that it is`() throws {
        _ = try PostgreSQLUnderTest.registry()

        let rows = try PostgreSQLUnderTest.connection().rows(
            "SELECT reltuples::bigint FROM pg_class WHERE oid = 'counter'::regclass"
        ) { $0.integer(0) }

        #expect(rows == [1])
    }

    @Test func `what an owner has is counted by an index`() throws {
        _ = try PostgreSQLUnderTest.registry()
        let connection = try PostgreSQLUnderTest.connection()
        try fill(connection, images: 20_000)

        let plan = try connection.rows("EXPLAIN \(ImageRow.usage(of: "$1"))", [.text("owner 7")]) { $0.text(0) }

        #expect(plan.contains { $0.contains(" images_owned") }, "\(plan)")
    }

    /// So many that the planner takes them for a large table: most of them public, and not all still there.
    private func fill(_ connection: PostgreSQLConnection, images: Int64) throws {
        try connection.execute(
            """
            INSERT INTO images (sequence, id, is_generated, name, type, size, is_size_known, store, created_at, updated_at,
                status, is_public, owner, version)
            SELECT n, 'id' || n, 0, 'name ' || n % 100, (ARRAY['raw', 'kernel', 'machine'])[n % 3 + 1], n % 1000, 1, 'file',
                n, n, (ARRAY['queued', 'available', 'available', 'deleted'])[n % 4 + 1], (n % 5 <> 4)::int,
                'owner ' || n % 100, 1
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
