import FoundationEssentials
import GlanceClient
import GlanceModel

/// A record that another service keeps as an image without data. What that service's own fields cannot say travels in
/// properties of a reserved name, which users neither see nor set.
struct RemoteRecord: Equatable, Sendable {
    /// Everything that only this side knows, as JSON.
    private static let truthKey = ReservedProperty.prefix + "record"
    /// A word of its own for each write: by it a write is found again whose answer was lost.
    static let writeKey = ReservedProperty.prefix + "write"

    // What lists are asked by.
    static let listedKey = ReservedProperty.prefix + "listed"
    static let statusKey = ReservedProperty.prefix + "status"
    static let ownerKey = ReservedProperty.prefix + "owner"
    static let workKey = ReservedProperty.prefix + "work"

    /// What the janitor looks for.
    enum Work: String {
        case lease, bytes
    }

    /// An attempt to store data.
    struct Attempt: Equatable, Codable {
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
    /// The other service's own count of changes; 0 where it has none.
    var revision: Int64 = 0
    var write = ""

    /// Nil where the image there is no record of this side's.
    init?(_ found: ImageMetadata) {
        guard let text = found.properties[Self.truthKey],
            let truth = try? JSONDecoder().decode(Truth.self, from: Data(text.utf8)),
            let type = ImageType(rawValue: found.kind.rawValue), let status = ImageStatus(rawValue: truth.status)
        else { return nil }
        let own = found.properties.filter { !$0.key.hasPrefix(ReservedProperty.prefix) }
        image = Image(
            id: ImageID(recorded: found.id), name: ImageName(recorded: found.name), type: type, size: truth.size,
            store: StoreName(truth.store), createdAt: Self.time(ReservedProperty.createdAt, of: found),
            updatedAt: Self.time(ReservedProperty.updatedAt, of: found), deletedAt: truth.deletedAt.map(Timestamp.init),
            status: status, isPublic: truth.isPublic,
            properties: ImageProperties(recorded: own.map { ($0.key, $0.value) }), owner: truth.owner,
            sha256: truth.sha256.map(SHA256Digest.init(recorded:)), version: truth.version)
        location = truth.location.map(Location.init)
        attempt = truth.attempt
        doomed = truth.doomed.map { StoredBytes(store: StoreName($0.store), location: Location($0.location)) }
        revision = found.version
        write = found.properties[Self.writeKey] ?? ""
    }

    private static func time(_ key: String, of found: ImageMetadata) -> Timestamp {
        Timestamp(seconds: found.properties[key].flatMap { Int64($0) } ?? 0)
    }

    init(_ image: Image, attempt: Attempt? = nil, doomed: StoredBytes? = nil) {
        (self.image, self.attempt, self.doomed) = (image, attempt, doomed)
    }

    /// Whether lists show it.
    var isListed: Bool { image.status == .queued || image.status == .available }

    private var work: Work? {
        if attempt != nil { return .lease }
        return doomed == nil ? nil : .bytes
    }

    /// All properties that the other service is to keep. `write` is a new word.
    func properties(write: String) throws(Failure) -> [String: String] {
        var all: [String: String] = [:]
        for (key, value) in image.properties.pairs {
            guard !key.hasPrefix(ReservedProperty.prefix) else {
                throw .invalid(
                    field: "property \(key)", problem: "names that begin with \(ReservedProperty.prefix) are taken")
            }
            all[key] = value
        }
        all[Self.truthKey] = try truth
        all[Self.writeKey] = write
        all[ReservedProperty.createdAt] = String(image.createdAt.seconds)
        all[ReservedProperty.updatedAt] = String(image.updatedAt.seconds)
        all[Self.statusKey] = image.status.rawValue
        if isListed { all[Self.listedKey] = "yes" }
        if !image.owner.isEmpty { all[Self.ownerKey] = image.owner }
        if let work { all[Self.workKey] = work.rawValue }
        return all
    }

    private var truth: String {
        get throws(Failure) {
            let truth = Truth(
                status: image.status.rawValue, version: image.version, owner: image.owner, isPublic: image.isPublic,
                deletedAt: image.deletedAt?.seconds, size: image.size, sha256: image.sha256?.text,
                store: image.store.text, location: location?.text, attempt: attempt,
                doomed: doomed.map { Place(store: $0.store.text, location: $0.location.text) })
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            do {
                return String(decoding: try encoder.encode(truth), as: UTF8.self)
            } catch {
                throw .registryAway(reason: "a record cannot be written as JSON: \(error)")
            }
        }
    }
}

private struct Truth: Codable {
    var status: String
    var version: Int64
    var owner: String
    var isPublic: Bool
    var deletedAt: Int64?
    var size: Int64?
    var sha256: String?
    var store: String
    var location: String?
    var attempt: RemoteRecord.Attempt?
    var doomed: Place?
}

private struct Place: Codable {
    var store: String
    var location: String
}
