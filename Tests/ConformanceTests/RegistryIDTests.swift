import Dispatch
import GlanceModel
import Synchronization
import Testing

/// Ids: who gets which, and for how long.
@Suite(.scratchDirectory) struct RegistryIDTests {
    @Test(arguments: RegistryKind.allCases)
    func `of many who want one id, one gets it`(kind: RegistryKind) throws {
        let ways = [try kind.open(), try kind.open()]
        let new = try (0..<24).map { try NewImage.made(id: "wanted", name: "disk \($0)") }
        let outcomes = Outcomes()

        DispatchQueue.concurrentPerform(iterations: new.count) { number in
            outcomes.add { () throws(Failure) in try ways[number % 2].reserve(new[number], lease: .fresh()).name.text }
        }

        #expect(outcomes.values.count == 1)
        #expect(outcomes.failures == Array(repeating: .idTaken(ImageID("wanted")!), count: 23))
        #expect(try ways[0].found(ImageID("wanted")!).image.name.text == outcomes.values.first)
    }

    @Test(arguments: RegistryKind.allCases)
    func `each of many who want any id gets another one`(kind: RegistryKind) throws {
        let ways = [try kind.open(), try kind.open()]
        let new = try NewImage.made()
        let outcomes = Outcomes()

        DispatchQueue.concurrentPerform(iterations: 48) { number in
            outcomes.add { () throws(Failure) in try ways[number % 2].reserve(new, lease: nil).id.text }
        }

        #expect(outcomes.failures == [])
        #expect(Set(outcomes.values) == Set((1...48).map(String.init)))
    }

    @Test(arguments: RegistryKind.allCases)
    func `generated ids skip those that clients chose`(kind: RegistryKind) throws {
        let registry = try kind.open()
        for id in ["2", "3", "04", "1000000"] { _ = try registry.reserve(.made(id: id), lease: nil) }

        let given = try (0..<4).map { _ in try registry.reserve(.made(), lease: nil).id.text }

        #expect(given == ["1", "4", "5", "6"])
    }

    @Test(arguments: RegistryKind.allCases)
    func `a generated id is never given twice, not to a client who asks for it either`(kind: RegistryKind) throws {
        let registry = try kind.open()
        let queued = try registry.reserve(.made(), lease: nil)
        let failed = Lease.fresh()
        let attempt = try registry.reserve(.made(), lease: failed)
        let deleted = try registry.addAvailable(.made())
        let silent = try registry.reserve(.made(), lease: .over())

        #expect(try registry.delete(queued, at: Timestamp(seconds: 1)))
        try registry.release(failed, of: attempt.id, leavesBytes: false)
        #expect(try registry.delete(deleted, at: Timestamp(seconds: 1)))
        #expect(try registry.endLeases() == [silent.id])

        #expect([queued, attempt, deleted, silent].map(\.id.text) == ["1", "2", "3", "4"])
        #expect(try kind.open().reserve(.made(), lease: nil).id.text == "5")
        for id in ["1", "2", "3", "4"] {
            #expect(throws: Failure.idTaken(ImageID(id)!)) { try registry.reserve(.made(id: id), lease: nil) }
        }
    }

    @Test(arguments: RegistryKind.allCases)
    func `an id that a client chose is free again as long as it had no data`(kind: RegistryKind) throws {
        let registry = try kind.open()
        let id = ImageID("disk")!
        let wanted = try NewImage.made(id: "disk")

        let queued = try registry.reserve(wanted, lease: nil)
        #expect(try registry.delete(queued, at: Timestamp(seconds: 1)))
        #expect(try registry.record(id) == nil)

        let lease = Lease.fresh()
        _ = try registry.reserve(wanted, lease: lease)
        try registry.release(lease, of: id, leavesBytes: false)
        #expect(try registry.record(id) == nil)

        _ = try registry.reserve(wanted, lease: .over())
        #expect(try registry.endLeases() == [id])
        #expect(try registry.record(id) == nil)

        #expect(try registry.reserve(wanted, lease: nil).id == id)
    }

    @Test(arguments: RegistryKind.allCases)
    func `an id is taken in every state, and after data for ever`(kind: RegistryKind) throws {
        let registry = try kind.open()
        let lease = Lease.fresh()
        let wanted = try NewImage.made(id: "disk")
        func expectTaken(_ state: Comment) {
            #expect(throws: Failure.idTaken(ImageID("disk")!), state) { try registry.reserve(wanted, lease: nil) }
        }

        let queued = try registry.reserve(wanted, lease: nil)
        expectTaken("queued")
        #expect(try registry.beginSaving(queued.id, version: 1, lease: lease))
        expectTaken("saving")
        #expect(try registry.commit(queued.filled(), lease: lease))
        expectTaken("available")
        #expect(try registry.delete(queued.filled(), at: Timestamp(seconds: 2000)))
        expectTaken("deleted")
    }

    @Test(arguments: RegistryKind.allCases)
    func `ids that differ in case or leading zeros are different ids`(kind: RegistryKind) throws {
        let registry = try kind.open()

        for id in ["disk", "DISK", "7", "07"] { _ = try registry.reserve(.made(id: id, name: id), lease: nil) }

        for id in ["disk", "DISK", "7", "07"] { #expect(try registry.found(ImageID(id)!).image.name.text == id) }
        #expect(try registry.record(ImageID("Disk")!) == nil)
    }
}

/// What came of attempts on many threads.
private final class Outcomes: Sendable {
    private let all = Mutex<[Result<String, Failure>]>([])

    func add(_ attempt: () throws(Failure) -> String) {
        let outcome = Result<String, Failure>(catching: attempt)
        all.withLock { $0.append(outcome) }
    }

    var values: [String] { all.withLock { $0 }.compactMap { try? $0.get() } }

    var failures: [Failure] {
        all.withLock { $0 }.compactMap { if case .failure(let failure) = $0 { failure } else { nil } }
    }
}
