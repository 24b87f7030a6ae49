import GlanceModel
import PostgreSQL
import SQLite

/// A registry in an SQL database, as its rows: what `RegistryCopy` needs of either. Statements have `?` for each value, and
/// every value travels as text or NULL, which both databases turn into what a column takes.
package protocol SQLRegistry: UpkeepRegistry {
    /// What makes one of an id in the destination of a copy: with it, an image's own id is taken. Nil where the image's
    /// row is enough.
    var takingID: String? { get }

    /// The statement that makes a generated number that no image has any more.
    var takingSpentID: String { get }

    /// Such numbers, as a table.
    var spentIDs: String { get }

    /// What follows from the images that are there, once all are.
    var finishing: [String] { get }

    func rows(_ sql: String, _ values: [String?], columns: Int) throws(Failure) -> [[String?]]

    /// Runs statements in one transaction.
    func run(_ statements: [SQLStatement]) throws(Failure)
}

package struct SQLStatement: Sendable {
    let sql: String
    let values: [String?]

    init(_ sql: String, _ values: [String?] = []) {
        self.sql = sql
        self.values = values
    }
}

extension SQLRow {
    fileprivate func texts(_ columns: Int) -> [String?] { (0..<columns).map(optionalText) }
}

extension SQLiteRegistry: SQLRegistry {
    package var takingID: String? { nil }
    package var takingSpentID: String { "INSERT INTO spent_ids (id) VALUES (?)" }
    package var spentIDs: String { "spent_ids" }
    package var finishing: [String] { [] }

    package func rows(_ sql: String, _ values: [String?], columns: Int) throws(Failure) -> [[String?]] {
        try pool.read { connection throws(SQLiteError) in
            var rows: [[String?]] = []
            try connection.query(sql, values.map(SQLiteValue.optional)) { rows.append($0.texts(columns)) }
            return rows
        }
    }

    package func run(_ statements: [SQLStatement]) throws(Failure) {
        try pool.write { connection throws(Failure) in
            try asFailure { () throws(SQLiteError) in
                for statement in statements {
                    try connection.execute(statement.sql, statement.values.map(SQLiteValue.optional))
                }
            }
        }
    }
}

extension PostgreSQLRegistry: SQLRegistry {
    package var takingID: String? { "INSERT INTO ids (id) VALUES (?)" }
    package var takingSpentID: String { "INSERT INTO ids (id) VALUES (?)" }

    package var spentIDs: String {
        "(SELECT id FROM ids WHERE NOT EXISTS (SELECT 1 FROM images WHERE images.id = ids.id)) AS spent"
    }

    package var finishing: [String] {
        [
            "UPDATE counter SET sequence = (SELECT COALESCE(max(sequence), 0) FROM images)",
            "ANALYZE images, properties, ids, counter",
        ]
    }

    package func rows(_ sql: String, _ values: [String?], columns: Int) throws(Failure) -> [[String?]] {
        try pool.read { connection throws(PostgreSQLError) in
            try connection.rows(numbered(sql), values.map(PostgreSQLValue.optional)) { $0.texts(columns) }
        }
    }

    package func run(_ statements: [SQLStatement]) throws(Failure) {
        try pool.write { connection throws(PostgreSQLError) in
            try connection.transaction { () throws(PostgreSQLError) in
                for statement in statements {
                    try connection.execute(numbered(statement.sql), statement.values.map(PostgreSQLValue.optional))
                }
            }
        } lookUp: { failure throws(Failure) in
            // Whoever copies looks at what is there when it goes on.
            throw failure
        }
    }
}

/// With `$1`, `$2`, … for each `?`.
func numbered(_ sql: String) -> String {
    let parts = sql.split(separator: "?", omittingEmptySubsequences: false)
    return parts[0] + parts.dropFirst().enumerated().map { "$\($0.offset + 1)\($0.element)" }.joined()
}
