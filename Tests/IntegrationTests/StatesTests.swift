import Foundation
import Testing

/// The table of states: what each request gets from an image in each state.
@Suite struct StatesTests {
    enum State: CaseIterable {
        case queued, saving, available, deleted
    }

    struct Cell: CustomTestStringConvertible {
        let request: String
        let state: State
        let status: Int

        var testDescription: String { "\(request) of one that is \(state): \(status)" }
    }

    static let table: [(request: String, statuses: [Int])] = [
        ("HEAD", [200, 404, 200, 404]),
        ("GET", [404, 404, 200, 404]),
        ("PUT of metadata", [200, 409, 200, 404]),
        ("PUT of data", [200, 409, 409, 404]),
        ("DELETE", [200, 409, 200, 404]),
        ("POST of that id", [409, 409, 409, 409]),
    ]

    static let cells = table.flatMap { row in
        zip(State.allCases, row.statuses).map { Cell(request: row.request, state: $0, status: $1) }
    }

    @Test(arguments: cells) func `each request gets what the table says`(cell: Cell) throws {
        let site = try Site.shared.get()
        let id = "s-\(UUID().uuidString)"
        let held = try bring(id, to: cell.state, on: site)

        let answer = try ask(cell.request, of: id, on: site)

        #expect(answer.status == cell.status, "\(answer.text)")
        #expect(answer["x-request-id"] != nil)
        withExtendedLifetime(held) {}
    }

    @Test(arguments: zip(State.allCases, [true, false, true, false]))
    func `lists show what the table says`(state: State, isListed: Bool) throws {
        let site = try Site.shared.get()
        let id = "s-\(UUID().uuidString)"
        let held = try bring(id, to: state, on: site)

        #expect(try site.curl("/images/?is_public=none").ids().contains(id) == isListed)
        withExtendedLifetime(held) {}
    }

    /// What comes back has to live for as long as the image is to stay in a state that somebody holds it in.
    private func bring(_ id: String, to state: State, on site: Site) throws -> HeldRequest? {
        switch state {
        case .queued:
            #expect(try site.add(nil, ["x-image-meta-id": id]).status == 200)
        case .available:
            #expect(try site.add("data", ["x-image-meta-id": id]).status == 200)
        case .deleted:
            #expect(try site.add("data", ["x-image-meta-id": id]).status == 200)
            #expect(try site.send("DELETE", "/images/\(id)").status == 200)
        case .saving:
            let held = try HeldRequest(uploadTo: site, id: id, length: 100, sent: 50)
            // Nobody sees an image that is being saved, but a change of it is refused in its own way.
            #expect(try eventually { try site.send("DELETE", "/images/\(id)").status == 409 })
            return held
        }
        return nil
    }

    private func ask(_ request: String, of id: String, on site: Site) throws -> Answer {
        switch request {
        case "HEAD", "GET", "DELETE": try site.send(request, "/images/\(id)")
        case "PUT of metadata": try site.send("PUT", "/images/\(id)", nil, ["x-image-meta-name": "New"])
        case "PUT of data": try site.send("PUT", "/images/\(id)", "new data")
        default: try site.add("other", ["x-image-meta-id": id])
        }
    }
}
