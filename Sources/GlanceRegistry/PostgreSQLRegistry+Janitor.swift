import GlanceModel
import PostgreSQL

extension PostgreSQLRegistry {
    /// Leases that one transaction ends: a short one, so that uploads that end beside it do not wait.
    private static let leasesMax: Int64 = 100

    package func hasWorkForJanitor() throws(Failure) -> Bool {
        try pool.read { connection throws(PostgreSQLError) in
            try connection.rows(
                """
                SELECT 1 WHERE EXISTS (SELECT 1 FROM images WHERE status = 'saving' AND lease_ends_at < \(Self.now))
                    OR EXISTS (SELECT 1 FROM doomed_bytes)
                """
            ) { $0.integer(0) } == [1]
        }
    }

    /// Leases that somebody renews or commits at this moment are left to the next round.
    package func endLeases() throws(Failure) -> [ImageID] {
        try pool.write { connection throws(PostgreSQLError) in
            try connection.rows(
                """
                WITH attempt AS (
                    SELECT \(Self.attemptColumns) FROM images WHERE status = 'saving' AND lease_ends_at < \(Self.now)
                    ORDER BY lease_ends_at LIMIT $1 FOR UPDATE SKIP LOCKED
                ), \(Self.ending("TRUE"))
                SELECT id FROM attempt
                """, [.integer(Self.leasesMax)]
            ) { ImageID(recorded: $0.text(0)) }
        } lookUp: { failure throws(Failure) in
            throw failure
        }
    }

    package func doomedBytes(count: Int) throws(Failure) -> [StoredBytes] {
        try pool.read { connection throws(PostgreSQLError) in
            try connection.rows(
                "SELECT store, location FROM doomed_bytes ORDER BY random() LIMIT $1", [.integer(Int64(count))]
            ) { StoredBytes(store: StoreName($0.text(0)), location: Location($0.text(1))) }
        }
    }

    package func forget(_ bytes: StoredBytes) throws(Failure) {
        _ = try pool.repeatable { connection throws(PostgreSQLError) in
            try connection.execute(
                "DELETE FROM doomed_bytes WHERE store = $1 AND location = $2",
                [.text(bytes.store.text), .text(bytes.location.text)])
        }
    }

    package func takeJanitorLock(holder: String, seconds: Int) throws(Failure) -> Bool {
        try pool.repeatable { connection throws(PostgreSQLError) in
            try connection.execute(
                """
                UPDATE janitor_lock SET holder = $1, ends_at = \(Self.now) + $2::bigint
                WHERE ends_at < \(Self.now) OR holder = $1
                """, [.text(holder), .integer(Int64(seconds))]) == 1
        }
    }
}
