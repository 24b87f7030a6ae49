import Bytes
import FoundationEssentials
import GlanceModel
import GlanceUpkeep
import Glibc
import Testing

/// Registry and store compared, over every store.
@Suite(.scratchDirectory) struct FsckTests {
    private let registry: any UpkeepRegistry

    init() throws {
        registry = try RegistryKind.sqlite.openDatabase()
    }

    /// Each finding as “kind image: text”, and the tally.
    private func check(
        _ store: any ImageStore, ageSecondsMin: Int = 0, now: Int64 = Int64(time(nil)) + 60,
        _ change: (inout Fsck.Options) -> Void = { _ in }
    ) throws -> (findings: [Fsck.Finding], tally: Fsck.Tally) {
        var options = Fsck.Options(ageSecondsMin: ageSecondsMin)
        change(&options)
        var findings: [Fsck.Finding] = []
        let tally = try Fsck(registry: registry, options: options, now: { Timestamp(seconds: now) })
            .check(store) { findings.append($0) }
        #expect(tally.findings == findings.count)
        return (findings, tally)
    }

    /// An image whose record and bytes are as they should be, unless `recorded` says that they are not.
    @discardableResult
    private func add(
        _ id: String, _ bytes: [UInt8], to store: any ImageStore, recorded size: Int64? = nil,
        digest recorded: [UInt8]? = nil, isStored: Bool = true
    ) throws -> Location {
        let name = UUID().uuidString.replacing("-", with: "").lowercased()
        let location = try store.location(named: name, for: Int64(bytes.count))
        let lease = Lease(name: id, bytes: StoredBytes(store: store.name, location: location), size: 0, seconds: 3600)
        var image = try registry.reserve(.made(id: id, store: store.name), lease: lease)
        image.status = .available
        image.size = size ?? Int64(bytes.count)
        image.sha256 = SHA256Digest(digest(of: recorded ?? bytes))
        if isStored { try keep(bytes, in: store, at: location) }
        try #require(try registry.commit(image, lease: lease))
        return location
    }

    @Test(arguments: StoreKind.allCases)
    func `where all is well nothing is found, and everything is counted`(kind: StoreKind) throws {
        let store = try opened(kind)
        for count in [0, 5, 250_000] { try add("i\(count)", pattern(count), to: store) }

        let (findings, tally) = try check(store) { $0.verifies = true }

        #expect(findings == [])
        #expect(tally.images == 3)
        #expect(tally.objects == 3)
        #expect(tally.imageBytes == 250_005)
        #expect(tally.bytesRead == 250_005)
    }

    @Test(arguments: StoreKind.allCases)
    func `a record without bytes is found, and one whose bytes are of another length`(kind: StoreKind) throws {
        let store = try opened(kind)
        try add("whole", pattern(9), to: store)
        try add("missing", pattern(9), to: store, isStored: false)
        try add("short", pattern(9), to: store, recorded: 10)

        let (findings, _) = try check(store)

        #expect(Set(findings.compactMap(\.image?.text)) == ["missing", "short"])
        #expect(findings.allSatisfy { $0.kind == .damaged && !$0.isMended })
        #expect(findings.first { $0.image?.text == "missing" }?.text == "its bytes are missing")
        #expect(findings.first { $0.image?.text == "short" }?.text == "it has 9 bytes, and its record says 10")
        #expect(try registry.found(ImageID("missing")!).damage == nil, "nothing changes unless it is asked for")
    }

    @Test(arguments: StoreKind.allCases)
    func `other bytes of the same length are found by reading alone`(kind: StoreKind) throws {
        let store = try opened(kind)
        try add("rotten", pattern(250_000), to: store, digest: [1, 2, 3])

        #expect(try check(store).findings == [])
        let (findings, _) = try check(store) { $0.verifies = true }

        #expect(findings.map(\.image?.text) == ["rotten"])
        #expect(findings.first?.text.hasPrefix("its SHA-256 is \(digest(of: pattern(250_000)))") == true)
    }

    @Test(arguments: StoreKind.allCases)
    func `bytes that no record names are found, and removed where that is asked for`(kind: StoreKind) throws {
        let store = try opened(kind)
        try add("known", pattern(5), to: store)
        let orphan = try store.location(named: "0123456789abcdef0123456789abcdef", for: 250_000)
        try keep(pattern(250_000), in: store, at: orphan)

        let (found, _) = try check(store)
        #expect(found.map(\.kind) == [.orphan])
        #expect(found.map { store.key(of: $0.location) } == [store.key(of: orphan)])
        #expect(try store.find(orphan) != nil)

        let (removed, tally) = try check(store) { $0.deletes = true }
        #expect(removed.map(\.isMended) == [true])
        #expect(tally.mended == 1)
        #expect(try check(store).findings == [])
        #expect(try store.find(orphan) == nil)
        #expect(try kind.contents(store).count == 1)
    }

