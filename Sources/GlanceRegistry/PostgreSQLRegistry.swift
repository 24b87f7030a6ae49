import GlanceModel
import PostgreSQL

/// Records in PostgreSQL: the registry of many hosts.
///
/// Each step is one statement and so one transaction, which the server alone goes through: none is open, and nothing is
/// locked, while this process does anything else. (What is counted against a quota takes a few statements, which follow
/// one another at once, and the server ends it where they do not.) A step whose connection breaks is looked up by what it
/// would have left.
package struct PostgreSQLRegistry: ImageRegistry {
    let pool: PostgreSQLPool
    private let records = SharedQuestion<ImageID, [ImageID: ImageRecord]>()
    /// A text that never comes twice.
    let newName: @Sendable () -> String

    package struct Settings: Sendable {
        /// A URI that libpq takes (https://www.postgresql.org/docs/15/libpq-connect.html#LIBPQ-CONNSTRING).
        package let url: String
        /// Connections of this process at the most.
        package let connectionsMax: Int
        /// Seconds that a thread waits for one of them, and a statement for its answer.
        package let busySecondsMax: Int

        package init(url: String, connectionsMax: Int, busySecondsMax: Int) {
            self.url = url
            self.connectionsMax = connectionsMax
            self.busySecondsMax = busySecondsMax
        }
    }

    /// Opens the database that `prepare` made; connects when something is asked of it.
    package init(_ settings: Settings, newName: @escaping @Sendable () -> String) {
        pool = PostgreSQLPool(
            url: settings.url, connectionsMax: settings.connectionsMax, busySecondsMax: settings.busySecondsMax)
        self.newName = newName
    }

    /// Makes the tables, or brings them to the newest schema. `newSite` names the site of a new one.
    package static func prepare(_ settings: Settings, newSite: String) throws(Failure) {
        let pool = PostgreSQLPool(url: settings.url, connectionsMax: 1, busySecondsMax: settings.busySecondsMax)
        let age = try pool.repeatable { connection throws(PostgreSQLError) in
            try PostgreSQLMigrations.run(on: connection, newSite: newSite)
        }
        guard case .ahead(let version) = age else { return }
        throw .newerSchema(version, known: PostgreSQLMigrations.all.count)
    }

    package var state: String? { nil }

    package func siteID() throws(Failure) -> String {
        try pool.read { connection throws(PostgreSQLError) in
            try connection.rows("SELECT id FROM site") { $0.text(0) }.first ?? ""
        }
    }

    package func hasImages(in store: StoreName) throws(Failure) -> Bool {
        try pool.read { connection throws(PostgreSQLError) in
            try connection.rows(
                "SELECT 1 FROM images WHERE status = 'available' AND store = $1 LIMIT 1", [.text(store.text)]
            ) { $0.integer(0) } == [1]
        }
    }

    /// Many threads that want a record at a time share a statement: most of what a short one costs is not its row.
    package func record(_ id: ImageID) throws(Failure) -> ImageRecord? {
        try records.ask(id) { ids throws(Failure) in
            let found = try pool.read { connection throws(PostgreSQLError) in
                try connection.rows(Self.recordsByID, [.texts(ids.map(\.text))], ImageRow.record)
            }
            return Dictionary(found.map { ($0.image.id, $0) }) { first, _ in first }
        }[id]
    }

    private static let recordsByID = "SELECT \(columns) FROM images WHERE id = ANY ($1::text[])"

    package func update(_ image: Image) throws(Failure) -> Bool { try update(image, isSecond: false) }

    private func update(_ image: Image, isSecond: Bool) throws(Failure) -> Bool {
        try pool.write { connection throws(PostgreSQLError) in
            try connection.rows(
                """
                WITH changed AS (
                    UPDATE images SET name = $3, type = $4, size = $5, is_size_known = $6, store = $7, updated_at = $8,
                        is_public = $9, sha256 = $10, version = $11
                    WHERE id = $1 AND version = $2 AND status IN ('queued', 'available')
                    RETURNING sequence
                ), \(Self.describing)
                SELECT count(*) FROM changed
                """,
                [.text(image.id.text), .integer(image.version - 1)] + ImageRow.changingValues(image)
                    + PostgreSQLValue.values(of: image.properties)
            ) { $0.integer(0) } == [1]
        } lookUp: { failure throws(Failure) in
            let found = try record(image.id)?.image
            if found == image { return true }
            // Still to be changed: a late first attempt and this one cannot both find the old version.
            guard !isSecond, found?.version == image.version - 1 else { throw failure }
            return try update(image, isSecond: true)
        }
    }

    /// Replaces the properties of the row that `changed` names; $12 and $13 are their keys and values.
    static let describing = """
        removed AS (
            DELETE FROM properties USING changed
            WHERE properties.sequence = changed.sequence AND key <> ALL ($12::text[])
        ), kept AS (
            INSERT INTO properties (sequence, key, value)
            SELECT changed.sequence, pairs.key, pairs.value
            FROM changed, unnest($12::text[], $13::text[]) AS pairs (key, value)
            ON CONFLICT (sequence, key) DO UPDATE SET value = excluded.value
        )
        """

    package func delete(_ image: Image, at now: Timestamp) throws(Failure) -> Bool {
        try delete(image, at: now, isSecond: false)
    }

    private func delete(_ image: Image, at now: Timestamp, isSecond: Bool) throws(Failure) -> Bool {
        let key: [PostgreSQLValue] = [.text(image.id.text), .integer(image.version)]
        return try pool.write { connection throws(PostgreSQLError) in
            image.status == .queued
                ? try deleteQueued(key, on: connection) : try deleteAvailable(key, at: now, on: connection)
        } lookUp: { failure throws(Failure) in
            guard let found = try record(image.id)?.image else { return true }
            if found.status == .deleted, found.deletedAt == now, found.version == image.version + 1 { return true }
            guard !isSecond, found == image else { throw failure }
            return try delete(image, at: now, isSecond: true)
        }
    }

    private func deleteQueued(
        _ key: [PostgreSQLValue], on connection: PostgreSQLConnection
    ) throws(PostgreSQLError) -> Bool {
        try connection.rows(
            """
            WITH gone AS (
                DELETE FROM images WHERE id = $1 AND version = $2 AND status = 'queued' RETURNING id, is_generated
            ), freed AS (
                DELETE FROM ids USING gone WHERE ids.id = gone.id AND gone.is_generated = 0
            )
            SELECT count(*) FROM gone
            """, key
        ) { $0.integer(0) } == [1]
    }

    private func deleteAvailable(
        _ key: [PostgreSQLValue], at now: Timestamp, on connection: PostgreSQLConnection
    ) throws(PostgreSQLError) -> Bool {
        try connection.rows(
            """
            WITH gone AS (
                SELECT sequence, store, location FROM images
                WHERE id = $1 AND version = $2 AND status = 'available' FOR UPDATE
            ), doomed AS (
                INSERT INTO doomed_bytes SELECT store, location FROM gone
            ), stripped AS (
                DELETE FROM properties USING gone WHERE properties.sequence = gone.sequence
            ), buried AS (
                UPDATE images SET status = 'deleted', deleted_at = $3, version = version + 1, location = NULL,
                    damage = NULL
                FROM gone WHERE images.sequence = gone.sequence
            )
            SELECT count(*) FROM gone
            """, key + [.integer(now.seconds)]
        ) { $0.integer(0) } == [1]
    }
}

extension PostgreSQLValue {
    /// Keys, and the value of each.
    static func values(of properties: ImageProperties) -> [PostgreSQLValue] {
        [.texts(properties.pairs.map(\.key)), .texts(properties.pairs.map(\.value))]
    }
}
