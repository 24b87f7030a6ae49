import GlanceModel
import SQLite

extension SQLiteRegistry {
    package func census() throws(Failure) -> Census {
        try pool.read { connection throws(SQLiteError) in
            var images: [Census.Count] = []
            try connection.query(
                "SELECT store, status, count(*), sum(size) FROM images GROUP BY store, status ORDER BY store, status"
            ) { row in
                if let count = Census.Count(row) { images.append(count) }
            }
            return Census(
                images: images,
                leasesOver: try count(
                    "SELECT count(*) FROM images WHERE status = 'saving' AND lease_ends_at < unixepoch()", connection),
                bytesToDelete: try count("SELECT count(*) FROM doomed_bytes", connection),
                damaged: try count(
                    "SELECT count(*) FROM images WHERE status = 'available' AND damage IS NOT NULL", connection))
        }
    }

    private func count(_ sql: String, _ connection: SQLiteConnection) throws(SQLiteError) -> Int64 {
        try connection.first(sql) { $0.integer(0) } ?? 0
    }
}
