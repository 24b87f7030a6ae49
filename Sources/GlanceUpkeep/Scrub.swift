import GlanceModel

/// Reads every image again and again at a bounded rate, and marks those whose bytes are no longer what they were. It never
/// touches the bytes. Where it stands is kept in the registry, so that it goes on there after a restart, whoever does it.
package struct Scrub {
    package struct Settings: Sendable {
        package var bytesPerSecond: Int64
        /// Names this scrub among those of other hosts.
        package var holder: String
        /// How long another one waits for a sign of life of this one.
        package var lockSeconds: Int

        package init(bytesPerSecond: Int64, holder: String, lockSeconds: Int) {
            self.bytesPerSecond = bytesPerSecond
            self.holder = holder
            self.lockSeconds = lockSeconds
        }
    }

    package enum Event: Equatable, Sendable {
        /// An image was read to its end.
        case read(bytes: Int64)
        case damaged(ImageID, how: String)
        /// It was marked as damaged, and is whole again.
        case healed(ImageID)
        /// It could not be read just now, and is passed over.
        case unreadable(ImageID, reason: String)
    }

    package enum Outcome: Equatable, Sendable {
        /// All images were read: the next round begins with the first one.
        case roundEnded
        /// Another host is at it.
        case takenByAnother
        case stopped
    }

    /// What an image counts as at the least, so that a million small ones cost no more than the rate allows.
    private static let imageBytesMin = 64 * 1024
    /// How often at the most the place is written down.
    private static let placeSeconds: Int64 = 5

    private let registry: any UpkeepRegistry
    private let stores: StoreSet
    private let settings: Settings
    private let uptime: @Sendable () -> Int64
    /// Waits for so many nanoseconds; false where the scrub is to stop.
    private let wait: (UInt64) -> Bool

    package init(
        registry: any UpkeepRegistry, stores: StoreSet, settings: Settings, uptime: @escaping @Sendable () -> Int64,
        wait: @escaping (UInt64) -> Bool
    ) {
        self.registry = registry
        self.stores = stores
        self.settings = settings
        self.uptime = uptime
        self.wait = wait
    }

    /// Reads from where the last one stood to the last image. Throws where registry or store cannot go on just now: the
    /// place stays.
    package func round(_ report: (Event) -> Void) throws(Failure) -> Outcome {
        guard var place = try registry.beginScrub(holder: settings.holder, seconds: settings.lockSeconds) else {
            return .takenByAnother
        }
        var keeper = PlaceKeeper(registry, settings, since: uptime(), every: Self.placeSeconds)
        while let record = try registry.nextAvailable(after: place) {
            guard let outcome = try look(at: record, keeping: &keeper, at: place, report) else {
                place = record.sequence
                guard try keeper.keep(place, at: uptime()) else { return .takenByAnother }
                continue
            }
            return outcome
        }
        return try keeper.write(0, at: uptime()) ? .roundEnded : .takenByAnother
    }

    /// Nil where the next image may come.
    private func look(
        at record: ImageRecord, keeping keeper: inout PlaceKeeper, at place: Int64, _ report: (Event) -> Void
    ) throws(Failure) -> Outcome? {
        guard let location = record.location, let sha256 = record.image.sha256 else { return nil }
        let expected = BytesInspector.Expected(location: location, size: record.image.size ?? 0, sha256: sha256)
        var bytes = 0
        var interruption: Outcome?
        // Of a store that this service no longer offers: it is not asked for, and not looked after.
        guard let store = stores.all.first(where: { $0.name == record.image.store }) else {
            return wait(nanoseconds(for: Self.imageBytesMin)) ? nil : .stopped
        }
        let verdict = try BytesInspector(store).read(expected) { count in
            bytes += count
            guard wait(nanoseconds(for: count)) else {
                interruption = .stopped
                return false
            }
            // A registry that cannot be written just now is no reason to begin a large image anew.
            if (try? keeper.keep(place, at: uptime())) == false { interruption = .takenByAnother }
            return interruption == nil
        }
        if let interruption { return interruption }
        try judge(record, location, verdict, report)
        if case .unreadable = verdict {} else { report(.read(bytes: Int64(bytes))) }
        return wait(nanoseconds(for: max(0, Self.imageBytesMin - bytes))) ? nil : .stopped
    }

    private func judge(
        _ record: ImageRecord, _ location: Location, _ verdict: BytesInspector.Verdict, _ report: (Event) -> Void
    ) throws(Failure) {
        let id = record.image.id
        switch verdict {
        case .damaged(let how):
            // Not where it was deleted meanwhile.
            if try registry.mark(how, id, at: location) { report(.damaged(id, how: how)) }
        case .whole where record.damage != nil:
            if try registry.mark(nil, id, at: location) { report(.healed(id)) }
        case .unreadable(let reason):
            if try registry.record(id)?.location == location { report(.unreadable(id, reason: reason)) }
        case .whole, .stopped: break
        }
    }

    private func nanoseconds(for bytes: Int) -> UInt64 {
        UInt64(Double(bytes) / Double(settings.bytesPerSecond) * 1_000_000_000)
    }
}

/// Writes down where a scrub stands, often enough to keep its lock, and not with every image.
private struct PlaceKeeper {
    private let registry: any UpkeepRegistry
    private let settings: Scrub.Settings
    private let seconds: Int64
    private var writtenAt: Int64

    init(_ registry: any UpkeepRegistry, _ settings: Scrub.Settings, since uptime: Int64, every seconds: Int64) {
        self.registry = registry
        self.settings = settings
        self.seconds = seconds
        writtenAt = uptime
    }

    /// False where it is no longer this one's to keep.
    mutating func keep(_ place: Int64, at uptime: Int64) throws(Failure) -> Bool {
        uptime - writtenAt < seconds ? true : try write(place, at: uptime)
    }

    mutating func write(_ place: Int64, at uptime: Int64) throws(Failure) -> Bool {
        writtenAt = uptime
        return try registry.continueScrub(at: place, holder: settings.holder, seconds: settings.lockSeconds)
    }
}
