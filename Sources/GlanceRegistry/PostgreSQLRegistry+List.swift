import GlanceModel
import PostgreSQL

extension PostgreSQLRegistry {
    /// What `ImageRow.record` reads.
    static let columns = ImageRow.columns(propertiesJoined: "string_agg(key || '=' || value, chr(10))")

    package func page(
        _ query: ImageQuery, after position: ListPosition?, count: Int
    ) throws(Failure) -> ImagePage {
        guard count > 0 else { return ImagePage(images: [], next: nil) }
        let records = try pool.read { connection throws(PostgreSQLError) in
            var records: [ImageRecord] = []
            for statement in Self.statements(query, after: position, count: count + 1) where records.count <= count {
                records += try connection.rows(statement.sql, statement.values, ImageRow.record)
            }
            return records
        }
        return ImagePage(records, count: count, of: query)
    }

    static func statements(
        _ query: ImageQuery, after position: ListPosition?, count: Int
    ) -> [(sql: String, values: [PostgreSQLValue])] {
        let statements: [ListStatement<PostgreSQLValue>] = ListStatement.all(
            query, after: position, columns: columns, count: count)
        return statements.map { (numbered($0.sql), $0.values) }
    }

    package func position(of marker: ImageRecord, in query: ImageQuery) throws(Failure) -> ListPosition {
        ListPosition(of: marker, in: query)
    }
}
