import GlanceModel
import SQLite

extension SQLiteRegistry {
    package func knownBytes(
        in store: StoreName, after location: Location?, count: Int
    ) throws(Failure) -> [KnownBytes] {
        try pool.read { connection throws(SQLiteError) in
            var known: [KnownBytes] = []
            try connection.query(
                """
                SELECT * FROM (
                    SELECT location AS place, status, id, size, sha256, damage FROM images
                    WHERE coalesce(attempt_store, store) = ?1 AND location IS NOT NULL AND location > ?2
                    ORDER BY location LIMIT ?3)
                UNION ALL
                SELECT * FROM (
                    SELECT location, NULL, NULL, NULL, NULL, NULL FROM doomed_bytes
                    WHERE store = ?1 AND location > ?2
                    ORDER BY location LIMIT ?3)
                ORDER BY place LIMIT ?3
                """, [.text(store.text), .text(location?.text ?? ""), .integer(Int64(count))]
            ) { known.append(KnownBytes(location: Location($0.text(0)), reason: KnownBytes.Reason($0))) }
            return known
        }
    }

    package func isKnown(_ location: Location, in store: StoreName) throws(Failure) -> Bool {
        // What begins with a slash behind the location stands between “/” and the next character, “0”.
        try pool.read { connection throws(SQLiteError) in
            try connection.first(
                """
                SELECT EXISTS (SELECT 1 FROM images WHERE coalesce(attempt_store, store) = ?1 AND location = ?2)
                    OR EXISTS (SELECT 1 FROM images WHERE coalesce(attempt_store, store) = ?1
                        AND location > ?2 || '/' AND location < ?2 || '0')
                    OR EXISTS (SELECT 1 FROM doomed_bytes WHERE store = ?1 AND location = ?2)
                    OR EXISTS (SELECT 1 FROM doomed_bytes WHERE store = ?1
                        AND location > ?2 || '/' AND location < ?2 || '0')
                """, [.text(store.text), .text(location.text)]
            ) { $0.integer(0) } == 1
        }
    }

    package func mark(_ damage: String?, _ id: ImageID, at location: Location) throws(Failure) -> Bool {
        try pool.write { connection throws(Failure) in
            try asFailure { () throws(SQLiteError) in
                try connection.execute(
                    "UPDATE images SET damage = ?3 WHERE id = ?1 AND location = ?2 AND status = 'available'",
                    [.text(id.text), .text(location.text), damage.map { .text($0) } ?? .null])
                return connection.changes == 1
            }
        }
    }

    package func nextAvailable(after sequence: Int64) throws(Failure) -> ImageRecord? {
        try pool.read { connection throws(SQLiteError) in
            try connection.first(
                """
                SELECT \(Self.columns) FROM images WHERE sequence > ?1 AND status = 'available'
                ORDER BY sequence LIMIT 1
                """, [.integer(sequence)], ImageRow.record)
        }
    }

    package func beginScrub(holder: String, seconds: Int) throws(Failure) -> Int64? {
        try pool.write { connection throws(Failure) in
            try asFailure { () throws(SQLiteError) in
                try connection.execute(
                    "UPDATE scrub SET holder = ?1, ends_at = unixepoch() + ?2 WHERE holder = ?1 OR ends_at < unixepoch()",
                    [.text(holder), .integer(Int64(seconds))])
                guard connection.changes == 1 else { return nil }
                return try connection.first("SELECT sequence FROM scrub") { $0.integer(0) }
            }
        }
    }

    package func continueScrub(at sequence: Int64, holder: String, seconds: Int) throws(Failure) -> Bool {
        try pool.write { connection throws(Failure) in
            try asFailure { () throws(SQLiteError) in
                try connection.execute(
                    "UPDATE scrub SET sequence = ?1, ends_at = unixepoch() + ?3 WHERE holder = ?2",
                    [.integer(sequence), .text(holder), .integer(Int64(seconds))])
                return connection.changes == 1
            }
        }
    }
}
