import GlanceModel
import SQLite

extension SQLiteRegistry {
    /// Leases that one transaction ends: a short one, so that uploads that end beside it do not wait.
    private static let leasesMax: Int64 = 100

    package func hasWorkForJanitor() throws(Failure) -> Bool {
        try pool.read { connection throws(SQLiteError) in
            try connection.first(
                """
                SELECT EXISTS (SELECT 1 FROM images WHERE status = 'saving' AND lease_ends_at < unixepoch())
                    OR EXISTS (SELECT 1 FROM doomed_bytes)
                """
            ) { $0.integer(0) } == 1
        }
    }

    package func endLeases() throws(Failure) -> [ImageID] {
        try pool.write { connection throws(Failure) in
            try asFailure { () throws(SQLiteError) in
                var ended: [ImageID] = []
                try connection.query(
                    "SELECT id FROM images WHERE status = 'saving' AND lease_ends_at < unixepoch() LIMIT ?1",
                    [.integer(Self.leasesMax)]
                ) { ended.append(ImageID(recorded: $0.text(0))) }
                for id in ended {
                    try connection.execute(
                        "INSERT OR IGNORE INTO doomed_bytes SELECT attempt_store, location FROM images WHERE id = ?1",
                        [.text(id.text)])
                    try endAttempt("id = ?1 AND status = 'saving'", [.text(id.text)], on: connection)
                }
                return ended
            }
        }
    }

    package func doomedBytes(count: Int) throws(Failure) -> [StoredBytes] {
        try pool.read { connection throws(SQLiteError) in
            var entries: [StoredBytes] = []
            try connection.query(
                "SELECT store, location FROM doomed_bytes ORDER BY random() LIMIT ?1", [.integer(Int64(count))]
            ) { row in
                entries.append(StoredBytes(store: StoreName(row.text(0)), location: Location(row.text(1))))
            }
            return entries
        }
    }

    package func forget(_ bytes: StoredBytes) throws(Failure) {
        try pool.write { connection throws(Failure) in
            try asFailure { () throws(SQLiteError) in
                try connection.execute(
                    "DELETE FROM doomed_bytes WHERE store = ?1 AND location = ?2",
                    [.text(bytes.store.text), .text(bytes.location.text)])
            }
        }
    }

    package func takeJanitorLock(holder: String, seconds: Int) throws(Failure) -> Bool {
        try pool.write { connection throws(Failure) in
            try asFailure { () throws(SQLiteError) in
                try connection.execute(
                    "DELETE FROM janitor_lock WHERE ends_at < unixepoch() OR holder = ?1", [.text(holder)])
                try connection.execute(
                    "INSERT INTO janitor_lock SELECT ?1, unixepoch() + ?2 WHERE NOT EXISTS (SELECT 1 FROM janitor_lock)",
                    [.text(holder), .integer(Int64(seconds))])
                return connection.changes == 1
            }
        }
    }
}
