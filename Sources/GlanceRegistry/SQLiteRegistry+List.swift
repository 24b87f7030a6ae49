import GlanceModel
import SQLite

extension SQLiteRegistry {
    /// What `ImageRow.record` reads.
    static let columns = ImageRow.columns(propertiesJoined: "group_concat(key || '=' || value, char(10))")

    package func page(
        _ query: ImageQuery, after position: ListPosition?, count: Int
    ) throws(Failure) -> ImagePage {
        guard count > 0 else { return ImagePage(images: [], next: nil) }
        let records = try pool.read { connection throws(SQLiteError) in
            var records: [ImageRecord] = []
            for statement in Self.statements(query, after: position) where records.count <= count {
                let rest = Int64(count + 1 - records.count)
                try connection.query(statement.sql, statement.values + [.integer(rest)]) { row in
                    records.append(ImageRow.record(row))
                }
            }
            return records
        }
        return ImagePage(records, count: count, of: query)
    }

    static func statements(_ query: ImageQuery, after position: ListPosition?) -> [ListStatement<SQLiteValue>] {
        ListStatement.all(query, after: position, columns: columns)
    }

    package func position(of marker: ImageRecord, in query: ImageQuery) throws(Failure) -> ListPosition {
        ListPosition(of: marker, in: query)
    }
}
