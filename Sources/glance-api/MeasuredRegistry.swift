import GlanceModel
import Workers

/// A registry that counts what is asked of it, how long that takes, and what it cannot do.
struct MeasuredRegistry: ImageRegistry {
    private let registry: any ImageRegistry
    private let metrics: Metrics

    init(_ registry: any ImageRegistry, _ metrics: Metrics) {
        self.registry = registry
        self.metrics = metrics
    }

    private func read<Value>(_ body: (any ImageRegistry) throws(Failure) -> Value) throws(Failure) -> Value {
        try metrics.measure(.registry(.read)) { () throws(Failure) in try body(registry) }
    }

    private func write<Value>(_ body: (any ImageRegistry) throws(Failure) -> Value) throws(Failure) -> Value {
        try metrics.measure(.registry(.write)) { () throws(Failure) in try body(registry) }
    }

    var state: String? { registry.state }

    func siteID() throws(Failure) -> String {
        try read { registry throws(Failure) in try registry.siteID() }
    }

    func hasImages(in store: StoreName) throws(Failure) -> Bool {
        try read { registry throws(Failure) in try registry.hasImages(in: store) }
    }

    func record(_ id: ImageID) throws(Failure) -> ImageRecord? {
        try read { registry throws(Failure) in try registry.record(id) }
    }

    func reserve(_ draft: NewImage, lease: Lease?, within quota: OwnerQuota?) throws(Failure) -> Image {
        try write { registry throws(Failure) in try registry.reserve(draft, lease: lease, within: quota) }
    }

    func beginSaving(_ id: ImageID, version: Int64, lease: Lease, within quota: OwnerQuota?) throws(Failure) -> Bool {
        try write { registry throws(Failure) in
            try registry.beginSaving(id, version: version, lease: lease, within: quota)
        }
    }

    func renew(_ lease: Lease, of id: ImageID) throws(Failure) -> Bool {
        try write { registry throws(Failure) in try registry.renew(lease, of: id) }
    }

    func commit(_ image: Image, lease: Lease) throws(Failure) -> Bool {
        try write { registry throws(Failure) in try registry.commit(image, lease: lease) }
    }

    func release(_ lease: Lease, of id: ImageID, leavesBytes: Bool) throws(Failure) {
        try write { registry throws(Failure) in try registry.release(lease, of: id, leavesBytes: leavesBytes) }
    }

    func update(_ image: Image) throws(Failure) -> Bool {
        try write { registry throws(Failure) in try registry.update(image) }
    }

    func delete(_ image: Image, at now: Timestamp) throws(Failure) -> Bool {
        try write { registry throws(Failure) in try registry.delete(image, at: now) }
    }

    func page(_ query: ImageQuery, after position: ListPosition?, count: Int) throws(Failure) -> ImagePage {
        try read { registry throws(Failure) in try registry.page(query, after: position, count: count) }
    }

    func position(of marker: ImageRecord, in query: ImageQuery) throws(Failure) -> ListPosition {
        try registry.position(of: marker, in: query)
    }

    func hasWorkForJanitor() throws(Failure) -> Bool {
        try read { registry throws(Failure) in try registry.hasWorkForJanitor() }
    }

    func endLeases() throws(Failure) -> [ImageID] {
        try write { registry throws(Failure) in try registry.endLeases() }
    }

    func doomedBytes(count: Int) throws(Failure) -> [StoredBytes] {
        try read { registry throws(Failure) in try registry.doomedBytes(count: count) }
    }

    func forget(_ bytes: StoredBytes) throws(Failure) {
        try write { registry throws(Failure) in try registry.forget(bytes) }
    }

    func takeJanitorLock(holder: String, seconds: Int) throws(Failure) -> Bool {
        try write { registry throws(Failure) in try registry.takeJanitorLock(holder: holder, seconds: seconds) }
    }
}

extension Metrics {
    func measure<Value>(_ deed: Deed?, _ body: () throws(Failure) -> Value) throws(Failure) -> Value {
        guard let deed else { return try body() }
        let start = monotonicNanoseconds()
        do throws(Failure) {
            let value = try body()
            count(deed, nanoseconds: monotonicNanoseconds() - start, failed: false)
            return value
        } catch {
            count(deed, nanoseconds: monotonicNanoseconds() - start, failed: error.isOperators)
            throw error
        }
    }
}

extension Failure {
    /// True where registry or store did not do what they should, and not where somebody asked for what cannot be.
    fileprivate var isOperators: Bool { self == .registryBusy || operatorReason != nil }
}
