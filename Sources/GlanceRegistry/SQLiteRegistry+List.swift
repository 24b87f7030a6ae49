import GlanceModel
import SQLite

extension SQLiteRegistry {
    package func page(
        _ query: ImageQuery, after position: ListPosition?, count: Int
    ) throws(Failure) -> ImagePage {
        guard count > 0 else { return ImagePage(images: [], next: nil) }
        // One row more than asked for tells whether there is another page.
        let records = try pool.read { connection throws(SQLiteError) in
            var records: [ImageRecord] = []
            for statement in SQLiteList.statements(query, after: position) where records.count <= count {
                let rest = Int64(count + 1 - records.count)
                try connection.query(statement.sql, statement.values + [.integer(rest)]) { row in
                    records.append(ImageRow.record(row))
                }
            }
            return records
        }
        let page = records.prefix(count)
        let next =
            try records.count > count
            ? page.last.map { last throws(Failure) in try self.position(of: last, in: query) } : nil
        return ImagePage(images: page.map(\.image), next: next)
    }

    package func position(of marker: ImageRecord, in query: ImageQuery) throws(Failure) -> ListPosition {
        let image = marker.image
        let value: ListPosition.SortValue =
            switch query.sortKey {
            case nil: .none
            case .id: .text(image.id.text)
            case .name: .text(image.name.text)
            case .type: .text(image.type.rawValue)
            case .size: .integer(image.size ?? 0)
            // Only what was available is remembered when it is deleted, and it was listed as that.
            case .status: .text((image.status == .deleted ? .available : image.status).rawValue)
            case .createdAt: .integer(image.createdAt.seconds)
            case .updatedAt: .integer(image.updatedAt.seconds)
            }
        return ListPosition(id: image.id, sortValue: value, sequence: marker.sequence)
    }
}

/// The statements that read one page of a list. Their text is put together from the literals here alone; what a client
/// wrote is only ever bound.
enum SQLiteList {
    struct Statement {
        var sql: String
        var values: [SQLiteValue]
    }

    /// To be run in turn, each with the number of rows still wanted as its last value. Behind a position there are two:
    /// what ties with it and was added later, and what comes after it in the order; each one walks an index.
    static func statements(_ query: ImageQuery, after position: ListPosition?) -> [Statement] {
        let direction = query.isDescending ? "DESC" : "ASC"
        let onward = query.isDescending ? "<" : ">"
        guard let key = query.sortKey else {
            let behind = position.map { Condition("sequence \(onward) ?", .integer($0.sequence)) }
            return [statement(query, behind, order: "sequence \(direction)")]
        }
        let column = key.rawValue
        let order = key == .id ? "id \(direction)" : "\(column) \(direction), sequence"
        guard let position, let value = SQLiteValue(position.sortValue) else {
            return [statement(query, nil, order: order)]
        }
        let (place, values) = bound(column, value, of: position)
        let onwards = statement(query, Condition("\(column) \(onward) \(place)", values), order: order)
        guard key != .id else { return [onwards] }
        let ties = Condition("\(column) = \(place) AND sequence > ?", values + [.integer(position.sequence)])
        return [statement(query, ties, order: "sequence"), onwards]
    }

    /// What a column is compared with behind `position`. Text that was mended when it was read is not what the row holds:
    /// compared with that, a list would come back to the same row for ever.
    private static func bound(
        _ column: String, _ value: SQLiteValue, of position: ListPosition
    ) -> (sql: String, values: [SQLiteValue]) {
        guard case .text(let text) = value, text.contains("\u{FFFD}") else { return ("?", [value]) }
        return (
            "coalesce((SELECT \(column) FROM images WHERE sequence = ?), ?)", [.integer(position.sequence), value]
        )
    }

    private struct Condition {
        let sql: String
        let values: [SQLiteValue]

        init(_ sql: String, _ values: SQLiteValue...) {
            self.init(sql, values)
        }

        init(_ sql: String, _ values: [SQLiteValue]) {
            self.sql = sql
            self.values = values
        }
    }

    private static func statement(_ query: ImageQuery, _ place: Condition?, order: String) -> Statement {
        let conditions = [visibility(query)] + filters(query) + (place.map { [$0] } ?? [])
        let sql = """
            SELECT \(ImageRow.columns) FROM images
            WHERE status IN ('queued', 'available') AND \(conditions.map(\.sql).joined(separator: " AND "))
            ORDER BY \(order) LIMIT ?
            """
        return Statement(sql: sql, values: conditions.flatMap(\.values))
    }

    private static func visibility(_ query: ImageQuery) -> Condition {
        switch (query.visibility, query.privateOf) {
        case (.publicOnly, _), (.all, .nobody): Condition("is_public = 1")
        case (.privateOnly, .everyone): Condition("is_public = 0")
        case (.privateOnly, .one(let owner)): Condition("is_public = 0 AND owner = ?", .text(owner))
        case (.privateOnly, .nobody): Condition("FALSE")
        case (.all, .everyone): Condition("TRUE")
        case (.all, .one(let owner)): Condition("(is_public = 1 OR owner = ?)", .text(owner))
        }
    }

    private static func filters(_ query: ImageQuery) -> [Condition] {
        var conditions: [Condition] = []
        if let name = query.name { conditions.append(Condition("name = ?", .text(name))) }
        if let type = query.type { conditions.append(Condition("type = ?", .text(type.rawValue))) }
        if let status = query.status { conditions.append(Condition("status = ?", .text(status.rawValue))) }
        if let store = query.store { conditions.append(Condition("store = ?", .text(store.text))) }
        if let bound = query.sizeMin { conditions.append(Condition("size >= ?", .integer(bound))) }
        if let bound = query.sizeMax { conditions.append(Condition("size <= ?", .integer(bound))) }
        for (key, value) in query.properties.sorted(by: { $0.key < $1.key }) {
            conditions.append(
                Condition(
                    """
                    EXISTS (SELECT 1 FROM properties
                        WHERE properties.sequence = images.sequence AND key = ? AND value = ?)
                    """, .text(key), .text(value)))
        }
        return conditions
    }
}

extension SQLiteValue {
    fileprivate init?(_ value: ListPosition.SortValue) {
        switch value {
        case .none: return nil
        case .text(let text): self = .text(text)
        case .integer(let number): self = .integer(number)
        }
    }
}
