import GlanceClient
import GlanceModel
import HTTP

/// A record that another service keeps as an image without data. What that service's own fields cannot say travels in
/// properties of a reserved name, which users neither see nor set.
struct RemoteRecord: Equatable, Sendable {
    /// Everything that only this side knows.
    private static let truthKey = ReservedProperty.prefix + "record"
    /// A word of its own for each write: by it a write is found again whose answer was lost. A later write's is within the truth.
    static let writeKey = ReservedProperty.prefix + "write"

    // What lists are asked by.
    static let listedKey = ReservedProperty.prefix + "listed"
    static let statusKey = ReservedProperty.prefix + "status"
    static let ownerKey = ReservedProperty.prefix + "owner"
    static let workKey = ReservedProperty.prefix + "work"
    static let bytesKey = ReservedProperty.prefix + "bytes"

    /// What the janitor looks for.
    enum Work: String {
        case lease, bytes
    }

    /// An attempt to store data.
    struct Attempt: Equatable {
        var name: String
        var store: String
        var location: String
        /// Seconds since 1970-01-01 UTC, by the other service's clock.
        var endsAt: Int64
        var wasQueued: Bool
        /// True once the janitor has taken the lease back: from then on nothing can be committed under it.
        var hasEnded = false

        var bytes: StoredBytes { StoredBytes(store: StoreName(store), location: Location(location)) }
    }

    var image: Image
    var location: Location?
    var attempt: Attempt?
    /// Bytes to delete.
    var doomed: StoredBytes?
    /// Its id is a number that the other service gave.
    var isGenerated = false
    /// Nobody's any more, and there only so that its number is never given again.
    var isSpent = false
    /// The other service's own count of changes; 0 where it has none.
    var revision: Int64 = 0
    var write = ""

    /// Nil where the image there is no record of this side's.
    init?(_ found: ImageMetadata) {
        let told = found.keyedProperties
        guard let truth = told[Self.truthKey].flatMap({ RemoteTruth($0) }),
            let status = truth["status"].flatMap({ ImageStatus(rawValue: $0) }), let version = truth[number: "version"],
            let type = ImageType(rawValue: found.kind.rawValue)
        else { return nil }
        image = Image(
            id: ImageID(recorded: found.id), name: ImageName(recorded: found.name), type: type,
            size: truth[number: "size"], store: StoreName(truth["store"] ?? ""),
            createdAt: Self.time(truth[number: "created_at"], ReservedProperty.createdAt, of: told),
            updatedAt: Self.time(truth[number: "updated_at"], ReservedProperty.updatedAt, of: told),
            deletedAt: truth[number: "deleted_at"].map(Timestamp.init), status: status, isPublic: truth[flag: "public"],
            properties: told.without(prefix: ReservedProperty.prefix), owner: truth["owner"] ?? "",
            sha256: truth["sha256"].map(SHA256Digest.init(recorded:)), version: version)
        location = truth["location"].map(Location.init)
        attempt = Attempt(truth)
        if let store = truth["doomed_store"], let location = truth["doomed_location"] {
            doomed = StoredBytes(store: StoreName(store), location: Location(location))
        }
        (isGenerated, isSpent) = (truth[flag: "generated"], truth[flag: "spent"])
        revision = found.version
        write = truth["write"] ?? told[Self.writeKey] ?? ""
    }

    /// An older version wrote it into a property alone.
    private static func time(_ known: Int64?, _ key: String, of told: ImageProperties) -> Timestamp {
        Timestamp(seconds: known ?? told[key].flatMap { Int64($0) } ?? 0)
    }

    init(_ image: Image, attempt: Attempt? = nil, doomed: StoredBytes? = nil) {
        (self.image, self.attempt, self.doomed) = (image, attempt, doomed)
    }

    /// Whether lists show it.
    var isListed: Bool { image.status == .queued || image.status == .available }

    /// What is left of it where its number alone counts.
    var spent: RemoteRecord {
        var record = self
        (record.image.status, record.image.properties) = (.deleted, ImageProperties())
        (record.attempt, record.isSpent) = (nil, true)
        return record
    }

    private var work: Work? {
        if attempt != nil { return .lease }
        return doomed == nil ? nil : .bytes
    }

    /// All properties that the other service is told. `write` is a new word; of a record that is new there it is a
    /// property of its own, because nobody else knows its id.
    func properties(write: String, isNew: Bool) throws(Failure) -> [String: String] {
        var all: [String: String] = [:]
        for (key, value) in image.properties.pairs {
            guard !key.hasPrefix(ReservedProperty.prefix) else {
                throw .invalid(
                    field: "property \(key)", problem: "names that begin with \(ReservedProperty.prefix) are taken")
            }
            all[key] = value
        }
        var truth = truth
        if isNew { all[Self.writeKey] = write } else { truth["write"] = write }
        all[Self.truthKey] = truth.text
        all[ReservedProperty.createdAt] = String(image.createdAt.seconds)
        all[ReservedProperty.updatedAt] = String(image.updatedAt.seconds)
        all[Self.statusKey] = image.status.rawValue
        if isListed { all[Self.listedKey] = "yes" }
        if !image.owner.isEmpty { all[Self.ownerKey] = image.owner }
        if let work { all[Self.workKey] = work.rawValue }
        if let bytes { all[Self.bytesKey] = Self.word(bytes) }
        return all
    }

    /// The bytes that it names, be they to come, there, or to be deleted.
    private var bytes: StoredBytes? {
        doomed ?? attempt?.bytes ?? location.map { StoredBytes(store: image.store, location: $0) }
    }

    /// What lists of the records of these bytes are asked by.
    static func word(_ bytes: StoredBytes) -> String { percentEncoded("\(bytes.store.text) \(bytes.location.text)") }

    private var truth: RemoteTruth {
        var truth = RemoteTruth()
        truth["status"] = image.status.rawValue
        truth[number: "version"] = image.version
        truth["owner"] = image.owner.isEmpty ? nil : image.owner
        truth[flag: "public"] = image.isPublic
        truth[number: "created_at"] = image.createdAt.seconds
        truth[number: "updated_at"] = image.updatedAt.seconds
        truth[number: "deleted_at"] = image.deletedAt?.seconds
        truth[number: "size"] = image.size
        truth["sha256"] = image.sha256?.text
        truth["store"] = image.store.text
        truth["location"] = location?.text
        attempt?.write(into: &truth)
        truth["doomed_store"] = doomed?.store.text
        truth["doomed_location"] = doomed?.location.text
        (truth[flag: "generated"], truth[flag: "spent"]) = (isGenerated, isSpent)
        return truth
    }
}

extension RemoteRecord.Attempt {
    /// Nil where no attempt is under way.
    fileprivate init?(_ truth: RemoteTruth) {
        guard let name = truth["attempt"], let endsAt = truth[number: "attempt_ends_at"] else { return nil }
        self.init(
            name: name, store: truth["attempt_store"] ?? "", location: truth["attempt_location"] ?? "", endsAt: endsAt,
            wasQueued: truth[flag: "attempt_was_queued"], hasEnded: truth[flag: "attempt_has_ended"])
    }

    fileprivate func write(into truth: inout RemoteTruth) {
        truth["attempt"] = name
        truth[number: "attempt_ends_at"] = endsAt
        (truth["attempt_store"], truth["attempt_location"]) = (store, location)
        (truth[flag: "attempt_was_queued"], truth[flag: "attempt_has_ended"]) = (wasQueued, hasEnded)
    }
}
