import FoundationEssentials
import GlanceModel
import Testing

@testable import GlanceRegistry

/// Records that move from one database to another.
@Suite(.scratchDirectory) struct RegistryCopyTests {
    /// From which kind to which.
    struct Way: Sendable, CustomTestStringConvertible {
        let from: RegistryKind
        let to: RegistryKind

        var testDescription: String { "\(from) to \(to)" }

        static let all = databases.flatMap { from in databases.map { Way(from: from, to: $0) } }

        private static let databases = RegistryKind.allCases.filter { [.sqlite, .postgresql].contains($0) }
    }

    /// A registry beside the test's own; `place` tells several apart.
    private func open(_ kind: RegistryKind, _ place: String) throws -> any SQLRegistry {
        switch kind {
        case .sqlite:
            let path = "\(ScratchDirectory.path)/\(place).db"
            try SQLiteRegistry.prepare(path: path, busySecondsMax: 20, newSite: "site of \(place)")
            return try SQLiteRegistry(path: path, busySecondsMax: 20)
        case .postgresql:
            let settings = PostgreSQLRegistry.Settings(
                url: try PostgreSQLUnderTest.url(schema: "\(PostgreSQLUnderTest.schema)_\(place)"), connectionsMax: 4,
                busySecondsMax: 20)
            try PostgreSQLRegistry.prepare(settings, newSite: "site of \(place)")
            return PostgreSQLRegistry(settings) { UUID().uuidString }
        case .remote, .stranger: throw Failure.registryAway(reason: "\(kind) is no database")
        }
    }

    /// Images in every state, and traces of those that are gone.
    private func stock(_ registry: any ImageRegistry) throws {
        for number in 0..<3 {
            try registry.addAvailable(
                .made(name: "disk \(number)", properties: ["os": "linux", "text": "a=b \"c\\ ä", "empty": ""]))
        }
        try registry.addAvailable(.made(id: "chosen", name: "Größe", type: .kernel, owner: "ann"), size: .max)
        _ = try registry.reserve(.made(id: "queued", size: 7, isPublic: false), lease: nil)
        let filling = try registry.reserve(.made(id: "filling"), lease: nil)
        #expect(try registry.beginSaving(filling.id, version: 1, lease: .fresh()))
        _ = try registry.reserve(.made(id: "saving"), lease: .over())
        let deleted = try registry.addAvailable(.made(id: "deleted", store: StoreName("swift")))
        #expect(try registry.delete(deleted, at: Timestamp(seconds: 2000)))
        for _ in 0..<2 {
            let spent = try registry.reserve(.made(), lease: nil)
            #expect(try registry.delete(spent, at: Timestamp(seconds: 2000)))
        }
    }

    /// Queued images as if so many had been added, in one transaction.
    private func fill(_ registry: any SQLRegistry, images: Int) throws {
        let image = """
            INSERT INTO images (sequence, id, is_generated, name, type, size, is_size_known, store, created_at, updated_at,
                status, is_public, owner, version) VALUES (?, ?, 1, 'disk', 'raw', 0, 0, 'file', 1, 1, 'queued', 1, '', 1)
            """
        let property = "INSERT INTO properties (sequence, key, value) VALUES (?, 'number', ?)"
        let counter = "UPDATE counter SET last = ?"
        let rows = (1...images).map { "\($0)" }.flatMap { number in
            (registry.takingID.map { [SQLStatement($0, [number])] } ?? [])
                + [SQLStatement(image, [number, number]), SQLStatement(property, [number, number])]
        }
        try registry.run(rows + [SQLStatement(counter, ["\(images)"])] + registry.finishing.map { SQLStatement($0) })
    }

