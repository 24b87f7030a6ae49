import GlanceModel
import GlanceUpkeep
import GlanceWire

/// `glance-api fsck`: says what is not as it should be between registry and stores, and puts right what it is told to.
struct FsckCommand {
    private let settings: Settings
    private var options: Fsck.Options
    private var asJSON = false

    static let flags = ["--verify", "--repair", "--delete", "--json"]

    /// `flags` are those of `Self.flags` that were given.
    init(_ settings: Settings, flags: [String]) {
        self.settings = settings
        options = Fsck.Options(ageSecondsMin: settings.leaseSeconds)
        options.verifies = flags.contains("--verify")
        options.repairs = flags.contains("--repair")
        options.deletes = flags.contains("--delete")
        asJSON = flags.contains("--json")
    }

    /// 0 where all is well now.
    func run() throws -> Int32 {
        let assembly = Assembly(settings)
        let registry = try assembly.lookedAfter()
        let fsck = Fsck(registry: registry, options: options, now: currentTime)
        var isWell = true
        for store in try assembly.stores(registry).all {
            // Ties nothing to anything: a store that is not this registry's is refused.
            try store.open(site: registry.siteID(), holdsImages: true)
            let tally = try fsck.check(store) { write($0) }
            write(tally, of: store.name)
            isWell = isWell && tally.findings == tally.mended
        }
        return isWell ? 0 : 1
    }

    private func write(_ finding: Fsck.Finding) {
        guard asJSON else {
            guard !finding.location.text.isEmpty else { return print("\(finding.store): \(finding.text)") }
            let image = finding.image.map { "image \($0)" } ?? "\(finding.kind == .orphan ? "bytes" : "leftover")"
            let mended =
                finding.isMended ? [.orphan, .unfinished].contains(finding.kind) ? ": removed" : ": marked" : ""
            print("\(finding.store): \(image) at \(finding.location.text): \(finding.text)\(mended)")
            return
        }
        var json = JSONText(capacity: 256)
        json.raw("{\"store\": ")
        json.string(finding.store.text)
        for (key, value) in [
            ("kind", finding.kind.rawValue), ("location", finding.location.text), ("image", finding.image?.text ?? ""),
            ("text", finding.text),
        ] {
            json.raw(", ")
            json.key(key)
            json.string(value)
        }
        json.raw(", \"mended\": ")
        json.raw(finding.isMended ? "true}" : "false}")
        print(String(decoding: json.bytes, as: UTF8.self))
    }

    private func write(_ tally: Fsck.Tally, of store: StoreName) {
        guard asJSON else {
            let read = options.verifies ? ", \(tally.bytesRead) bytes read" : ""
            let young = tally.young > 0 ? ", \(tally.young) too young to be judged" : ""
            print(
                """
                \(store): \(tally.images) images of \(tally.imageBytes) bytes, \(tally.objects) in the store\(read)\(young): \
                \(tally.findings) wrong, \(tally.mended) put right
                """)
            return
        }
        print(
            """
            {"store": "\(store)", "kind": "summary", "images": \(tally.images), "image_bytes": \(tally.imageBytes), \
            "objects": \(tally.objects), "bytes_read": \(tally.bytesRead), "young": \(tally.young), \
            "findings": \(tally.findings), "mended": \(tally.mended)}
            """)
    }
}
