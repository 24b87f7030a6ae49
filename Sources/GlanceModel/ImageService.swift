import Bytes

/// What can be done with images, whatever API asks for it: each rule stands here once, above registry and stores.
package struct ImageService: Sendable {
    package let registry: any ImageRegistry
    package let stores: StoreSet
    package let limits: ImageLimits
    package let transfers: TransferSlots
    package let surroundings: Surroundings

    /// How often a change is tried again because another one came in between.
    static let attemptsMax = 16

    package init(
        registry: any ImageRegistry, stores: StoreSet, limits: ImageLimits, transfers: TransferSlots,
        surroundings: Surroundings
    ) {
        self.registry = registry
        self.stores = stores
        self.limits = limits
        self.transfers = transfers
        self.surroundings = surroundings
    }

    /// A queued or available image that the caller may see. Throws `notFound`.
    package func image(_ id: ImageID, for identity: Identity) throws(Failure) -> ImageRecord {
        let record = try known(id, to: identity)
        guard record.image.status != .saving else { throw .notFound(id.text) }
        return record
    }

    /// The bytes of an available image, or of a part of it, through this process: takes one of its transfer slots.
    package func read(_ record: ImageRecord, range: ByteRangeInStore?) throws(Failure) -> any ByteSource {
        let location = try wholeBytes(of: record)
        let slot = try transfers.take()
        let source = try stores.holding(record.image.store).read(location, range: range)
        return SlottedSource(source, slot: slot)
    }

    /// Where the gateway finds the bytes of an available image itself; nil where it has to be `read`.
    package func gatewayPath(of record: ImageRecord) throws(Failure) -> String? {
        let location = try wholeBytes(of: record)
        return try stores.holding(record.image.store).gatewayPath(of: location)
    }

    private func wholeBytes(of record: ImageRecord) throws(Failure) -> Location {
        guard let location = record.location else { throw .noData(record.image.id) }
        if let damage = record.damage { throw .damaged(record.image.id, how: damage) }
        return location
    }

    /// A record that is not deleted and that the caller may see. To anybody else there is none: `notFound`.
    func known(_ id: ImageID, to identity: Identity) throws(Failure) -> ImageRecord {
        guard let record = try registry.record(id), record.image.status != .deleted,
            identity.maySee(record.image)
        else { throw .notFound(id.text) }
        return record
    }

    /// Asked before anything is added, changed or deleted.
    func checkWriting(by caller: Caller) throws(Failure) {
        try caller.identity.mayWrite()
        guard !limits.isReadOnly else { throw .readOnly }
    }

    /// A record that the caller may change, and whose data are not just coming in.
    func changeable(_ id: ImageID, by caller: Caller) throws(Failure) -> ImageRecord {
        let record = try known(id, to: caller.identity)
        try caller.identity.mayChange(record.image)
        guard record.image.status != .saving else { throw .dataComing(id) }
        try caller.precondition(record.image)
        return record
    }
}

/// Who asks, and on what conditions.
package struct Caller {
    package let identity: Identity
    /// Throws where the client wants nothing done to the image as it is now.
    package let precondition: (Image) throws(Failure) -> Void
    /// Throws where the client's API could not show the image as it would become.
    package let showable: (Image) throws(Failure) -> Void

    package init(
        _ identity: Identity, precondition: @escaping (Image) throws(Failure) -> Void = { _ throws(Failure) in },
        showable: @escaping (Image) throws(Failure) -> Void = { _ throws(Failure) in }
    ) {
        self.identity = identity
        self.precondition = precondition
        self.showable = showable
    }
}

/// Data of an image on its way in: exactly `length` bytes of `source`, or a `StreamError`.
package struct ImageBody {
    package let length: Int64
    package let source: any ByteSource

    package init(length: Int64, source: any ByteSource) {
        self.length = length
        self.source = source
    }
}

/// A source that holds a transfer slot for as long as it is there.
private final class SlottedSource: WaitingSource {
    private let source: any ByteSource
    private let slot: TransferSlot

    init(_ source: any ByteSource, slot: TransferSlot) {
        self.source = source
        self.slot = slot
    }

    func serve(_ recipient: Recipient) {
        (source as? any WaitingSource)?.serve(recipient)
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        try source.read(into: buffer)
    }
}