    @Test(arguments: StoreKind.allCases)
    func `bytes that an upload in flight or the list of bytes to delete names are left alone`(kind: StoreKind) throws {
        let store = try opened(kind)
        let name = "0123456789abcdef0123456789abcdef"
        let location = try store.location(named: name, for: 250_000)
        try keep(pattern(250_000), in: store, at: location)
        let lease = Lease(name: "l", bytes: StoredBytes(store: store.name, location: location), size: 0, seconds: -10)
        _ = try registry.reserve(.made(store: store.name), lease: lease)

        #expect(try check(store) { $0.deletes = true }.findings == [])
        _ = try registry.endLeases()
        #expect(try registry.doomedBytes(count: 5) == [lease.bytes])
        #expect(try check(store) { $0.deletes = true }.findings == [])

        #expect(try store.find(location) != nil)
    }

    @Test func `bytes that somebody names after the listing are left alone`() throws {
        let store = try opened(.memory)
        let location = try store.location(named: "a1b2c3", for: 5)
        try keep(pattern(5), in: store, at: location)
        var options = Fsck.Options(ageSecondsMin: 0)
        options.deletes = true
        let lease = Lease(name: "l", bytes: StoredBytes(store: store.name, location: location), size: 0, seconds: 3600)
        let registry = registry

        // The time is asked for when the listings have been compared, right before the judgement.
        let tally = try Fsck(registry: registry, options: options) {
            _ = try? registry.reserve(.made(), lease: lease)
            return Timestamp(seconds: .max)
        }.check(store) { Issue.record("\($0)") }

        #expect(tally.findings == 0)
        #expect(try store.find(location) != nil)
    }

    @Test(arguments: StoreKind.allCases)
    func `bytes younger than a lease are nobody's rubbish`(kind: StoreKind) throws {
        let store = try opened(kind)
        let location = try store.location(named: "0123456789abcdef0123456789abcdef", for: 5)
        try keep(pattern(5), in: store, at: location)
        let changedAt = try #require(try store.find(location)).changedAt.seconds

        let (findings, tally) = try check(store, ageSecondsMin: 120, now: changedAt + 119) { $0.deletes = true }

        #expect(findings == [])
        #expect(tally.young == 1)
        #expect(try check(store, ageSecondsMin: 120, now: changedAt + 120).findings.map(\.kind) == [.orphan])
    }

    @Test(arguments: StoreKind.allCases)
    func `repair marks what is damaged, and takes marks away from what is whole`(kind: StoreKind) throws {
        let store = try opened(kind)
        let whole = try add("whole", pattern(9), to: store)
        try add("missing", pattern(9), to: store, isStored: false)
        #expect(try registry.mark("it once was torn", ImageID("whole")!, at: whole))

        #expect(try check(store).findings.count == 2, "a marked image is told of until it is read")
        let (mended, tally) = try check(store) {
            $0.repairs = true
            $0.verifies = true
        }

        #expect(Set(mended.map(\.kind)) == [.damaged, .healed])
        #expect(tally.mended == 2)
        #expect(try registry.found(ImageID("whole")!).damage == nil)
        #expect(try registry.found(ImageID("missing")!).damage == "its bytes are missing")
        #expect(try kind.contents(store).count == 1)
    }

    @Test func `more images than a page has are all compared`() throws {
        let store = try opened(.memory)
        for number in 0..<2100 { try add("i\(number)", [1], to: store, isStored: number % 700 != 3) }

        let (findings, tally) = try check(store)

        #expect(Set(findings.compactMap(\.image?.text)) == ["i3", "i703", "i1403"])
        #expect(tally.images == 2100)
        #expect(tally.objects == 2097)
    }

    @Test func `an image that cannot be looked at just now is told of, and the others are compared`() throws {
        let store = MemoryStore()
        let torn = try add("torn", pattern(9), to: store)
        let lost = try add("lost", pattern(9), to: store)
        try add("missing", pattern(9), to: store, isStored: false)
        store.lose(torn, with: .storeAway(.file, reason: "open: Permission denied"))
        store.lose(lost, with: .storeBroken(.file, reason: "open: Input/output error"))

        let (findings, tally) = try check(store) {
            $0.verifies = true
            $0.repairs = true
        }

        #expect(tally.images == 3)
        let kinds = Dictionary(uniqueKeysWithValues: findings.map { ($0.image?.text ?? "", $0.kind) })
        #expect(kinds == ["torn": .unreadable, "lost": .damaged, "missing": .damaged])
        #expect(try registry.found(ImageID("torn")!).damage == nil, "it may be whole")
        #expect(try registry.found(ImageID("lost")!).damage == "open: Input/output error")
    }

    @Test func `where the whole store is away no image is judged by it`() throws {
        let store = MemoryStore()
        try add("a", pattern(9), to: store)
        store.leave()

        #expect(throws: Failure.self) {
            try check(store) {
                $0.verifies = true
                $0.repairs = true
            }
        }
        #expect(try registry.found(ImageID("a")!).damage == nil)
    }

    @Test func `a store that is not mounted makes no image damaged`() throws {
        let store = try opened(.file)
        try add("a", pattern(9), to: store)
        let directory = StoreKind.fileSettings().directory
        try #require(rename(directory, "\(directory).away") == 0)
        try #require(mkdir(directory, 0o750) == 0)

        #expect(throws: Failure.self) { try check(store) { $0.repairs = true } }

        #expect(try registry.found(ImageID("a")!).damage == nil)
    }
}
