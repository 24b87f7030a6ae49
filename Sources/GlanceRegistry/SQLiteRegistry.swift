import GlanceModel
import SQLite
import Synchronization

/// Records in an SQLite database: the registry of one host. A commit is durable before it is answered.
package struct SQLiteRegistry: ImageRegistry {
    let pool: SQLitePool
    /// Some hundred of them, of which a service is asked again and again. One more costs little to read.
    let records = AnswersOfState<SQLiteChangeMark, ImageRecord>(bytesMax: 256 << 10)
    let lists = AnswersOfState<SQLiteChangeMark, [ImageRecord]>()
    private let logAttempt = LogAttempt()

    /// Opens the database that `prepare` made. A lock of another process is waited for up to `busySecondsMax` seconds.
    package init(path: String, busySecondsMax: Int) throws(Failure) {
        pool = try SQLitePool(path: path, busySecondsMax: busySecondsMax)
    }

    /// Makes the database, or brings it to the newest schema. `newSite` names the site of a new one.
    package static func prepare(path: String, busySecondsMax: Int, newSite: String) throws(Failure) {
        let connection = try asFailure { () throws(SQLiteError) in
            try SQLiteConnection(path: path, busySecondsMax: busySecondsMax, create: true)
        }
        try SQLiteMigrations.run(on: connection, newSite: newSite)
    }

    package var state: String? {
        guard let mark = changeMark else { return nil }
        if let text = mark.text { return text }
        guard !logAttempt.isMade.exchange(true, ordering: .relaxed) else { return nil }
        beginLog()
        return changeMark?.text
    }

    /// To begin the log, which each process tries once.
    private final class LogAttempt: Sendable {
        let isMade = Atomic<Bool>(false)
    }

    private var changeMark: SQLiteChangeMark? {
        (try? pool.read { connection throws(SQLiteError) in connection.changeMark }) ?? nil
    }

    /// Commits what changes nothing, so that there is a mark from here on: a service that is seldom written to starts with
    /// an empty log.
    private func beginLog() {
        _ = try? pool.write { connection throws(Failure) in
            guard connection.changeMark?.text == nil else { return }
            try asFailure { () throws(SQLiteError) in
                // No image has that id. SQLite writes nothing where a row is set to what it is.
                try connection.execute("INSERT INTO spent_ids VALUES ('')")
                try connection.execute("DELETE FROM spent_ids WHERE id = ''")
            }
        }
    }

    package func siteID() throws(Failure) -> String {
        try pool.read { connection throws(SQLiteError) in
            try connection.first("SELECT id FROM site") { $0.text(0) } ?? ""
        }
    }

    package func hasImages(in store: StoreName) throws(Failure) -> Bool {
        try pool.read { connection throws(SQLiteError) in
            try connection.first(
                "SELECT EXISTS (SELECT 1 FROM images WHERE status = 'available' AND store = ?1)", [.text(store.text)]
            ) { $0.integer(0) } == 1
        }
    }

    package func record(_ id: ImageID) throws(Failure) -> ImageRecord? {
        try pool.read { connection throws(SQLiteError) in
            // Before the read: what is read may be newer than its mark, never older.
            let mark = connection.changeMark
            if let (known, then) = records[id.text], then == mark { return known }
            let record = try connection.first(Self.recordByID, [.text(id.text)], ImageRow.record)
            if let record { records.keep(record, of: id.text, at: mark, bytes: record.image.bytesInMemory) }
            return record
        }
    }

    private static let recordByID = "SELECT \(columns) FROM images WHERE id = ?1"

    package func update(_ image: Image) throws(Failure) -> Bool {
        try pool.write { connection throws(Failure) in
            try asFailure { () throws(SQLiteError) in
                try connection.execute(
                    """
                    UPDATE images SET name = ?3, type = ?4, size = ?5, is_size_known = ?6, store = ?7, updated_at = ?8,
                        is_public = ?9, sha256 = ?10, version = ?11
                    WHERE id = ?1 AND version = ?2 AND status IN ('queued', 'available')
                    """, [.text(image.id.text), .integer(image.version - 1)] + ImageRow.changingValues(image))
                guard connection.changes == 1 else { return false }
                try replaceProperties(of: image, on: connection)
                return true
            }
        }
    }

    package func delete(_ image: Image, at now: Timestamp) throws(Failure) -> Bool {
        try pool.write { connection throws(Failure) in
            try asFailure { () throws(SQLiteError) in
                let key: [SQLiteValue] = [.text(image.id.text), .integer(image.version)]
                return image.status == .queued
                    ? try deleteQueued(key, on: connection)
                    : try deleteAvailable(key, at: now, on: connection)
            }
        }
    }

    private func deleteQueued(_ key: [SQLiteValue], on connection: SQLiteConnection) throws(SQLiteError) -> Bool {
        let condition = "id = ?1 AND version = ?2 AND status = 'queued'"
        try connection.execute("INSERT INTO spent_ids SELECT id FROM images WHERE \(condition) AND is_generated", key)
        try connection.execute("DELETE FROM images WHERE \(condition)", key)
        return connection.changes == 1
    }

    private func deleteAvailable(
        _ key: [SQLiteValue], at now: Timestamp, on connection: SQLiteConnection
    ) throws(SQLiteError) -> Bool {
        let condition = "id = ?1 AND version = ?2 AND status = 'available'"
        try connection.execute("INSERT INTO doomed_bytes SELECT store, location FROM images WHERE \(condition)", key)
        // Its row stays for ever, and is to be short.
        try connection.execute(
            "DELETE FROM properties WHERE sequence = (SELECT sequence FROM images WHERE \(condition))", key)
        try connection.execute(
            "UPDATE images SET status = 'deleted', deleted_at = ?3, version = version + 1, location = NULL, damage = NULL WHERE \(condition)",
            key + [.integer(now.seconds)])
        return connection.changes == 1
    }

    func replaceProperties(of image: Image, on connection: SQLiteConnection) throws(SQLiteError) {
        try connection.execute(
            "DELETE FROM properties WHERE sequence = (SELECT sequence FROM images WHERE id = ?1)",
            [.text(image.id.text)])
        for (key, value) in image.properties.pairs {
            try connection.execute(
                "INSERT INTO properties (sequence, key, value) SELECT sequence, ?2, ?3 FROM images WHERE id = ?1",
                [.text(image.id.text), .text(key), .text(value)])
        }
    }
}
