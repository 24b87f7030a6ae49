import GlanceModel
import PostgreSQL

extension PostgreSQLRegistry {
    package func knownBytes(
        in store: StoreName, after location: Location?, count: Int
    ) throws(Failure) -> [KnownBytes] {
        try pool.read { connection throws(PostgreSQLError) in
            try connection.rows(
                """
                SELECT * FROM (
                    SELECT location AS place, status, id, size, sha256, damage FROM images
                    WHERE coalesce(attempt_store, store) = $1 AND location IS NOT NULL AND location > $2
                    ORDER BY location LIMIT $3) AS named
                UNION ALL
                SELECT * FROM (
                    SELECT location, NULL, NULL, NULL::bigint, NULL, NULL FROM doomed_bytes
                    WHERE store = $1 AND location > $2
                    ORDER BY location LIMIT $3) AS doomed
                ORDER BY place LIMIT $3
                """, [.text(store.text), .text(location?.text ?? ""), .integer(Int64(count))]
            ) { KnownBytes(location: Location($0.text(0)), reason: KnownBytes.Reason($0)) }
        }
    }

    package func isKnown(_ location: Location, in store: StoreName) throws(Failure) -> Bool {
        // What begins with a slash behind the location stands between “/” and the next character, “0”.
        try pool.read { connection throws(PostgreSQLError) in
            try connection.rows(
                """
                SELECT 1 WHERE EXISTS (SELECT 1 FROM images WHERE coalesce(attempt_store, store) = $1 AND location = $2)
                    OR EXISTS (SELECT 1 FROM images WHERE coalesce(attempt_store, store) = $1
                        AND location > $2::text || '/' AND location < $2::text || '0')
                    OR EXISTS (SELECT 1 FROM doomed_bytes WHERE store = $1 AND location = $2)
                    OR EXISTS (SELECT 1 FROM doomed_bytes WHERE store = $1
                        AND location > $2::text || '/' AND location < $2::text || '0')
                """, [.text(store.text), .text(location.text)]
            ) { $0.integer(0) } == [1]
        }
    }

    package func mark(_ damage: String?, _ id: ImageID, at location: Location) throws(Failure) -> Bool {
        try pool.repeatable { connection throws(PostgreSQLError) in
            try connection.execute(
                "UPDATE images SET damage = $3 WHERE id = $1 AND location = $2 AND status = 'available'",
                [.text(id.text), .text(location.text), .optional(damage)]) == 1
        }
    }

    package func nextAvailable(after sequence: Int64) throws(Failure) -> ImageRecord? {
        try pool.read { connection throws(PostgreSQLError) in
            try connection.rows(
                """
                SELECT \(Self.columns) FROM images WHERE sequence > $1 AND status = 'available'
                ORDER BY sequence LIMIT 1
                """, [.integer(sequence)], ImageRow.record
            ).first
        }
    }

    package func beginScrub(holder: String, seconds: Int) throws(Failure) -> Int64? {
        try pool.repeatable { connection throws(PostgreSQLError) in
            try connection.rows(
                """
                UPDATE scrub SET holder = $1, ends_at = \(Self.now) + $2::bigint
                WHERE holder = $1 OR ends_at < \(Self.now) RETURNING sequence
                """, [.text(holder), .integer(Int64(seconds))]
            ) { $0.integer(0) }.first
        }
    }

    package func continueScrub(at sequence: Int64, holder: String, seconds: Int) throws(Failure) -> Bool {
        try pool.repeatable { connection throws(PostgreSQLError) in
            try connection.execute(
                "UPDATE scrub SET sequence = $1, ends_at = \(Self.now) + $3::bigint WHERE holder = $2",
                [.integer(sequence), .text(holder), .integer(Int64(seconds))]) == 1
        }
    }

    package func census() throws(Failure) -> Census {
        try pool.read { connection throws(PostgreSQLError) in
            let images = try connection.rows(
                "SELECT store, status, count(*), sum(size)::bigint FROM images GROUP BY store, status ORDER BY store, status"
            ) { Census.Count($0) }
            let counts =
                try connection.rows(
                    """
                    SELECT (SELECT count(*) FROM images WHERE status = 'saving' AND lease_ends_at < \(Self.now)),
                        (SELECT count(*) FROM doomed_bytes),
                        (SELECT count(*) FROM images WHERE damage IS NOT NULL)
                    """
                ) { row in (0..<3).map { row.integer($0) } }.first ?? [0, 0, 0]
            return Census(
                images: images.compactMap(\.self), leasesOver: counts[0], bytesToDelete: counts[1], damaged: counts[2])
        }
    }

    /// PostgreSQL looks after its own structure.
    package func defects() -> [String] { [] }

    package func schema() throws(Failure) -> (found: Int, known: Int) {
        let found = try pool.read { connection throws(PostgreSQLError) in
            try connection.rows("SELECT schema FROM site") { Int($0.integer(0)) }.first ?? 0
        }
        return (found, PostgreSQLMigrations.all.count)
    }
}
