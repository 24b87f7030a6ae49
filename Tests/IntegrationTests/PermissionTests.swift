import Foundation
import Testing

/// The table of docs/security.md, cell by cell, through nginx.
@Suite struct PermissionTests {
    @Test(arguments: IdentitySite.Mode.allCases)
    func `every cell of the permission table is true`(mode: IdentitySite.Mode) throws {
        let rows = try PermissionRow.all()
        let site = try IdentitySite.shared(mode)
        let images = PermissionImages(in: site.site) { try site.send($0, $1, $2, $3, $4) }

        #expect(rows.count > 60)
        for row in rows {
            for actor in Actor.allCases {
                let found = try images.outcome(of: row, for: actor)

                #expect(found == row.cells[actor], "\(row.request), \(row.image), \(actor)")
            }
        }
    }

    @Test func `where nobody is asked who they are, everybody may what the table gives to admins`() throws {
        let site = try Site(["--store", "file", "--registry", "sqlite"])
        let images = PermissionImages(in: site) { try site.send($1, $2, $3, $4) }

        for row in try PermissionRow.all() {
            let found = try images.outcome(of: row, for: .admin)

            #expect(found == row.cells[.admin], "\(row.request), \(row.image)")
        }
    }

    @Test func `the table has a row for every request and every image that a request can name`() throws {
        let rows = try PermissionRow.all()
        let images = PermissionImages.Kind.allCases.map(\.rawValue)

        for request in Set(rows.map(\.request)) where request.contains("/images/<id>`") || request.contains("that id") {
            #expect(rows.filter { $0.request == request }.map(\.image) == images, "\(request)")
        }
    }
}

/// One row: a request, an image, and what each actor gets.
struct PermissionRow {
    let request: String
    let image: String
    let cells: [Actor: String]

    static func all() throws -> [PermissionRow] {
        let page = try String(contentsOfFile: "\(Site.project)/docs/security.md", encoding: .utf8)
        return page.split(separator: "\n").compactMap { line in
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard cells.count == 6, cells[0].hasPrefix("`") else { return nil }
            return PermissionRow(
                request: cells[0], image: cells[1],
                cells: Dictionary(uniqueKeysWithValues: zip(Actor.allCases, cells.dropFirst(2))))
        }
    }
}

/// The images of the table: each is made when it is first asked for, and anew once a request has changed it.
private final class PermissionImages {
    enum Kind: String, CaseIterable {
        case `public`, `private`
        case queuedPublic = "queued public"
        case queuedPrivate = "queued private"
        case savingPublic = "saving public"
        case savingPrivate = "saving private"
        case deletedPublic = "deleted public"
        case deletedPrivate = "deleted private"
        case none
    }

    /// A request's method, path, body and header fields.
    typealias Send = (Actor, String, String, String?, [String: String]) throws -> Answer

    private let site: Site
    private let send: Send
    private var ids: [Kind: String] = [:]
    private var made = 0

    init(in site: Site, send: @escaping Send) {
        self.site = site
        self.send = send
    }

    /// As it stands in a cell.
    func outcome(of row: PermissionRow, for actor: Actor) throws -> String {
        let kind = try #require(Kind(rawValue: row.image), "no such image: \(row.image)")
        let id = try id(of: kind)
        let answer = try send(row.request, id, actor)
        let reads = row.request.hasPrefix("`GET") || row.request.hasPrefix("`HEAD")
        if !reads, answer.status == 200 { ids[kind] = nil }
        guard reads, row.image != "none", answer.status == 200, row.cells[actor]?.contains("in it") == true else {
            return "\(answer.status)"
        }
        return "\(answer.status), \(try answer.ids().contains(id) ? "in it" : "not in it")"
    }

    private func send(_ request: String, _ id: String, _ actor: Actor) throws -> Answer {
        let path = String(try #require(request.firstMatch(of: #/`[A-Z]+ (\S+)`/#)).1).replacing("<id>", with: id)
        switch request {
        case "`PUT /images/<id>`, metadata": return try send(actor, "PUT", path, nil, ["x-image-meta-name": "new"])
        case "`PUT /images/<id>`, JSON":
            let json = "{\"image\": {\"name\": \"new\"}}"
            return try send(actor, "PUT", path, json, ["Content-Type": "application/json"])
        case "`PUT /images/<id>`, data": return try send(actor, "PUT", path, "data", [:])
        case "`POST /images` of that id", "`POST /images` without an id":
            let fields = ["x-image-meta-name": "n", "x-image-meta-type": "raw"]
            let own = request.hasSuffix("of that id") ? ["x-image-meta-id": id] : [:]
            return try send(actor, "POST", path, "data", fields.merging(own) { $1 })
        default:
            return try send(actor, String(request.dropFirst().prefix { $0 != " " }), path, nil, [:])
        }
    }

    private func id(of kind: Kind) throws -> String {
        if let id = ids[kind] { return id }
        made += 1
        let id = "image-\(made)"
        try make(kind, id)
        ids[kind] = id
        return id
    }

    private func make(_ kind: Kind, _ id: String) throws {
        let isPublic = kind.rawValue.hasSuffix("public")
        switch kind {
        case .none: break
        case .public, .private: try add(id, data: "data", isPublic: isPublic)
        case .queuedPublic, .queuedPrivate: try add(id, data: nil, isPublic: isPublic)
        case .savingPublic, .savingPrivate:
            try add(id, data: nil, isPublic: isPublic)
            // As an upload under way leaves it in the registry, with a lease that outlives the test.
            let update = """
                UPDATE images SET status = 'saving', was_queued = 1, lease = '\(id)', lease_ends_at = 4102444800,
                    attempt_store = 'file', location = 'te/st/\(id)' WHERE id = '\(id)'
                """
            let registry = try Cluster.values("\(site.directory)/etc/glance-api.conf")["registry"] ?? ""
            let output =
                registry.hasPrefix("sqlite://")
                ? try run("sqlite3", [String(registry.dropFirst("sqlite://".count)), update])
                : try run("psql", ["-Xq", "-v", "ON_ERROR_STOP=1", "-c", update, registry])
            try #require(output.status == 0, "\(output.errors)")
        case .deletedPublic, .deletedPrivate:
            try add(id, data: "data", isPublic: isPublic)
            try #require(try send(.owner, "DELETE", "/images/\(id)", nil, [:]).status == 200)
        }
    }

    private func add(_ id: String, data: String?, isPublic: Bool) throws {
        let fields = [
            "x-image-meta-id": id, "x-image-meta-name": "n", "x-image-meta-type": "raw",
            "x-image-meta-is_public": "\(isPublic)",
        ]
        let answer = try send(.owner, "POST", "/images", data, fields)
        try #require(answer.status == 200, "\(answer.text)")
    }
}
