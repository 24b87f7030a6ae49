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
            for statement in Self.statements(query, after: position, count: count + 1) where records.count <= count {
                try connection.query(statement.sql, statement.values) { records.append(ImageRow.record($0)) }
            }
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
