import Dispatch
import GlanceModel
import SQLite
import Synchronization
import Testing

@testable import GlanceRegistry

/// Records and lists are remembered, and what is remembered is never older than the last commit, whoever made it.
@Suite(.scratchDirectory) struct SQLiteStateTests {
    private let path = "\(ScratchDirectory.path)/registry.db"
    private let image: Image

    init() throws {
        try SQLiteRegistry.prepare(path: path, busySecondsMax: 20, newSite: "site")
        image = try SQLiteRegistry(path: path, busySecondsMax: 5).addAvailable(.made())
    }

    private func connection() throws -> SQLiteConnection {
        try SQLiteConnection(path: path, busySecondsMax: 20, create: false)
    }

    @Test func `a mark stays while nobody commits, and moves with each commit of anybody`() throws {
        let (here, elsewhere) = (try connection(), try connection())
        let first = try #require(here.changeMark)

        #expect(here.changeMark == first)
        #expect(elsewhere.changeMark == first)
        try elsewhere.execute("UPDATE images SET name = 'other'")
        let second = try #require(here.changeMark)
        #expect(second != first)
        try elsewhere.execute("BEGIN IMMEDIATE")
        try elsewhere.execute("UPDATE images SET name = 'nobody sees it'")
        try elsewhere.execute("ROLLBACK")
        try elsewhere.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        try elsewhere.execute("UPDATE images SET name = 'third'")
        #expect(try #require(here.changeMark) != second)
    }

    @Test func `there is no mark without a write-ahead log`() throws {
        let connection = try connection()
        try connection.execute("PRAGMA journal_mode=DELETE")

        #expect(connection.changeMark == nil)
    }

    @Test func `a registry's state stays while nobody commits, moves with each commit, and never comes again`() throws {
        var states: Set<String> = []
        for number in 1...4 {
            // As a service that starts: nobody else has the database open.
            let registry = try SQLiteRegistry(path: path, busySecondsMax: 20)
            let other = try SQLiteRegistry(path: path, busySecondsMax: 20)
            for version in [2 * number, 2 * number + 1].map(Int64.init) {
                let state = try #require(registry.state)
                #expect(registry.state == state)
                #expect(other.state == state)
                #expect(states.insert(state).inserted)
                var changed = image
                changed.version = version
                #expect(try other.update(changed))
            }
        }
        #expect(states.count == 8)
        #expect(try connection().first("SELECT count(*) FROM spent_ids") { $0.integer(0) } == 0)
    }

    @Test func `what is remembered is what is shown, until somebody commits`() throws {
        let registry = try SQLiteRegistry(path: path, busySecondsMax: 20)
        let mark = try #require(try connection().changeMark)
        let question = SQLiteRegistry.statements(ImageQuery(), after: nil, count: 3).map(\.question).joined()
        // Nobody committed these.
        let other = ImageRecord(image: image.renamed("remembered"), location: nil, sequence: 1)
        registry.records.keep(other, of: image.id.text, at: mark, bytes: 1)
        registry.lists.keep([other], of: question, at: mark, bytes: 1)

        #expect(try registry.record(image.id)?.image.name.text == "remembered")
        #expect(try registry.page(ImageQuery(), after: nil, count: 2).images.map(\.name.text) == ["remembered"])
        #expect(try registry.page(ImageQuery(), after: nil, count: 1).images == [image])
        try connection().execute("UPDATE images SET name = 'committed'")
        #expect(try registry.record(image.id)?.image.name.text == "committed")
        #expect(try registry.page(ImageQuery(), after: nil, count: 2).images.map(\.name.text) == ["committed"])
        #expect(registry.records[image.id.text]?.answer.image.name.text == "committed")
        #expect(registry.lists[question]?.answer.map(\.image.name.text) == ["committed"])
    }

    @Test func `no read is older than what was committed before it began`() throws {
        let (id, first) = (image.id, image)
        // Two share one, as threads do; one is another process's.
        let shared = try SQLiteRegistry(path: path, busySecondsMax: 20)
        let registries = [try SQLiteRegistry(path: path, busySecondsMax: 20), shared, shared, shared]
        let committed = Atomic<Int64>(first.version)
        let stale = Atomic<Int>(0)
        let isDone = Atomic<Bool>(false)
        let last: Int64 = 200

        DispatchQueue.concurrentPerform(iterations: 4) { number in
            let registry = registries[number]
            var image = first
            while number == 0, image.version < last {
                image.version += 1
                guard (try? registry.update(image)) == true else { break }
                committed.store(image.version, ordering: .sequentiallyConsistent)
            }
            if number == 0 { isDone.store(true, ordering: .sequentiallyConsistent) }
            while !isDone.load(ordering: .sequentiallyConsistent) {
                let least = committed.load(ordering: .sequentiallyConsistent)
                let seen = (try? registry.record(id))??.image.version ?? 0
                let listed = (try? registry.page(ImageQuery(), after: nil, count: 2))?.images.first?.version ?? 0
                if min(seen, listed) < least { stale.add(1, ordering: .relaxed) }
            }
        }

        #expect(committed.load(ordering: .relaxed) == last)
        #expect(stale.load(ordering: .relaxed) == 0)
    }
}
