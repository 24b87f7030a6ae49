import GlanceModel

/// Compares what the registry knows of a store with what is in the store, in both directions, while the service runs. Both
/// sides come in the order of their keys and are merged, so a page of each is all the memory that it takes. What does not
/// match is looked at a second time, directly, because either side may have changed since it was listed.
package struct Fsck {
    package struct Options: Equatable, Sendable {
        /// Every image is read, and its digest compared.
        package var verifies = false
        /// Records of damaged images are marked, and the marks of whole ones taken away.
        package var repairs = false
        /// Bytes that nothing names are removed.
        package var deletes = false
        /// Bytes that nothing names, and that are younger, may be somebody's still.
        package var ageSecondsMin: Int

        package init(ageSecondsMin: Int) {
            self.ageSecondsMin = ageSecondsMin
        }
    }

    /// Something that is not as it should be.
    package struct Finding: Equatable, Sendable {
        package enum Kind: String, Equatable, Sendable {
            /// An image whose bytes are missing, or are not what its record says.
            case damaged
            /// An image that is marked as damaged, and whose bytes are whole.
            case healed
            /// Bytes that nothing names.
            case orphan
            /// The same, of an upload that never ended.
            case unfinished
            /// An image, or a part of the store, that could not be looked at. Nothing is done about it.
            case unreadable
        }

        package let kind: Kind
        package let store: StoreName
        package let location: Location
        package let image: ImageID?
        package let text: String
        /// True where it was put right.
        package let isMended: Bool
    }

    package struct Tally: Equatable, Sendable {
        package var images = 0
        package var imageBytes: Int64 = 0
        package var objects = 0
        package var bytesRead: Int64 = 0
        /// Bytes that nothing names, and that are too young to be judged.
        package var young = 0
        package var findings = 0
        package var mended = 0
    }

    private static let pageMax = 1000

    private let registry: any UpkeepRegistry
    private let options: Options
    private let now: @Sendable () -> Timestamp

    package init(registry: any UpkeepRegistry, options: Options, now: @escaping @Sendable () -> Timestamp) {
        self.registry = registry
        self.options = options
        self.now = now
    }

    /// One store, from end to end; each finding is handed out as it is made.
    package func check(_ store: any ImageStore, report: (Finding) -> Void) throws(Failure) -> Tally {
        let known = KnownBytesList(registry, store, pageMax: Self.pageMax)
        let objects = try store.objects()
        let inspector = BytesInspector(store)
        var tally = Tally()
        var object = try next(objects, store, &tally, report)
        var entry = try known.next()
        while entry != nil || object != nil {
            if let found = object, entry.map({ bytesPrecede(found.key, $0.key) }) ?? true {
                tally.objects += 1
                if let finding = try judge(found, in: store, &tally) { note(finding, &tally, report) }
                object = try next(objects, store, &tally, report)
            } else if let current = entry {
                let isThere = object?.key == current.key
                if let finding = try judge(current.bytes, isThere ? object : nil, store, inspector, &tally) {
                    note(finding, &tally, report)
                }
                entry = try known.next()
                // Several may name the same bytes, and all are compared before these are done with.
                if isThere, entry?.key != current.key {
                    tally.objects += 1
                    object = try next(objects, store, &tally, report)
                }
            }
        }
        return tally
    }

    private func next(
        _ objects: any StoredObjects, _ store: any ImageStore, _ tally: inout Tally, _ report: (Finding) -> Void
    ) throws(Failure) -> StoredObject? {
        while true {
            do throws(Failure) {
                return try objects.next()
            } catch .storeBroken(let name, let reason) where !store.isRemote {
                // Where it is the whole store, this says so.
                try store.check()
                let finding = Finding(
                    kind: .unreadable, store: name, location: Location(""), image: nil,
                    text: "a part of the store cannot be looked at: \(reason)", isMended: false)
                note(finding, &tally, report)
            }
        }
    }

    private func note(_ finding: Finding, _ tally: inout Tally, _ report: (Finding) -> Void) {
        tally.findings += 1
        if finding.isMended { tally.mended += 1 }
        report(finding)
    }

    // MARK: Bytes that nothing names

    private func judge(
        _ object: StoredObject, in store: any ImageStore, _ tally: inout Tally
    ) throws(Failure) -> Finding? {
        guard now().seconds - object.changedAt.seconds >= Int64(options.ageSecondsMin) else {
            tally.young += 1
            return nil
        }
        // Whoever has named it since the listing is asked again, right before anything is done to it.
        guard try !registry.isKnown(Location(object.key), in: store.name) else { return nil }
        if options.deletes { try store.remove(object.location) }
        let size = object.size.map { "\($0) bytes" } ?? "an upload that never ended"
        return Finding(
            kind: object.size == nil ? .unfinished : .orphan, store: store.name, location: object.location, image: nil,
            text: "no record names it: \(size)", isMended: options.deletes)
    }

    // MARK: Records

    /// `object` is what the listing had for it.
    private func judge(
        _ known: KnownBytes, _ object: StoredObject?, _ store: any ImageStore, _ inspector: BytesInspector,
        _ tally: inout Tally
    ) throws(Failure) -> Finding? {
        // An attempt may have bytes or not, and bytes to delete may be gone: both are the janitor's.
        guard case .image(let id, let size, let sha256, let damage) = known.reason else { return nil }
        tally.images += 1
        tally.imageBytes += size
        let expected = BytesInspector.Expected(location: known.location, size: size, sha256: sha256)
        let verdict = try verdict(expected, object, inspector, &tally)
        guard try isStill(id, known.location) else { return nil }
        switch (verdict, damage) {
        case (.damaged(let text), _):
            let isMarked = options.repairs ? try registry.mark(text, id, at: known.location) : false
            return finding(.damaged, id, known.location, text, isMarked, store)
        case (.unreadable(let text), _):
            return finding(.unreadable, id, known.location, text, false, store)
        case (_, let mark?) where options.verifies:
            let isMended = options.repairs ? try registry.mark(nil, id, at: known.location) : false
            return finding(.healed, id, known.location, "it is whole, and marked: \(mark)", isMended, store)
        case (_, let mark?):
            return finding(.damaged, id, known.location, "it is marked: \(mark)", false, store)
        case (_, nil):
            return nil
        }
    }

    private func verdict(
        _ expected: BytesInspector.Expected, _ object: StoredObject?, _ inspector: BytesInspector, _ tally: inout Tally
    ) throws(Failure) -> BytesInspector.Verdict {
        guard options.verifies else {
            return object?.size == expected.size ? .whole : try inspector.compareLength(expected)
        }
        var count: Int64 = 0
        defer { tally.bytesRead += count }
        return try inspector.read(expected) {
            count += Int64($0)
            return true
        }
    }

    /// It may have been deleted while its bytes were looked at.
    private func isStill(_ id: ImageID, _ location: Location) throws(Failure) -> Bool {
        guard let record = try registry.record(id) else { return false }
        return record.image.status == .available && record.location == location
    }

    private func finding(
        _ kind: Finding.Kind, _ id: ImageID, _ location: Location, _ text: String, _ isMended: Bool,
        _ store: any ImageStore
    ) -> Finding {
        Finding(kind: kind, store: store.name, location: location, image: id, text: text, isMended: isMended)
    }
}

/// What a registry knows of a store, read a page at a time.
private final class KnownBytesList {
    struct Entry {
        let key: String
        let bytes: KnownBytes
    }

    private let registry: any UpkeepRegistry
    private let store: any ImageStore
    private let pageMax: Int
    private var page: ArraySlice<KnownBytes> = []
    private var last: Location?
    private var isOver = false

    init(_ registry: any UpkeepRegistry, _ store: any ImageStore, pageMax: Int) {
        self.registry = registry
        self.store = store
        self.pageMax = pageMax
    }

    func next() throws(Failure) -> Entry? {
        if page.isEmpty, !isOver {
            page = try registry.knownBytes(in: store.name, after: last, count: pageMax)[...]
            last = page.last?.location
            isOver = page.isEmpty
        }
        return page.popFirst().map { Entry(key: store.key(of: $0.location), bytes: $0) }
    }
}
