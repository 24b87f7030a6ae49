import Bytes
import GlanceModel

/// A store that counts what is asked of it, how long that takes, and what it cannot do. The bytes themselves go by
/// unmeasured: how long they take is mostly the client's doing, and the request's time has it.
struct MeasuredStore: ImageStore {
    private let store: any ImageStore
    private let metrics: Metrics

    init(_ store: any ImageStore, _ metrics: Metrics) {
        self.store = store
        self.metrics = metrics
    }

    var name: StoreName { store.name }
    var isRemote: Bool { store.isRemote }

    private func measure<Value>(
        _ deed: Metrics.Deed.OfStore, _ body: (any ImageStore) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        try metrics.measure(.store(store.name, deed)) { () throws(Failure) in try body(store) }
    }

    func open(site: String, holdsImages: Bool) throws(Failure) {
        try measure(.open) { store throws(Failure) in try store.open(site: site, holdsImages: holdsImages) }
    }

    func check() throws(Failure) {
        try measure(.open) { store throws(Failure) in try store.check() }
    }

    func location(named name: String, for size: Int64) throws(Failure) -> Location {
        try store.location(named: name, for: size)
    }

    func checkRoom(for size: Int64) throws(Failure) {
        try store.checkRoom(for: size)
    }

    func create(at location: Location, size: Int64, createdAt: Timestamp) throws(Failure) -> any ImageUpload {
        let upload = try measure(.create) { store throws(Failure) in
            try store.create(at: location, size: size, createdAt: createdAt)
        }
        return MeasuredUpload(upload, store.name, metrics)
    }

    func read(_ location: Location, range: ByteRangeInStore?) throws(Failure) -> any ByteSource {
        try measure(.read) { store throws(Failure) in try store.read(location, range: range) }
    }

    func gatewayPath(of location: Location) -> String? {
        store.gatewayPath(of: location)
    }

    func remove(_ location: Location) throws(Failure) {
        try measure(.remove) { store throws(Failure) in try store.remove(location) }
    }

    func freeBytes() throws(Failure) -> Int64? {
        try store.freeBytes()
    }

    func key(of location: Location) -> String {
        store.key(of: location)
    }

    func objects() throws(Failure) -> any StoredObjects {
        try store.objects()
    }

    func find(_ location: Location) throws(Failure) -> StoredObject? {
        try store.find(location)
    }
}

/// An upload whose last step, which makes it durable, is measured, and whose failures are counted.
private final class MeasuredUpload: ImageUpload {
    private let upload: any ImageUpload
    private let commitDeed: Metrics.Deed?
    private let metrics: Metrics

    init(_ upload: any ImageUpload, _ store: StoreName, _ metrics: Metrics) {
        self.upload = upload
        self.metrics = metrics
        commitDeed = .store(store, .commit)
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
        do throws(Failure) {
            try upload.write(bytes)
        } catch {
            if let commitDeed { metrics.count(commitDeed, nanoseconds: 0, failed: true) }
            throw error
        }
    }

    func finish() throws(Failure) -> StoredContent {
        try upload.finish()
    }

    func commit() throws(Failure) {
        try metrics.measure(commitDeed) { () throws(Failure) in try upload.commit() }
    }
}
