import GlanceModel
import HTTP
import SQLite

extension SQLiteRegistry {
    /// What `ImageRow.record` reads.
    static let columns = ImageRow.columns(propertiesJoined: "group_concat(key || '=' || value, char(10))")

    package func page(
        _ query: ImageQuery, after position: ListPosition?, count: Int
    ) throws(Failure) -> ImagePage {
        guard count > 0 else { return ImagePage(images: [], next: nil) }
        let statements = Self.statements(query, after: position, count: count + 1)
        let question = statements.map(\.question).joined()
        let records = try pool.read { connection throws(SQLiteError) in
            let mark = connection.changeMark
            if let (known, then) = lists[question], then == mark { return known }
            var records: [ImageRecord] = []
            for statement in statements where records.count <= count {
                try connection.query(statement.sql, statement.values) { records.append(ImageRow.record($0)) }
            }
            let bytes = records.reduce(0) { $0 + $1.image.bytesInMemory }
            lists.keep(records, of: question, at: mark, bytes: bytes)
            return records
        }
        return ImagePage(records, count: count, of: query)
    }

    static func statements(
        _ query: ImageQuery, after position: ListPosition?, count: Int
    ) -> [ListStatement<SQLiteValue>] {
        ListStatement.all(query, after: position, columns: columns, count: count)
    }

    package func position(of marker: ImageRecord, in query: ImageQuery) throws(Failure) -> ListPosition {
        ListPosition(of: marker, in: query)
    }
}

extension ListStatement<SQLiteValue> {
    /// What two of them share only where they read the same. Without characters beyond ASCII: such texts may be equal whose
    /// bytes differ.
    var question: String {
        values.reduce(into: sql) { text, value in
            switch value {
            case .integer(let number): text += " \(number)"
            case .text(let value): text += " '\(percentEncoded(value))"
            case .null: text += " -"
            }
        }
    }
}
