import GlanceModel

/// A statement that reads a part of a list's page. Its text is put together from the literals here alone, with `?` for each
/// value; what a client wrote is only ever bound.
struct ListStatement<Value: SQLValue> {
    let sql: String
    let values: [Value]

    /// To be run in turn, until there are `count` rows: none brings more than that. Behind a position there are two: what
    /// ties with it and was added later, and what comes after it in the order; each one walks an index. `columns` are those
    /// of `ImageRow`.
    static func all(
        _ query: ImageQuery, after position: ListPosition?, columns: String, count: Int
    ) -> [ListStatement] {
        let direction = query.isDescending ? "DESC" : "ASC"
        let onward = query.isDescending ? "<" : ">"
        guard let key = query.sortKey else {
            return [inOrderOfAdding(columns, query, behind: position?.sequence, count)]
        }
        let column = key.rawValue
        let order = key == .id ? "id \(direction)" : "\(column) \(direction), sequence"
        guard let position, let value = position.sortValue.bound(as: Value.self) else {
            return [ListStatement(columns, query, [], order: order, count)]
        }
        let (place, values) = bound(column, value, of: position)
        let behind = Condition("\(column) \(onward) \(place)", values)
        let onwards = ListStatement(columns, query, [behind], order: order, count)
        guard key != .id else { return [onwards] }
        let ties = Condition("\(column) = \(place) AND sequence > ?", values + [.integer(position.sequence)])
        return [ListStatement(columns, query, [ties], order: "sequence", count), onwards]
    }

    /// What a column is compared with behind `position`. Text that was mended when it was read is not what the row holds:
    /// compared with that, a list would come back to the same row for ever.
    private static func bound(
        _ column: String, _ value: Value, of position: ListPosition
    ) -> (sql: String, values: [Value]) {
        guard case .text(let text) = position.sortValue, text.contains("\u{FFFD}") else { return ("?", [value]) }
        return (
            "coalesce((SELECT \(column) FROM images WHERE sequence = ?), ?)", [.integer(position.sequence), value]
        )
    }

    /// In the order of adding. Images with a property are found by the index of properties, which has them in that order.
    private static func inOrderOfAdding(
        _ columns: String, _ query: ImageQuery, behind sequence: Int64?, _ count: Int
    ) -> ListStatement {
        let (direction, onward) = query.isDescending ? ("DESC", "<") : ("ASC", ">")
        guard let (key, value) = query.properties.min(by: { $0.key < $1.key }) else {
            let place = sequence.map { [Condition("sequence \(onward) ?", .integer($0))] } ?? []
            return ListStatement(columns, query, place, order: "sequence \(direction)", count)
        }
        var rest = query
        rest.properties[key] = nil
        var named = [Condition("key = ? AND value = ?", texts: key, value)]
        if let indexed = Value.indexedValue { named.append(Condition(indexed, texts: value)) }
        let place = sequence.map {
            [Condition("found \(onward) ? AND sequence \(onward) ?", .integer($0), .integer($0))]
        }
        let conditions =
            [Condition("sequence = found"), visibility(query)] + filters(rest) + (place ?? [])
        return ListStatement(
            sql: """
                SELECT \(columns)
                FROM (SELECT sequence AS found FROM properties WHERE \(all(named))) AS named CROSS JOIN images
                WHERE \(listed(conditions))
                ORDER BY found \(direction) LIMIT ?
                """,
            values: (named + conditions).flatMap(\.values) + [.integer(Int64(count))])
    }

    private init(sql: String, values: [Value]) {
        self.sql = sql
        self.values = values
    }

    /// Behind the position that `place` tells. But for that of adding, an order's index begins with `is_public`: so what is
    /// public and what is not are walked each by itself, no further than the page reaches, and merged.
    private init(_ columns: String, _ query: ImageQuery, _ place: [Condition], order: String, _ count: Int) {
        let limit = Value.integer(Int64(count))
        func walk(_ visibility: ImageQuery.Visibility) -> (sql: String, values: [Value]) {
            var part = query
            part.visibility = visibility
            let conditions = [Self.visibility(part)] + Self.filters(part) + place
            return (
                "SELECT \(columns) FROM images WHERE \(Self.listed(conditions)) ORDER BY \(order) LIMIT ?",
                conditions.flatMap(\.values) + [limit]
            )
        }
        guard query.sortKey != nil, query.visibility == .all, query.privateOf != .nobody else {
            (sql, values) = walk(query.visibility)
            return
        }
        let (shown, hidden) = (walk(.publicOnly), walk(.privateOnly))
        sql = """
            SELECT * FROM (\(shown.sql)) AS shown
            UNION ALL SELECT * FROM (\(hidden.sql)) AS hidden
            ORDER BY \(order) LIMIT ?
            """
        values = shown.values + hidden.values + [limit]
    }

    private static func listed(_ conditions: [Condition]) -> String {
        all([Condition("status IN ('queued', 'available')")] + conditions)
    }

    private static func all(_ conditions: [Condition]) -> String { conditions.map(\.sql).joined(separator: " AND ") }

    private struct Condition {
        let sql: String
        let values: [Value]

        init(_ sql: String, _ values: Value...) {
            self.init(sql, values)
        }

        init(_ sql: String, _ values: [Value]) {
            self.sql = sql
            self.values = values
        }

        /// `sql` with texts of a client's. No record has a zero byte in one, and not every database takes it.
        init(_ sql: String, texts first: String, _ rest: String...) {
            let texts = [first] + rest
            let isPossible = !texts.contains { $0.utf8.contains(0) }
            self.sql = isPossible ? sql : "FALSE"
            values = isPossible ? texts.map { .text($0) } : []
        }
    }

    private static func visibility(_ query: ImageQuery) -> Condition {
        switch (query.visibility, query.privateOf) {
        case (.publicOnly, _), (.all, .nobody): Condition("is_public = 1")
        case (.privateOnly, .everyone): Condition("is_public = 0")
        case (.privateOnly, .one(let owner)): Condition("is_public = 0 AND owner = ?", texts: owner)
        case (.privateOnly, .nobody): Condition("FALSE")
        case (.all, .everyone): Condition("TRUE")
        case (.all, .one(let owner)): Condition("(is_public = 1 OR owner = ?)", texts: owner)
        }
    }

    private static func filters(_ query: ImageQuery) -> [Condition] {
        var conditions: [Condition] = []
        if let name = query.name { conditions.append(Condition("name = ?", texts: name)) }
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
                    """, texts: key, value))
        }
        return conditions
    }
}

extension ListPosition.SortValue {
    fileprivate func bound<Value: SQLValue>(as _: Value.Type) -> Value? {
        switch self {
        case .none: nil
        case .text(let text): .text(text)
        case .integer(let number): .integer(number)
        }
    }
}

extension ListPosition {
    /// The place behind `record` in the order of `query`.
    init(of record: ImageRecord, in query: ImageQuery) {
        let image = record.image
        let value: SortValue =
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
        self.init(id: image.id, sortValue: value, sequence: record.sequence)
    }
}

extension ImagePage {
    /// The first `count` of `records`: one more than those tells that there is another page.
    init(_ records: [ImageRecord], count: Int, of query: ImageQuery) {
        let page = records.prefix(count)
        self.init(
            images: page.map(\.image),
            next: records.count > count ? page.last.map { ListPosition(of: $0, in: query) } : nil)
    }
}
