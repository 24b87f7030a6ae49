/// Where records of images are kept. One conformance suite holds for every implementation.
///
/// A record changes in single atomic steps; each that returns is durable. Steps that take a `Lease` do nothing when the
/// lease is no longer the record's own. Throws `registryBusy`, `registryAway`, and what the step's comment names.
package protocol ImageRegistry: Sendable {
    /// A word for all that it knows at this moment: where it is the same later, nothing was committed in between, by
    /// anybody. Nil where that cannot be told.
    var state: String? { get }

    /// Names this registry's site; the stores that belong to it carry the same name.
    func siteID() throws(Failure) -> String

    /// Whether any image's data are in that store.
    func hasImages(in store: StoreName) throws(Failure) -> Bool

    /// The record as it is now, in any status; nil when the id has none.
    func record(_ id: ImageID) throws(Failure) -> ImageRecord?

    /// Takes an id and keeps the record: queued without a lease, saving with one. No other caller, in any process on any
    /// host, gets the same id. Without an id of the client's it takes the next number that is free and was never given.
    /// Throws `idTaken`, and else `tooManyImages` or `tooManyBytes` where all that the owner has would be more than
    /// `quota`, however many reserve at once; a registry that is another service knows no quotas.
    func reserve(_ draft: NewImage, lease: Lease?, within quota: OwnerQuota?) throws(Failure) -> Image

    /// Turns a queued record of that version into a saving one. False when it is no longer queued or no longer that version.
    /// Throws `tooManyBytes` as `reserve` does.
    func beginSaving(_ id: ImageID, version: Int64, lease: Lease, within quota: OwnerQuota?) throws(Failure) -> Bool

    /// Puts off the end of a lease. False when it was lost.
    func renew(_ lease: Lease, of id: ImageID) throws(Failure) -> Bool

    /// Makes a saving record available, as `image` says. False when the lease was lost.
    func commit(_ image: Image, lease: Lease) throws(Failure) -> Bool

    /// Gives up a lease: what was queued before is queued again as it was, what was not is gone. Where the attempt leaves
    /// bytes behind they go on the list of bytes to delete.
    func release(_ lease: Lease, of id: ImageID, leavesBytes: Bool) throws(Failure)

    /// Replaces the metadata of a queued or available record whose version is one less than `image`'s. False when it is not.
    func update(_ image: Image) throws(Failure) -> Bool

    /// Deletes a queued or available record of that version. A queued one is gone as if it had never been. An available
    /// one becomes a tombstone, and its bytes are on the list of bytes to delete, which is what comes back. False when
    /// version or status is no longer that.
    func delete(_ image: Image, at now: Timestamp) throws(Failure) -> Bool

    /// At most `count` images that `query` names and lists may show (queued or available), behind `position`.
    func page(_ query: ImageQuery, after position: ListPosition?, count: Int) throws(Failure) -> ImagePage

    /// The place behind `marker` in the order of `query`.
    func position(of marker: ImageRecord, in query: ImageQuery) throws(Failure) -> ListPosition

    /// True where leases have run out or bytes wait to be deleted: asked often, so it costs no write.
    func hasWorkForJanitor() throws(Failure) -> Bool

    /// Ends every lease that ran out, by the registry's own clock, and puts what those attempts may have stored on the
    /// list of bytes to delete. Returns the ids.
    func endLeases() throws(Failure) -> [ImageID]

    /// At most `count` entries of the list of bytes to delete, others each time: those of a store that is away must not
    /// keep the rest waiting.
    func doomedBytes(count: Int) throws(Failure) -> [StoredBytes]

    /// Takes an entry off that list, once the bytes are gone.
    func forget(_ bytes: StoredBytes) throws(Failure)

    /// True where this caller may clean up: one at a time, for `seconds`, by the registry's own clock.
    func takeJanitorLock(holder: String, seconds: Int) throws(Failure) -> Bool
}

/// A record: the image, and where its bytes are when it has any.
package struct ImageRecord: Equatable, Sendable {
    package let image: Image
    package let location: Location?
    /// Its place in the order in which images were added.
    package let sequence: Int64
    /// What is wrong with its bytes, in words for the operator; nil where nothing is known to be.
    package let damage: String?

    package init(image: Image, location: Location?, sequence: Int64, damage: String? = nil) {
        self.image = image
        self.location = location
        self.sequence = sequence
        self.damage = damage
    }
}

/// A new record that has no id yet, or asks for one.
package struct NewImage: Equatable, Sendable {
    package var id: ImageID?
    package var name: ImageName
    package var type: ImageType
    package var size: Int64?
    package var store: StoreName
    package var isPublic: Bool
    package var properties: ImageProperties
    package var owner: String
    package var sha256: SHA256Digest?
    package var createdAt: Timestamp

    package init(_ draft: ImageDraft, store: StoreName, owner: String, createdAt: Timestamp) {
        id = draft.id
        name = draft.name
        type = draft.type
        size = draft.size
        self.store = store
        isPublic = draft.isPublic
        properties = draft.properties
        self.owner = owner
        sha256 = draft.sha256
        self.createdAt = createdAt
    }

    /// The image that it becomes under `id`.
    package func image(_ id: ImageID, _ status: ImageStatus) -> Image {
        Image(
            id: id, name: name, type: type, size: size, store: store, createdAt: createdAt, updatedAt: createdAt,
            status: status, isPublic: isPublic, properties: properties, owner: owner, sha256: sha256)
    }
}

/// The right to store one image's data, for `seconds` at a time, and the location that this attempt alone uses.
package struct Lease: Equatable, Sendable {
    package let name: String
    package let bytes: StoredBytes
    /// How many of them there will be.
    package let size: Int64
    package let seconds: Int

    package init(name: String, bytes: StoredBytes, size: Int64, seconds: Int) {
        self.name = name
        self.bytes = bytes
        self.size = size
        self.seconds = seconds
    }
}

/// Bytes in a store.
package struct StoredBytes: Hashable, Sendable {
    package let store: StoreName
    package let location: Location

    package init(store: StoreName, location: Location) {
        self.store = store
        self.location = location
    }
}
