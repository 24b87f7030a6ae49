/// How far a transfer is, and how fast it has been of late.
struct TransferProgress {
    /// What is on its way, for people.
    let label: String
    /// Bytes in all; nil: nobody knows.
    let total: Int64?
    private var samples: [(seconds: Double, bytes: Int64)] = []

    /// The rate is that of so many seconds.
    private static let window = 5.0

    init(_ label: String, total: Int64?) {
        self.label = label
        self.total = total
    }

    /// `seconds` on any clock that only goes forwards.
    mutating func note(_ bytes: Int64, at seconds: Double) {
        samples.append((seconds, bytes))
        while samples.count > 2, samples[1].seconds <= seconds - Self.window { samples.removeFirst() }
    }

    private var bytes: Int64 { samples.last?.bytes ?? 0 }

    /// Bytes a second; nil until there is anything to go by.
    var rate: Double? {
        guard let first = samples.first, let last = samples.last, last.seconds > first.seconds else { return nil }
        return Double(last.bytes - first.bytes) / (last.seconds - first.seconds)
    }

    /// `rescue  45%  121.5 MiB of 270.0 MiB  54.1 MiB/s  0:02 left`, as much of it as goes into `columns`.
    func line(columns: Int) -> String {
        var parts = [percent, amount, speed, left].compactMap { $0 }
        let gap = 2
        func width() -> Int { parts.reduce(0) { $0 + columnCount($1) + gap } }
        while !parts.isEmpty, width() + 8 > columns { parts.removeLast() }
        let room = max(0, columns - width())
        let shown = columnCount(label) <= room ? label : room > 0 ? fitted(label, to: room) : ""
        return ([shown] + parts).filter { !$0.isEmpty }.joined(separator: "  ")
    }

    /// The same for a file or a log.
    var sentence: String {
        "\(label): " + [amount, percent, speed, left].compactMap { $0 }.joined(separator: ", ")
    }

    /// `121.5 MiB of 270.0 MiB`
    var amount: String {
        guard let total else { return sizeText(bytes) }
        return "\(sizeText(bytes)) of \(sizeText(total))"
    }

    private var percent: String? {
        guard let total, total > 0 else { return nil }
        return "\(Int(Double(bytes) / Double(total) * 100))%"
    }

    private var speed: String? {
        rate.map { "\(sizeText(Int64($0)))/s" }
    }

    private var left: String? {
        guard let total, let rate, rate >= 1 else { return nil }
        let seconds = (Double(max(0, total - bytes)) / rate).rounded(.up)
        return seconds < 360_000 ? "\(durationText(Int64(seconds))) left" : nil
    }
}
