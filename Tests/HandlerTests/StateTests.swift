import GlanceModel
import Testing

/// What each request does to an image in each state of its life: every cell of the table.
struct StateTests {
    enum Ask: String, CaseIterable {
        case lists, head, get, putMetadata, putData, delete, post
    }

    struct Cell: CustomTestStringConvertible {
        let ask: Ask
        let state: ImageStatus
        let status: Int
        let says: String
        /// The image's status afterwards; nil where there is no image any more.
        let then: ImageStatus?

        init(_ ask: Ask, _ state: ImageStatus, _ status: Int, _ says: String = "", then: ImageStatus?) {
            (self.ask, self.state, self.status, self.says, self.then) = (ask, state, status, says, then)
        }

        var testDescription: String { "\(ask.rawValue) of a \(state.rawValue) image" }
    }

    private static let cells = [
        Cell(.head, .queued, 200, then: .queued),
        Cell(.head, .saving, 404, then: .saving),
        Cell(.head, .available, 200, then: .available),
        Cell(.head, .deleted, 404, then: .deleted),

        Cell(.get, .queued, 404, "has no data yet", then: .queued),
        Cell(.get, .saving, 404, "There is no image “x”", then: .saving),
        Cell(.get, .available, 200, then: .available),
        Cell(.get, .deleted, 404, "There is no image “x”", then: .deleted),

        Cell(.putMetadata, .queued, 200, "\"name\": \"new\"", then: .queued),
        Cell(.putMetadata, .saving, 409, "coming in just now", then: .saving),
        Cell(.putMetadata, .available, 200, "\"name\": \"new\"", then: .available),
        Cell(.putMetadata, .deleted, 404, "There is no image “x”", then: .deleted),

        Cell(.putData, .queued, 200, "\"status\": \"available\"", then: .available),
        Cell(.putData, .saving, 409, "coming in just now", then: .saving),
        Cell(.putData, .available, 409, "data never change", then: .available),
        Cell(.putData, .deleted, 404, "There is no image “x”", then: .deleted),

        Cell(.delete, .queued, 200, then: nil),
        Cell(.delete, .saving, 409, "coming in just now", then: .saving),
        Cell(.delete, .available, 200, then: .deleted),
        Cell(.delete, .deleted, 404, "There is no image “x”", then: .deleted),

        Cell(.post, .queued, 409, "The id x is taken", then: .queued),
        Cell(.post, .saving, 409, "The id x is taken", then: .saving),
        Cell(.post, .available, 409, "The id x is taken", then: .available),
        Cell(.post, .deleted, 409, "The id x is taken", then: .deleted),

        Cell(.lists, .queued, 200, "\"id\": \"x\"", then: .queued),
        Cell(.lists, .saving, 200, "[\n]", then: .saving),
        Cell(.lists, .available, 200, "\"id\": \"x\"", then: .available),
        Cell(.lists, .deleted, 200, "[\n]", then: .deleted),
    ]

    @Test(arguments: cells) func `each request in each state`(cell: Cell) throws {
        let glance = try Glance()
        try Self.bring("x", to: cell.state, in: glance)

        let answers = try Self.send(cell.ask, "x", to: glance)

        for answer in answers {
            #expect(answer.status == cell.status)
            #expect(cell.says.isEmpty || answer.text.contains(cell.says))
        }
        #expect(try glance.status(of: "x") == cell.then)
    }

    @Test func `the table has every cell once`() {
        let cells = Self.cells.map { "\($0.ask) \($0.state)" }

        #expect(cells.count == Ask.allCases.count * ImageStatus.allCases.count)
        #expect(Set(cells).count == cells.count)
    }

    @Test func `refused data change nothing`() throws {
        let glance = try Glance()
        try glance.add("x", body: "data")
        let before = try glance.send("HEAD", "/images/x").metadata

        let answer = try glance.send("PUT", "/images/x", ["x-image-meta-name": "new"], body: .unsent(1 << 20))

        #expect(answer.status == 409)
        #expect(try glance.send("HEAD", "/images/x").metadata == before)
        #expect(glance.storedFiles.count == 1)
    }

    @Test func `a queued image has no tag and no length of data`() throws {
        let glance = try Glance()
        try glance.queue("x", ["x-image-meta-size": "4"])

        let answer = try glance.send("HEAD", "/images/x")

        #expect(answer["ETag"] == nil)
        #expect(answer["Accept-Ranges"] == nil)
        #expect(answer["x-image-meta-size"] == "4")
        #expect(answer["x-image-meta-sha256"] == "")
    }

    @Test func `a deleted image's data are gone from the store`() throws {
        let glance = try Glance()
        try glance.add("x", body: "data")
        try #require(glance.storedFiles.count == 1)

        _ = try glance.send("DELETE", "/images/x")

        #expect(glance.storedFiles == [])
    }

    private static func bring(_ id: String, to state: ImageStatus, in glance: Glance) throws {
        let isPublic = ["x-image-meta-is_public": "true"]
        switch state {
        case .queued: try glance.queue(id, isPublic)
        case .saving: try glance.beginSaving(id)
        case .available: try glance.add(id, isPublic, body: "data")
        case .deleted:
            try glance.add(id, isPublic, body: "data")
            try #require(try glance.send("DELETE", "/images/\(id)").status == 200)
        }
    }

    private static func send(_ ask: Ask, _ id: String, to glance: Glance) throws -> [Answer] {
        let path = "/images/\(id)"
        switch ask {
        case .lists: return try ["/images/", "/images/detail"].map { try glance.send("GET", $0) }
        case .head: return [try glance.send("HEAD", path)]
        case .get: return [try glance.send("GET", path)]
        case .putMetadata: return [try glance.send("PUT", path, ["x-image-meta-name": "new"])]
        case .putData: return [try glance.send("PUT", path, body: "other data")]
        case .delete: return [try glance.send("DELETE", path)]
        case .post:
            let fields = ["x-image-meta-id": id, "x-image-meta-name": "n", "x-image-meta-type": "raw"]
            return try [nil, "more data"].map { try glance.send("POST", "/images/", fields, body: $0) }
        }
    }
}
