import Bytes
import Digest
import GlanceModel
import Synchronization

/// A store in memory, that fails where it is told to. Tests of the service use it, and it keeps to the contract itself.
final class MemoryStore: ImageStore {
    enum Step: String, CaseIterable {
        case checkRoom, create, write, finish, commit, remove
    }

    private struct State {
        var site: String?
        var kept: [Location: [UInt8]] = [:]
        var failing: [Step: Failure] = [:]
        var unreadable: [Location: Failure] = [:]
        var isAway = false
    }

    let name: StoreName
    let isRemote = false
    private let journal: Journal
    private let state = Mutex(State())
    private let bytesMax: Int64

    init(_ name: StoreName = .file, bytesMax: Int64 = 64 << 20, journal: Journal = Journal()) {
        self.name = name
        self.bytesMax = bytesMax
        self.journal = journal
    }

    /// Makes every `step` fail from now on; nil ends that.
    func fail(_ step: Step, with failure: Failure? = .storeAway(.file, reason: "told to")) {
        state.withLock { $0.failing[step] = failure }
    }

    /// What is at `location` can neither be looked at nor read from now on.
    func lose(_ location: Location, with failure: Failure) {
        state.withLock { $0.unreadable[location] = failure }
    }

    /// From now on all of it is away.
    func leave() {
        state.withLock { $0.isAway = true }
    }

    private func reach(_ location: Location? = nil) throws(Failure) {
        let (isAway, failure) = state.withLock { state in (state.isAway, location.flatMap { state.unreadable[$0] }) }
        if isAway { throw .storeAway(name, reason: "told to") }
        if let failure { throw failure }
    }

    var locations: [Location] { state.withLock { Array($0.kept.keys) } }

    func open(site: String, holdsImages: Bool) throws(Failure) {
        let known = state.withLock { state in
            if !holdsImages { state.site = state.site ?? site }
            return state.site
        }
        guard known == site else { throw .storeForeign(name, reason: "it belongs to another site") }
    }

    func check() throws(Failure) { try reach() }

    func location(named name: String, for size: Int64) -> Location { Location("memory/\(name)") }

    func checkRoom(for size: Int64) throws(Failure) {
        try pass(.checkRoom)
        guard size <= (try freeBytes() ?? 0) else { throw .noSpace }
    }

    func create(at location: Location, size: Int64, createdAt: Timestamp) throws(Failure) -> any ImageUpload {
        try pass(.create)
        guard size <= bytesMax else { throw .noSpace }
        return MemoryUpload(to: self, at: location)
    }

    func read(_ location: Location, range: ByteRangeInStore?) throws(Failure) -> any ByteSource {
        try reach(location)
        guard let bytes = state.withLock({ $0.kept[location] }) else { throw .storeAway(name, reason: "not there") }
        guard let range else { return MemorySource(bytes) }
        return MemorySource(bytes.dropFirst(Int(clamping: range.offset)).prefix(Int(clamping: range.count)))
    }

    func gatewayPath(of location: Location) -> String? { nil }

    func remove(_ location: Location) throws(Failure) {
        try pass(.remove)
        state.withLock { _ = $0.kept.removeValue(forKey: location) }
    }

    func freeBytes() throws(Failure) -> Int64? {
        bytesMax - state.withLock { $0.kept.values.reduce(0) { $0 + Int64($1.count) } }
    }

    func key(of location: Location) -> String { location.text }

    func objects() -> any StoredObjects {
        MemoryObjects(state.withLock { Array($0.kept) }.map { Self.object($0, $1) })
    }

    func find(_ location: Location) throws(Failure) -> StoredObject? {
        try reach(location)
        return state.withLock { $0.kept[location] }.map { Self.object(location, $0) }
    }

    private static func object(_ location: Location, _ bytes: [UInt8]) -> StoredObject {
        StoredObject(
            location: location, key: location.text, size: Int64(bytes.count), changedAt: Timestamp(seconds: 1000))
    }

    fileprivate func pass(_ step: Step) throws(Failure) {
        journal.add("store \(step.rawValue)")
        if let failure = state.withLock({ $0.failing[step] }) { throw failure }
    }

    fileprivate func keep(_ bytes: [UInt8], at location: Location) throws(Failure) {
        try pass(.commit)
        let isNew = state.withLock { state in
            guard state.kept[location] == nil else { return false }
            state.kept[location] = bytes
            return true
        }
        guard isNew else { throw .storeAway(name, reason: "the location is taken") }
    }
}

private final class MemoryObjects: StoredObjects {
    private var rest: [StoredObject]

    init(_ objects: [StoredObject]) {
        rest = objects.sorted { $0.key > $1.key }
    }

    func next() -> StoredObject? { rest.popLast() }
}

private final class MemoryUpload: ImageUpload {
    private let store: MemoryStore
    private let location: Location
    private var bytes: [UInt8] = []

    init(to store: MemoryStore, at location: Location) {
        self.store = store
        self.location = location
    }

    func write(_ more: UnsafeRawBufferPointer) throws(Failure) {
        try store.pass(.write)
        bytes.append(contentsOf: more)
    }

    func finish() throws(Failure) -> StoredContent {
        try store.pass(.finish)
        guard let sha256 = SHA256Digest(digest(of: bytes)) else { throw .storeAway(store.name, reason: "no digest") }
        return StoredContent(size: Int64(bytes.count), sha256: sha256)
    }

    func commit() throws(Failure) {
        try store.keep(bytes, at: location)
    }
}

/// What was done, in the order in which it was.
final class Journal: Sendable {
    private let all = Mutex<[String]>([])

    func add(_ line: String) { all.withLock { $0.append(line) } }

    /// Lines that follow one another and are the same count as one.
    var lines: [String] {
        all.withLock { lines in lines.indices.filter { $0 == 0 || lines[$0] != lines[$0 - 1] }.map { lines[$0] } }
    }

    func count(_ line: String) -> Int { all.withLock { $0.count { $0 == line } } }
}

func digest(of bytes: [UInt8]) -> String {
    guard let sha256 = try? StreamDigest(.sha256) else { return "" }
    bytes.withUnsafeBytes(sha256.update)
    return sha256.finish()
}
