import GlanceModel
import GlanceUpkeep
import Synchronization
import Testing

/// Images read again at a bounded rate, whoever does it and however often it is stopped.
@Suite(.scratchDirectory) struct ScrubTests {
    private let registry: any UpkeepRegistry
    private let store = MemoryStore()
    /// Nanoseconds that were waited.
    private let waited = Counter()
    private let uptime = Counter()

    init() throws {
        registry = try RegistryKind.sqlite.openDatabase()
    }

    private func scrub(rate: Int64 = 1_000_000, holder: String = "one", stopAfter: Int = .max) -> Scrub {
        let (waited, uptime) = (waited, uptime)
        return Scrub(
            registry: registry, stores: StoreSet([store], default: .file),
            settings: Scrub.Settings(bytesPerSecond: rate, holder: holder, lockSeconds: 3600),
            uptime: { Int64(uptime.value) },
            wait: { nanoseconds in
                waited.add(nanoseconds)
                return waited.calls < stopAfter
            })
    }

    private func add(_ id: String, _ bytes: [UInt8], holding held: [UInt8]? = nil) throws {
        let location = store.location(named: id, for: 0)
        let lease = Lease(name: id, bytes: StoredBytes(store: .file, location: location), size: 0, seconds: 3600)
        var image = try registry.reserve(.made(id: id), lease: lease)
        (image.status, image.size, image.sha256) = (.available, Int64(bytes.count), SHA256Digest(digest(of: bytes)))
        try keep(held ?? bytes, in: store, at: location)
        try #require(try registry.commit(image, lease: lease))
    }

    @Test func `a damaged image is marked and told of, and whole ones are not`() throws {
        try add("whole", [1, 2, 3])
        try add("rotten", [4, 5, 6], holding: [4, 5, 7])
        try add("short", [4, 5, 6], holding: [4, 5])
        var events: [Scrub.Event] = []

        #expect(try scrub().round { events.append($0) } == .roundEnded)

        let damaged = events.compactMap { if case .damaged(let id, _) = $0 { id.text } else { nil } }
        #expect(damaged == ["rotten", "short"])
        #expect(try registry.found(ImageID("whole")!).damage == nil)
        #expect(try registry.found(ImageID("rotten")!).damage?.contains("SHA-256") == true)
        #expect(store.locations.count == 3, "no bytes are touched")
    }

    @Test func `an image that was mended is unmarked by the next round`() throws {
        try add("a", [1, 2, 3])
        #expect(try registry.mark("torn", ImageID("a")!, at: Location("memory/a")))
        var events: [Scrub.Event] = []

        _ = try scrub().round { events.append($0) }

        #expect(events.contains(.healed(ImageID("a")!)))
        #expect(try registry.found(ImageID("a")!).damage == nil)
    }

    @Test func `bytes take their time, and a small image as long as 64 KiB`() throws {
        try add("large", [UInt8](repeating: 7, count: 1_000_000))
        try add("small", [1])

        _ = try scrub(rate: 1_000_000).round { _ in }

        let expected = Double(1_000_000 + 65_536) / 1_000_000 * 1e9
        #expect(abs(Double(waited.value) - expected) < 1e6)
    }

    @Test func `after a stop it goes on at the image where it stood, and after the last one at the first`() throws {
        for id in ["a", "b", "c", "d"] { try add(id, [UInt8](id.utf8)) }
        // Each image is two waits; the place is written as soon as five seconds have gone.
        uptime.set(100)
        var first = 0
        let stopped = try scrub(stopAfter: 5).round { _ in
            first += 1
            uptime.set(uptime.value + 10)
        }
        #expect(stopped == .stopped)
        #expect(first == 2)

        var rest = 0
        #expect(try scrub().round { _ in rest += 1 } == .roundEnded)
        #expect(rest == 2)

        var again = 0
        #expect(try scrub().round { _ in again += 1 } == .roundEnded)
        #expect(again == 4)
    }

    @Test func `where another host is at it nothing is read`() throws {
        try add("a", [1])
        #expect(try registry.beginScrub(holder: "other", seconds: 3600) == 0)

        #expect(try scrub().round { _ in Issue.record("it was read") } == .takenByAnother)
    }

    @Test func `an image of a store that is no longer offered is passed over, and takes its time`() throws {
        try add("a", [1])
        let waited = waited
        let elsewhere = Scrub(
            registry: registry, stores: StoreSet([MemoryStore(.swift)], default: .swift),
            settings: Scrub.Settings(bytesPerSecond: 65536, holder: "one", lockSeconds: 60), uptime: { 0 },
            wait: { nanoseconds in
                waited.add(nanoseconds)
                return true
            })

        #expect(try elsewhere.round { Issue.record("\($0)") } == .roundEnded)
        #expect(waited.value == 1_000_000_000)
        #expect(try registry.found(ImageID("a")!).damage == nil)
    }

    @Test func `an image that cannot be read just now is told of and passed over`() throws {
        for id in ["a", "b", "c"] { try add(id, [UInt8](id.utf8)) }
        store.lose(Location("memory/a"), with: .storeAway(.file, reason: "open: Permission denied"))
        store.lose(Location("memory/b"), with: .storeBroken(.file, reason: "open: Structure needs cleaning"))
        var events: [Scrub.Event] = []

        #expect(try scrub().round { events.append($0) } == .roundEnded)

        #expect(
            events == [
                .unreadable(ImageID("a")!, reason: "open: Permission denied"),
                .damaged(ImageID("b")!, how: "open: Structure needs cleaning"), .read(bytes: 0), .read(bytes: 1),
            ])
        #expect(try registry.found(ImageID("a")!).damage == nil)
    }

    @Test func `where the whole store is away the scrub stops, and marks nothing`() throws {
        try add("a", [1])
        store.leave()

        #expect(throws: Failure.self) { try scrub().round { Issue.record("\($0)") } }
        #expect(try registry.found(ImageID("a")!).damage == nil)
    }

    private final class Counter: Sendable {
        private let state = Mutex((value: UInt64(0), calls: 0))

        var value: UInt64 { state.withLock { $0.value } }
        var calls: Int { state.withLock { $0.calls } }

        func add(_ amount: UInt64) {
            state.withLock { $0 = ($0.value + amount, $0.calls + 1) }
        }

        func set(_ value: UInt64) { state.withLock { $0.value = value } }
    }
}
