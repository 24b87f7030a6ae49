import Bytes

/// Where the bytes of images are kept. Bytes never change once they are committed. One conformance suite holds for every
/// implementation. Throws `storeAway` and what a method's comment names.
package protocol ImageStore: Sendable {
    var name: StoreName { get }
    /// Whether other hosts have to do their part: it may be away while this one starts.
    var isRemote: Bool { get }

    /// Makes the store ready and ties it to the registry's site. Throws `storeForeign` where it belongs to another one, or
    /// to none although it `holdsImages`: then it is not the store that the registry means, but an empty place.
    func open(site: String, holdsImages: Bool) throws(Failure)

    /// Throws where the store cannot do its work just now.
    func check() throws(Failure)

    /// A location for `size` bytes that was never used, made of text that never comes twice.
    func location(named name: String, for size: Int64) throws(Failure) -> Location

    /// Throws `noSpace` where an image of `size` bytes does not fit now, and `imageTooLarge` where it never will.
    func checkRoom(for size: Int64) throws(Failure)

    /// Begins to store `size` bytes at `location`, which was made for as many. `createdAt` is the time that a gateway shows
    /// for them. Throws `noSpace`.
    func create(at location: Location, size: Int64, createdAt: Timestamp) throws(Failure) -> any ImageUpload

    /// The bytes of `range`, or all of them. Throws `storeBroken` where the medium has lost them.
    func read(_ location: Location, range: ByteRangeInStore?) throws(Failure) -> any ByteSource

    /// A path under which the gateway finds the bytes and can send them itself; nil where the worker has to.
    func gatewayPath(of location: Location) -> String?

    /// Removes what is at `location`, finished or not. Nothing there is no failure.
    func remove(_ location: Location) throws(Failure)

    /// Bytes that still fit; nil where nobody can tell.
    func freeBytes() throws(Failure) -> Int64?

    /// What of a location tells its bytes from all others: the location, or what stands before a slash in it. The keys of
    /// locations that are in order are in order too.
    func key(of location: Location) -> String

    /// Everything that is in the store, in the order of its keys' bytes, read as it is asked for. What comes or goes
    /// meanwhile may be in it or not.
    func objects() throws(Failure) -> any StoredObjects

    /// What is at `location`; nil where certainly nothing is. Throws `storeBroken` where the medium has lost it.
    func find(_ location: Location) throws(Failure) -> StoredObject?
}

/// Data on its way into a store: nobody sees it before `commit`, and letting go of it without `commit` leaves nothing but
/// what `remove` takes.
package protocol ImageUpload: AnyObject {
    /// Throws `noSpace`.
    func write(_ bytes: UnsafeRawBufferPointer) throws(Failure)

    /// Ends the data and says what it was. To be called once, before `commit`.
    func finish() throws(Failure) -> StoredContent

    /// Makes the data durable, then visible.
    func commit() throws(Failure)
}

/// A store's contents, one after the other.
package protocol StoredObjects: AnyObject {
    /// Nil after the last one. A store on this host throws `storeBroken` of something that cannot be looked at, and goes on
    /// behind it at the next call.
    func next() throws(Failure) -> StoredObject?
}

/// Something that a store has.
package struct StoredObject: Equatable, Sendable {
    /// One by which `remove` takes all of it away.
    package let location: Location
    package let key: String
    /// Nil where it is not finished, or not all there any more: nobody can read it.
    package let size: Int64?
    package let changedAt: Timestamp

    package init(location: Location, key: String, size: Int64?, changedAt: Timestamp) {
        self.location = location
        self.key = key
        self.size = size
        self.changedAt = changedAt
    }
}

/// What a store was given.
package struct StoredContent: Equatable, Sendable {
    package let size: Int64
    package let sha256: SHA256Digest

    package init(size: Int64, sha256: SHA256Digest) {
        self.size = size
        self.sha256 = sha256
    }
}

/// Bytes `offset` to `offset + count` of an image, counted from 0.
package struct ByteRangeInStore: Equatable, Sendable {
    package let offset: Int64
    package let count: Int64

    package init(offset: Int64, count: Int64) {
        self.offset = offset
        self.count = count
    }
}

/// The stores that this service offers.
package struct StoreSet: Sendable {
    private let stores: [any ImageStore]
    private let defaultName: StoreName

    package init(_ stores: [any ImageStore], default defaultName: StoreName) {
        self.stores = stores
        self.defaultName = defaultName
    }

    package var all: [any ImageStore] { stores }

    /// False: this service keeps metadata alone, and takes the name of a store as it takes any field.
    package var keepsData: Bool { !stores.isEmpty }

    /// The name of the store that a client asked for, or of the default. Throws `unknownStore`.
    func name(_ name: StoreName?) throws(Failure) -> StoreName {
        guard !keepsData else { return try offered(name).name }
        let wanted = name ?? defaultName
        guard StoreName.known.contains(wanted) else { throw .unknownStore(wanted.text, offered: StoreName.known) }
        return wanted
    }

    /// The store that a client asked for, or the default. Throws `unknownStore`.
    package func offered(_ name: StoreName?) throws(Failure) -> any ImageStore {
        let wanted = name ?? defaultName
        guard let store = stores.first(where: { $0.name == wanted }) else {
            throw .unknownStore(wanted.text, offered: stores.map(\.name))
        }
        return store
    }

    /// The store that holds an image. Throws `storeNotOffered` when it is no longer configured.
    package func holding(_ name: StoreName) throws(Failure) -> any ImageStore {
        guard let store = stores.first(where: { $0.name == name }) else { throw .storeNotOffered(name) }
        return store
    }
}