    @Test(arguments: Way.all) func `everything is there afterwards, and goes on as it would have`(way: Way) throws {
        let (source, copy) = (try open(way.from, "source"), try open(way.to, "copy"))
        try stock(source)

        let contents = try RegistryCopy(from: source, to: copy).run()

        #expect((contents.images, contents.properties, contents.spentIDs) == (8, 9, 2))
        #expect((contents.bytesToDelete, contents.lastNumber) == (1, "5"))
        #expect(try copy.siteID() == "site of source")
        for id in ["1", "2", "3", "chosen", "queued", "filling", "saving", "deleted"] {
            let (was, found) = (try source.found(ImageID(id)!), try copy.found(ImageID(id)!))
            #expect(found.image == was.image)
            #expect((found.location, found.sequence) == (was.location, was.sequence))
        }
        var all = ImageQuery()
        all.visibility = .all
        #expect(try copy.ids(all) == source.ids(all))
        #expect(try copy.doomedBytes(count: 10) == source.doomedBytes(count: 10))
        // What was coming in has its lease still.
        #expect(try copy.endLeases() == [ImageID("saving")!])
        for taken in ["4", "5", "deleted", "1"] {
            #expect(throws: Failure.idTaken(ImageID(taken)!)) { try copy.reserve(.made(id: taken), lease: nil) }
        }
        #expect(try copy.reserve(.made(), lease: nil).id.text == "6")
        #expect(try copy.ids(all).last == "6")
    }

    @Test(arguments: Way.all) func `what is coming in counts in the copy as it did`(way: Way) throws {
        let (source, copy) = (try open(way.from, "source"), try open(way.to, "copy"))
        let quota = OwnerQuota(owner: "ann", imagesMax: nil, bytesMax: 100)
        _ = try source.reserve(.made(owner: "ann"), lease: .fresh(size: 60), within: quota)

        _ = try RegistryCopy(from: source, to: copy).run()

        #expect(throws: Failure.tooManyBytes(41, left: 40, limit: 100)) {
            try copy.reserve(.made(owner: "ann"), lease: .fresh(size: 41), within: quota)
        }
    }

    @Test(arguments: Way.all) func `a copy of a copy of many is the same`(way: Way) throws {
        let (source, between, back) = (
            try open(way.from, "source"), try open(way.to, "copy"), try open(way.from, "back")
        )
        try fill(source, images: 1203)
        for number in 1...10 {
            let image = try source.found(ImageID("\(number * 100)")!).image
            #expect(try source.delete(image, at: Timestamp(seconds: 2000)))
        }

        let first = try RegistryCopy(from: source, to: between).run()
        let second = try RegistryCopy(from: between, to: back).run()

        #expect(first == second)
        #expect(first.images == 1193)
        #expect(first.spentIDs == 10)
    }

    @Test(arguments: Way.all) func `a copy that was cut off goes on, and nobody takes it for a whole one`(way: Way)
        throws
    {
        let (source, copy) = (try open(way.from, "source"), try open(way.to, "copy"))
        try fill(source, images: 1100)
        // The second batch cannot be written.
        let block = "CREATE UNIQUE INDEX block ON images ((CASE WHEN sequence IN (1, 600) THEN 1 END))"
        try copy.run([SQLStatement(block)])

        #expect(throws: Failure.self) { try RegistryCopy(from: source, to: copy).run() }
        #expect(RegistryCopy.isUnfinished(site: try copy.siteID()))
        #expect(try copy.ids(ImageQuery()).count == 500)
        #expect(throws: Failure.self) { try RegistryCopy(from: copy, to: open(way.to, "third")).run() }
        try copy.run([SQLStatement("DROP INDEX block")])
        var counts: [Int] = []
        let contents = try RegistryCopy(from: source, to: copy) { counts.append($0) }.run()

        #expect(contents.images == 1100)
        #expect(counts == [500, 600])
        #expect(try copy.siteID() == "site of source")
    }

    @Test(arguments: Way.all) func `a source that changes meanwhile is noticed`(way: Way) throws {
        let (source, copy) = (try open(way.from, "source"), try open(way.to, "copy"))
        let image = try source.addAvailable(.made())

        let failure = #expect(throws: Failure.self) {
            try RegistryCopy(from: source, to: copy) { _ in _ = try? source.update(image.renamed("changed")) }.run()
        }

        #expect(failure?.operatorSays.contains("not the same") == true)
        #expect(RegistryCopy.isUnfinished(site: try copy.siteID()))
    }

    @Test(arguments: Way.all) func `a registry with records of its own is no destination`(way: Way) throws {
        let (source, other) = (try open(way.from, "source"), try open(way.to, "other"))
        try source.addAvailable(.made())
        let own = try other.addAvailable(.made(id: "own"))

        let failure = #expect(throws: Failure.self) { try RegistryCopy(from: source, to: other).run() }

        #expect(failure?.operatorSays.contains("records of its own") == true)
        #expect(try other.siteID() == "site of other")
        #expect(try other.found(own.id).image == own)
    }
}
