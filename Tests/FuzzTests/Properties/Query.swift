import GlanceModel
import GlanceWire
import HTTP

@testable import GlanceAPI
@testable import GlanceRegistry

/// A target means the same when it is written again, and nothing that a client wrote gets into a statement's text.
func checkQuery(_ bytes: [UInt8]) throws(FuzzFinding) {
    let target = RequestTarget(String(decoding: bytes, as: UTF8.self))
    if let segments = target.segments {
        let written = "/" + segments.map { percentEncoded($0) + "/" }.joined()
        try require(RequestTarget(written).segments == segments, "a path is another one when it is written")
    }
    if let pairs = target.queryPairs() {
        let written =
            "/?" + pairs.map { "\(percentEncoded($0.name))=\(percentEncoded($0.value))" }.joined(separator: "&")
        try require(
            RequestTarget(written).queryPairs()?.elementsEqual(pairs, by: ==) == true,
            "a query is another one when it is written")
    }
    let question: ListQuestion
    do throws(RequestFailure) {
        question = try ListQuestion(target)
    } catch {
        return try require(
            error.message.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }, "an error is not tame")
    }
    try require((0...ImageQuery.limitMax).contains(question.limit ?? 0), "a limit is out of bounds")
    for position in [nil, place(for: question)] { try checkStatements(question.query, after: position) }
}

private func place(for question: ListQuestion) -> ListPosition {
    let value: ListPosition.SortValue =
        switch question.query.sortKey {
        case nil: .none
        case .size, .createdAt, .updatedAt: .integer(5)
        default: .text(question.marker ?? "")
        }
    return ListPosition(id: ImageID(generated: 5), sortValue: value, sequence: 5)
}

/// A text that is asked for in the same way: a zero byte is in no record, and no statement asks for one.
private func plainText(_ text: String, _ plain: String) -> String { text.utf8.contains(0) ? "\0" : plain }

private func checkStatements(_ query: ImageQuery, after position: ListPosition?) throws(FuzzFinding) {
    var plain = query
    plain.name = query.name.map { plainText($0, "n") }
    plain.properties = Dictionary(
        uniqueKeysWithValues: query.properties.sorted { $0.key < $1.key }.enumerated().map { number, pair in
            ("\(100_000 + number)", plainText(pair.key + pair.value, "v"))
        })
    let expected = SQLiteRegistry.statements(plain, after: position, count: 2)
    for (statement, plain) in zip(SQLiteRegistry.statements(query, after: position, count: 2), expected) {
        try require(statement.sql == plain.sql, "a client's text changes a statement: \(statement.sql)")
        try require(statement.sql.count { $0 == "?" } == statement.values.count, "a value is bound to nothing")
        try require(statement.values.count < 1000, "a statement has values without end")
    }
}
