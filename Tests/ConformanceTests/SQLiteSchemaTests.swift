import Dispatch
import Foundation
import GlanceModel
import SQLite
import Synchronization
import Testing

@testable import GlanceRegistry

/// What concerns the SQL registry alone: its schema, and how it finds things.
@Suite(.scratchDirectory) struct SQLiteSchemaTests {
    private let path = "\(ScratchDirectory.path)/registry.db"

    private func prepare(_ site: String = "site") throws {
        try SQLiteRegistry.prepare(path: path, busySecondsMax: 20, newSite: site)
    }

    private func connection() throws -> SQLiteConnection {
        try SQLiteConnection(path: path, busySecondsMax: 20, create: false)
    }

    @Test func `a database that is prepared again keeps its records and its site`() throws {
        try prepare("first")
        let image = try SQLiteRegistry(path: path, busySecondsMax: 5).addAvailable(.made(properties: ["a": "1"]))

        try prepare("second")

        let registry = try SQLiteRegistry(path: path, busySecondsMax: 5)
        #expect(try registry.siteID() == "first")
        #expect(try registry.found(image.id).image == image)
    }

    @Test func `a database of a newer program is refused and left alone`() throws {
        try prepare()
        let newest = SQLiteMigrations.all.count
        try connection().execute("PRAGMA user_version = \(newest + 1)")

        let failure = #expect(throws: Failure.self) { try prepare() }

        #expect(
            failure
                == .registryAway(
                    reason:
                        "the database has schema \(newest + 1), and this program knows \(newest): use a newer glance-api"
                ))
        #expect(try connection().first("PRAGMA user_version") { $0.integer(0) } == Int64(newest + 1))
    }

    /// `schema-N.sql` is a registry of that schema, as `.dump` of sqlite3 writes it.
    @Test(arguments: [1, 2]) func `a database of an earlier schema opens, and has what it had`(schema: Int) throws {
        let fixture = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures/schema-\(schema).sql")
        let connection = try SQLiteConnection(path: path, busySecondsMax: 20, create: true)
        try connection.execute("PRAGMA foreign_keys=OFF")
        let text = try String(contentsOf: fixture, encoding: .utf8)
        for statement in text.split(separator: ";\n") { try connection.execute(String(statement)) }

        try prepare("another name")

        let registry = try SQLiteRegistry(path: path, busySecondsMax: 20)
        #expect(try registry.siteID() == "a1b2c3d4e5f60718293a4b5c6d7e8f90")
        #expect(try registry.schema().found == SQLiteMigrations.all.count)
        #expect(try registry.defects() == [])
        let first = try registry.found(ImageID("1")!)
        #expect(first.image.name.text == "Größe 画")
        #expect(first.image.properties["distro"] == "Ubuntu 10.04 LTS")
        #expect(first.image.properties["empty"] == "")
        #expect(first.image.version == 3)
        #expect(first.location == Location("ab/cd/abcd0001"))
        #expect(first.damage == nil)
        #expect(try registry.found(ImageID("own-name")!).image.owner == "alice")
        #expect(try registry.found(ImageID("gone")!).image.status == .deleted)
        let quota = OwnerQuota(owner: "", imagesMax: nil, bytesMax: 320)
        #expect(throws: Failure.tooManyBytes(7, left: 6, limit: 320), "5 and 300, and 9 that are coming") {
            try registry.reserve(.made(), lease: .fresh(size: 7), within: quota)
        }
        #expect(try registry.endLeases() == [ImageID("coming")!])
        #expect(
            try Set(registry.doomedBytes(count: 10).map(\.location.text)) == ["ab/cd/abcd0003", "ab/cd/abcd0009"])
        #expect(try registry.isKnown(Location("glance/0001"), in: .swift))
        #expect(try registry.reserve(.made(), lease: nil).id.text == "4", "3 was spent")
    }

    @Test func `of many who prepare a new database at once, one names its site`() throws {
        let path = path
        let failures = Failures()

        DispatchQueue.concurrentPerform(iterations: 8) { number in
            do throws(Failure) {
                try SQLiteRegistry.prepare(path: path, busySecondsMax: 20, newSite: "site \(number)")
            } catch {
                failures.all.withLock { $0.append(error) }
            }
        }

        #expect(failures.all.withLock { $0 } == [])
        #expect(try connection().first("SELECT count(*) FROM site") { $0.integer(0) } == 1)
    }

    @Test func `a database that was never prepared is away`() {
        let failure = #expect(throws: Failure.self) { _ = try SQLiteRegistry(path: path, busySecondsMax: 1) }

        #expect(failure.map { if case .registryAway = $0 { true } else { false } } == true)
    }

    @Test func `what is no database is away`() throws {
        try Array("This is a text of some length, and no database at all.\n".utf8).write(to: path)

        let failure = #expect(throws: Failure.self) { try prepare() }

        #expect(failure.map { if case .registryAway = $0 { true } else { false } } == true)
    }

    @Test func `a lock that is held for too long is a registry that is busy`() throws {
        try prepare()
        let registry = try SQLiteRegistry(path: path, busySecondsMax: 0)
        let holder = try connection()
        try holder.execute("BEGIN IMMEDIATE")

        #expect(throws: Failure.registryBusy) { try registry.reserve(.made(), lease: nil) }
        #expect(try registry.record(ImageID("1")!) == nil, "reading goes on")
        try holder.execute("ROLLBACK")

        #expect(try registry.reserve(.made(), lease: nil).id.text == "1")
    }

    @Test func `a commit is durable and readers do not wait for it`() throws {
        try prepare()
        let connection = try connection()

        #expect(try connection.first("PRAGMA journal_mode") { $0.text(0) } == "wal")
        #expect(try connection.first("PRAGMA synchronous") { $0.integer(0) } == 2)
    }

    @Test(arguments: [nil] + ImageQuery.SortKey.allCases, [false, true])
    private func `a page of the public list walks an index and sorts nothing`(
        key: ImageQuery.SortKey?, isDescending: Bool
    ) throws {
        try prepare()
        var query = ImageQuery()
        query.sortKey = key
        query.isDescending = isDescending
        let index = Self.index(of: key)

        for place in [nil, try place(in: query)] {
            for statement in SQLiteRegistry.statements(query, after: place, count: 251) {
                let plan = try plan(statement.sql, statement.values)

                #expect(plan.contains { $0.hasPrefix("SEARCH images USING INDEX \(index)") }, "\(plan)")
                #expect(!plan.contains { $0.contains("TEMP B-TREE") || $0.hasPrefix("SCAN") }, "\(plan)")
            }
        }
    }

    private static func index(of key: ImageQuery.SortKey?) -> String {
        switch key {
        case nil: "images_listed"
        case .id: "images_by_id"
        case .name: "images_by_name"
        case .type: "images_by_type"
        case .size: "images_by_size"
        case .status: "images_by_status"
        case .createdAt: "images_by_created"
        case .updatedAt: "images_by_updated"
        }
    }

    @Test(arguments: [nil] + ImageQuery.SortKey.allCases, [ImageQuery.Owners.everyone, .one("ann")])
    private func `a page of everything walks an index for each half, and sorts no more than two pages`(
        key: ImageQuery.SortKey?, owners: ImageQuery.Owners
    ) throws {
        try prepare()
        for isDescending in [false, true] {
            var query = ImageQuery()
            (query.visibility, query.privateOf, query.sortKey, query.isDescending) = (.all, owners, key, isDescending)

            for place in [nil, try place(in: query)] {
                for statement in SQLiteRegistry.statements(query, after: place, count: 251) {
                    let plan = try plan(statement.sql, statement.values)

                    // One for each walk that has ended.
                    #expect(plan.count { $0.contains("TEMP B-TREE") } <= plan.count { $0.hasPrefix("CO-ROUTINE") })
                    guard key != nil else { continue }
                    let walks = plan.filter { $0.contains(" images ") || $0 == "SCAN images" }
                    let search = "SEARCH images USING INDEX \(Self.index(of: key))"
                    #expect(walks.count == 2 && walks.allSatisfy { $0.hasPrefix(search) }, "\(plan)")
                }
            }
        }
    }

    @Test(arguments: [ImageQuery.Visibility.publicOnly, .all], [false, true])
    private func `images with a property are found by it, and sorted by nothing`(
        visibility: ImageQuery.Visibility, isDescending: Bool
    ) throws {
        try prepare()
        var query = ImageQuery()
        (query.visibility, query.isDescending) = (visibility, isDescending)
        query.properties = ["arch": "arm", "os": "linux"]

        for place in [nil, try place(in: query)] {
            let statement = SQLiteRegistry.statements(query, after: place, count: 251)[0]
            let plan = try plan(statement.sql, statement.values)

            #expect(
                plan.first?.hasPrefix("SEARCH properties USING COVERING INDEX properties_by_value (key=? AND value=?")
                    == true, "\(plan)")
            #expect(!plan.contains { $0.contains("TEMP B-TREE") || $0.hasPrefix("SCAN") }, "\(plan)")
        }
    }

    @Test(arguments: [
        "SELECT 1 FROM images WHERE id = ?", "SELECT 1 FROM images WHERE status = 'saving' AND lease_ends_at < ?",
        "SELECT key FROM properties WHERE sequence = ?", "DELETE FROM doomed_bytes WHERE store = ? AND location = ?",
    ])
    func `what is asked often is found by an index`(sql: String) throws {
        try prepare()

        let plan = try plan(sql)

        #expect(plan.allSatisfy { $0.hasPrefix("SEARCH") }, "\(plan)")
    }

    @Test func `what an owner has is counted by an index alone`() throws {
        try prepare()

        let plan = try plan(ImageRow.usage(of: "?1"), [.text("ann")])

        #expect(plan == ["SEARCH images USING COVERING INDEX images_owned (owner=?)"])
    }

    @Test func `no cursor is open between two pages of a list, so that a slow reader keeps no log from being emptied`()
        throws
    {
        try prepare()
        let registry = try SQLiteRegistry(path: path, busySecondsMax: 5)
        for _ in 0..<ImageList.pageImagesMax + 10 { _ = try registry.reserve(.made(), lease: nil) }
        let service = ServiceSetting(over: registry).service
        let list = try service.list(ImageQuery(), after: nil, limit: nil, for: .theOperator)
        #expect(try list.nextPage()?.count == ImageList.pageImagesMax)

        _ = try registry.reserve(.made(), lease: nil)
        let isBusy = try connection().first("PRAGMA wal_checkpoint(TRUNCATE)") { $0.integer(0) }

        #expect(isBusy == 0)
        #expect(try FileManager.default.attributesOfItem(atPath: "\(path)-wal")[.size] as? Int == 0)
        #expect(try list.nextPage()?.count == 11)
        #expect(try list.nextPage() == nil)
    }

    private func place(in query: ImageQuery) throws -> ListPosition {
        let registry = try SQLiteRegistry(path: path, busySecondsMax: 5)
        let image = try registry.addAvailable(.made())
        return try registry.position(of: registry.found(image.id), in: query)
    }

    private func plan(_ sql: String, _ values: [SQLiteValue] = []) throws -> [String] {
        var lines: [String] = []
        try connection().query("EXPLAIN QUERY PLAN " + sql, values) { lines.append($0.text(3)) }
        return lines
    }

    private final class Failures: Sendable {
        let all = Mutex<[Failure]>([])
    }
}
