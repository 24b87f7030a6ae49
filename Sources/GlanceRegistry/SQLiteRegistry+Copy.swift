import GlanceModel
import SQLite

extension SQLiteRegistry {
    /// Copies the database at `path`, as it is at one moment, to a new file, while others go on writing.
    package static func copy(_ path: String, to copy: String, busySecondsMax: Int) throws(Failure) {
        try asFailure { () throws(SQLiteError) in
            let connection = try SQLiteConnection(path: path, busySecondsMax: busySecondsMax, create: false)
            try connection.copy(to: copy)
        }
    }

    /// Whether there is, or ever was, any image in the database at `path`, of whatever schema. A database without tables
    /// has none.
    package static func hasRecords(_ path: String) throws(Failure) -> Bool {
        try asFailure { () throws(SQLiteError) in
            let connection = try SQLiteConnection(path: path, busySecondsMax: 10, create: false)
            let isMade =
                try connection.first("SELECT 1 FROM sqlite_schema WHERE name = 'images'") { $0.integer(0) } == 1
            return isMade ? try connection.first("SELECT 1 FROM images") { $0.integer(0) } == 1 : false
        }
    }

    /// Whether another process has the database at `path` open: only a database that nobody else has can leave the mode
    /// with a write-ahead log (https://www.sqlite.org/pragma.html#pragma_journal_mode). The next one that opens it has it
    /// enter that mode again.
    package static func isInUse(_ path: String) throws(Failure) -> Bool {
        do throws(SQLiteError) {
            let connection = try SQLiteConnection(path: path, busySecondsMax: 0, create: false)
            return try connection.first("PRAGMA journal_mode=DELETE") { $0.text(0) } != "delete"
        } catch {
            guard error.isBusy else { throw Failure(error) }
            return true
        }
    }

    /// Finds the library. To be asked by whoever says what is missing.
    package static func load() throws(Failure) {
        try asFailure { () throws(SQLiteError) in try SQLiteConnection.load() }
    }

    package func schema() throws(Failure) -> (found: Int, known: Int) {
        let found = try pool.read { connection throws(SQLiteError) in
            try connection.first("PRAGMA user_version") { Int($0.integer(0)) } ?? 0
        }
        return (found, SQLiteMigrations.all.count)
    }

    package func defects() throws(Failure) -> [String] {
        try pool.read { connection throws(SQLiteError) in
            var lines: [String] = []
            try connection.query("PRAGMA quick_check(10)") { lines.append($0.text(0)) }
            return lines == ["ok"] ? [] : lines
        }
    }
}
