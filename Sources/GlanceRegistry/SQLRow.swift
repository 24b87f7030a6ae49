import GlanceModel
import PostgreSQL
import SQLite

/// A row of either database; columns count from 0. By it and by `SQLValue` what is the same for both stands once.
protocol SQLRow {
    func integer(_ column: Int) -> Int64
    func optionalInteger(_ column: Int) -> Int64?
    func text(_ column: Int) -> String
    func optionalText(_ column: Int) -> String?
}

/// A value for a statement of either database.
protocol SQLValue {
    static func integer(_ number: Int64) -> Self
    static func text(_ text: String) -> Self
    static var null: Self { get }
    /// A condition that every row of `properties` with a value fulfils, `?` for the value, and by which the index finds it;
    /// nil where the index has whole values.
    static var indexedValue: String? { get }
}

extension SQLiteRow: SQLRow {}
extension SQLiteValue: SQLValue {
    static var indexedValue: String? { nil }
}
extension PostgreSQLRow: SQLRow {}
extension PostgreSQLValue: SQLValue {
    static let indexedValue: String? = {
        let start = PostgreSQLMigrations.indexedCharacters
        return "left(value, \(start)) = left(?, \(start))"
    }()
}

extension SQLValue {
    static func optional(_ text: String?) -> Self { text.map { .text($0) } ?? .null }
    static func optional(_ number: Int64?) -> Self { number.map { .integer($0) } ?? .null }

    /// What a new or a saving row knows of its lease: its name, its seconds, and the bytes' store and location.
    static func values(of lease: Lease?) -> [Self] {
        guard let lease else { return [.null, .null, .null, .null, .null] }
        let bytes = lease.bytes
        return [
            .text(lease.name), .integer(Int64(lease.seconds)), .text(bytes.store.text), .text(bytes.location.text),
            .integer(lease.size),
        ]
    }
}
