import Bytes
import GlanceModel
import Synchronization

/// A service with everything that it stands on: a real registry that can be made to fail, a store in memory, and a clock
/// that a test sets.
final class ServiceSetting: Sendable {
    let journal = Journal()
    let registry: any ImageRegistry
    let faulty: FaultyRegistry
    let store: MemoryStore
    let clock = Clock()
    let service: ImageService

    convenience init(
        _ kind: RegistryKind = .sqlite, leaseSeconds: Int = 30, imageBytesMax: Int64 = 32 << 20, transfersMax: Int = 4,
        ownerBytesMax: Int64? = nil
    ) throws {
        self.init(
            over: try kind.open(), leaseSeconds: leaseSeconds, imageBytesMax: imageBytesMax, transfersMax: transfersMax,
            ownerBytesMax: ownerBytesMax)
    }

    init(
        over registry: any ImageRegistry, leaseSeconds: Int = 30, imageBytesMax: Int64 = 32 << 20,
        transfersMax: Int = 4,
        ownerBytesMax: Int64? = nil
    ) {
        self.registry = registry
        faulty = FaultyRegistry(registry, journal: journal)
        store = MemoryStore(journal: journal)
        let clock = clock
        var limits = ImageLimits(imageBytesMax: imageBytesMax, leaseSeconds: leaseSeconds)
        limits.ownerBytesMax = ownerBytesMax
        service = ImageService(
            registry: faulty, stores: StoreSet([store], default: .file),
            limits: limits, transfers: TransferSlots(max: transfersMax),
            surroundings: Surroundings(
                now: { Timestamp(seconds: 1_000_000 + clock.seconds) }, uptime: { clock.seconds },
                newName: { clock.newName() }))
    }

    var janitor: Janitor {
        Janitor(registry: registry, stores: StoreSet([store], default: .file), holder: "janitor", lockSeconds: 60)
    }

    var listed: [String] { get throws { try registry.ids(ImageQuery()) } }
}

final class Clock: Sendable {
    private let state = Mutex((seconds: Int64(0), names: 0))

    var seconds: Int64 { state.withLock { $0.seconds } }

    func advance(_ seconds: Int64) { state.withLock { $0.seconds += seconds } }

    func newName() -> String {
        state.withLock { state in
            state.names += 1
            return "name\(state.names)"
        }
    }
}

/// A registry that notes what is asked of it and passes it on, unless it is told to fail.
final class FaultyRegistry: ImageRegistry {
    enum Fault: Sendable {
        /// Fails, and nothing was done.
        case undone
        /// Does it, and fails to say so.
        case unanswered
        /// Fails for good: nothing else is answered from then on.
        case gone
    }

    private let real: any ImageRegistry
    private let journal: Journal
    private let commitFault = Mutex<Fault?>(nil)
    private let isGone = Mutex(false)

    init(_ real: any ImageRegistry, journal: Journal) {
        self.real = real
        self.journal = journal
    }

    func failCommit(_ fault: Fault) { commitFault.withLock { $0 = fault } }

    private func pass<Value>(_ step: String, _ body: () throws(Failure) -> Value) throws(Failure) -> Value {
        journal.add("registry \(step)")
        guard isGone.withLock({ !$0 }) else { throw .registryAway(reason: "told to be") }
        return try body()
    }

    func commit(_ image: Image, lease: Lease) throws(Failure) -> Bool {
        try pass("commit") { () throws(Failure) in
            switch commitFault.withLock({ $0 }) {
            case nil: return try real.commit(image, lease: lease)
            case .undone: throw .registryBusy
            case .unanswered:
                _ = try real.commit(image, lease: lease)
                throw .registryAway(reason: "told to fail")
            case .gone:
                isGone.withLock { $0 = true }
                throw .registryAway(reason: "told to be")
            }
        }
    }

    var state: String? { real.state }

    func siteID() throws(Failure) -> String { try real.siteID() }

    func hasImages(in store: StoreName) throws(Failure) -> Bool { try real.hasImages(in: store) }

    func record(_ id: ImageID) throws(Failure) -> ImageRecord? {
        try pass("record") { () throws(Failure) in try real.record(id) }
    }

    func reserve(_ draft: NewImage, lease: Lease?, within quota: OwnerQuota?) throws(Failure) -> Image {
        try pass("reserve") { () throws(Failure) in try real.reserve(draft, lease: lease, within: quota) }
    }

    func beginSaving(_ id: ImageID, version: Int64, lease: Lease, within quota: OwnerQuota?) throws(Failure) -> Bool {
        try pass("beginSaving") { () throws(Failure) in
            try real.beginSaving(id, version: version, lease: lease, within: quota)
        }
    }

    func renew(_ lease: Lease, of id: ImageID) throws(Failure) -> Bool {
        try pass("renew") { () throws(Failure) in try real.renew(lease, of: id) }
    }

    func release(_ lease: Lease, of id: ImageID, leavesBytes: Bool) throws(Failure) {
        try pass("release") { () throws(Failure) in try real.release(lease, of: id, leavesBytes: leavesBytes) }
    }

    func update(_ image: Image) throws(Failure) -> Bool {
        try pass("update") { () throws(Failure) in try real.update(image) }
    }

    func delete(_ image: Image, at now: Timestamp) throws(Failure) -> Bool {
        try pass("delete") { () throws(Failure) in try real.delete(image, at: now) }
    }

    func forget(_ bytes: StoredBytes) throws(Failure) {
        try pass("forget") { () throws(Failure) in try real.forget(bytes) }
    }

    func page(_ query: ImageQuery, after position: ListPosition?, count: Int) throws(Failure) -> ImagePage {
        try pass("page") { () throws(Failure) in try real.page(query, after: position, count: count) }
    }

    func position(of marker: ImageRecord, in query: ImageQuery) throws(Failure) -> ListPosition {
        try real.position(of: marker, in: query)
    }

    func hasWorkForJanitor() throws(Failure) -> Bool { try real.hasWorkForJanitor() }
    func endLeases() throws(Failure) -> [ImageID] { try real.endLeases() }
    func doomedBytes(count: Int) throws(Failure) -> [StoredBytes] { try real.doomedBytes(count: count) }

    func takeJanitorLock(holder: String, seconds: Int) throws(Failure) -> Bool {
        try real.takeJanitorLock(holder: holder, seconds: seconds)
    }
}

/// A body that does something each time a piece of it is read: what may happen while an upload is under way.
final class EventfulSource: ByteSource {
    private var pieces: ArraySlice<[UInt8]>
    private let event: (Int) throws -> Void
    private var count = 0

    /// `event` is told how many pieces have gone by, and asked before the end too.
    init(_ pieces: [[UInt8]], _ event: @escaping (Int) throws -> Void) {
        self.pieces = pieces[...]
        self.event = event
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        try event(count)
        guard let piece = pieces.popFirst() else { return 0 }
        count += 1
        buffer.copyBytes(from: piece)
        return piece.count
    }
}

extension ImageBody {
    static func bytes(_ text: String) -> ImageBody {
        ImageBody(length: Int64(text.utf8.count), source: MemorySource(text.utf8))
    }

    /// A body of so many pieces of 10 bytes, and what happens as each is read.
    static func pieces(_ count: Int, _ event: @escaping (Int) throws -> Void) -> ImageBody {
        let piece = Array("0123456789".utf8)
        return ImageBody(
            length: Int64(count * piece.count),
            source: EventfulSource(Array(repeating: piece, count: count), event))
    }
}
