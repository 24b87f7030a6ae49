import FoundationEssentials
import GlanceModel
import HTTP

extension SwiftStore {
    package func key(of location: Location) -> String {
        location.text.split(separator: "/", maxSplits: 2).prefix(2).joined(separator: "/")
    }

    package func objects() throws(Failure) -> any StoredObjects {
        try ensureOpen()
        // By the text of a key: “a_1/…” comes before “a_10/…”, because a slash comes before a digit.
        let named = Set([settings.container] + containers).sorted { bytesPrecede("\($0)/", "\($1)/") }
        return StoredSwiftObjects(account, containers: named)
    }

    package func find(_ location: Location) throws(Failure) -> StoredObject? {
        let place = try SwiftLocation(location)
        try ensureOpen()
        let found = StoredSwiftObjects(
            account, containers: [place.container], prefix: place.name)
        while let object = try found.next() {
            if object.key == key(of: location) { return object }
        }
        // A container that is missing, or cannot be found just now, has no say in what is not in it.
        guard try isThere(place.container) else { throw swiftFailure(404, "HEAD of the container \(place.container)") }
        return nil
    }
}

/// What is in some containers, and in those of their segments: both listings are read side by side, a page at a time.
private final class StoredSwiftObjects: StoredObjects {
    private let account: SwiftAccount
    private let prefix: String
    /// Those that are still to come, last one first.
    private var rest: [String]
    private var container = ""
    private var wholes: SwiftListing?
    private var segments: SwiftListing?

    init(_ account: SwiftAccount, containers: [String], prefix: String = "") {
        self.account = account
        self.prefix = prefix
        rest = containers.reversed()
    }

    func next() throws(Failure) -> StoredObject? {
        while true {
            if let wholes, let segments {
                if let object = try next(wholes, segments) { return object }
            }
            guard let container = rest.popLast() else { return nil }
            self.container = container
            wholes = SwiftListing(account, container, prefix: prefix)
            segments = SwiftListing(account, SwiftLocation.segmentContainer(of: container), prefix: prefix)
        }
    }

    /// The object, the segments, or both, of the name that comes first in either listing.
    private func next(_ wholes: SwiftListing, _ segments: SwiftListing) throws(Failure) -> StoredObject? {
        let (whole, segment) = (try wholes.first(), try segments.first())
        let names = [whole?.name, segment.map { Self.imageName($0.name) }].compactMap { $0 }
        guard let name = names.min(by: bytesPrecede) else { return nil }
        var entries: [SwiftListing.Entry] = []
        while let entry = try segments.first(), Self.imageName(entry.name) == name {
            entries.append(entry)
            segments.dropFirst()
        }
        let object = whole?.name == name ? whole : nil
        if object != nil { wholes.dropFirst() }
        let last = entries.last?.name.split(separator: "/").last.flatMap { decimalNumber($0) }
        let place = SwiftLocation(container: container, name: name, segments: last.map { $0 + 1 } ?? 0)
        return StoredObject(
            location: place.location, key: "\(container)/\(name)", size: Self.size(object, entries),
            changedAt: ([object].compactMap { $0 } + entries).map(\.changedAt).max() ?? Timestamp(seconds: 0))
    }

    /// Of a large object: what its segments have, which is less than it says of itself where one is missing.
    private static func size(_ object: SwiftListing.Entry?, _ segments: [SwiftListing.Entry]) -> Int64? {
        guard let object else { return nil }
        guard object.isLarge || !segments.isEmpty else { return object.bytes }
        return segments.reduce(0) { $0 + $1.bytes }
    }

    private static func imageName(_ segment: String) -> String {
        String(segment.prefix { $0 != "/" })
    }
}

/// A container's objects in the order of their names, a page at a time
/// (https://docs.openstack.org/api-ref/object-store/#show-container-details-and-list-objects).
private final class SwiftListing {
    struct Entry {
        let name: String
        let bytes: Int64
        let changedAt: Timestamp
        let isLarge: Bool
    }

    private struct Line: Decodable {
        var name: String
        var bytes: Int64
        var changedAt: String
        /// Of a large object alone.
        var manifestTag: String?

        enum CodingKeys: String, CodingKey {
            case name, bytes
            case changedAt = "last_modified"
            case manifestTag = "slo_etag"
        }
    }

    private static let pageMax = 1000

    private let account: SwiftAccount
    private let container: String
    private let prefix: String
    private var page: ArraySlice<Entry> = []
    private var marker: String? = ""

    init(_ account: SwiftAccount, _ container: String, prefix: String) {
        self.account = account
        self.container = container
        self.prefix = prefix
    }

    func first() throws(Failure) -> Entry? {
        if page.isEmpty, let marker { page = try read(after: marker)[...] }
        return page.first
    }

    func dropFirst() {
        page = page.dropFirst()
    }

    private func read(after marker: String) throws(Failure) -> [Entry] {
        let target =
            "/\(percentEncoded(container))?format=json&limit=\(Self.pageMax)&marker=\(percentEncoded(marker))"
            + "&prefix=\(percentEncoded(prefix))"
        let answer = try account.ask("GET", target)
        let entries: [Entry]
        switch answer.status {
        case 200:
            guard let lines = try? JSONDecoder().decode([Line].self, from: Data(answer.body)) else {
                throw .storeBroken(.swift, reason: "the listing of \(container) is none")
            }
            entries = lines.map {
                Entry(
                    name: $0.name, bytes: $0.bytes, changedAt: Self.time($0.changedAt), isLarge: $0.manifestTag != nil)
            }
        case 204, 404: entries = []
        default: throw swiftFailure(answer.status, "GET of the container \(container)")
        }
        // A cluster may give less a page than it is asked for.
        self.marker = entries.last?.name
        return entries
    }

    /// `2026-11-24T02:40:58.123456`, UTC. What is none counts as now: too young to be anybody's rubbish.
    private static func time(_ text: String) -> Timestamp {
        let whole = text.prefix { $0 != "." }
        guard let date = try? Date("\(whole)Z", strategy: .iso8601) else { return Timestamp(seconds: .max) }
        return Timestamp(seconds: Int64(date.timeIntervalSince1970))
    }
}
