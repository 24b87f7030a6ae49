/// Binary multiples, smallest first.
private let units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]

/// A number of bytes for people: exact below 1 KiB, else to a tenth of a unit.
func sizeText(_ bytes: Int64) -> String {
    guard bytes >= 1024 else { return "\(bytes) B" }
    var power = 0
    var unit: Int64 = 1024
    // What would round up to 1024.0 is 1.0 of the next.
    while power + 1 < units.count, bytes >= unit * 1024 - unit / 20 {
        unit *= 1024
        power += 1
    }
    let (whole, rest) = bytes.quotientAndRemainder(dividingBy: unit)
    let tenths = (rest / (unit / 1024) * 10 + 512) / 1024
    return "\(whole + tenths / 10).\(tenths % 10) \(units[power])"
}

/// Bytes as a person types them: `1048576`, `512K`, `10M`, `4G`, `1T`, all binary; nil for anything else.
func byteCount(_ text: String) -> Int64? {
    let powers: [Character: Int64] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40]
    guard let last = text.last, let power = powers[last] else { return wholeNumber(text) }
    guard let number = wholeNumber(text.dropLast()) else { return nil }
    let (bytes, overflows) = number.multipliedReportingOverflow(by: power)
    return overflows ? nil : bytes
}

/// Seconds for people: `0:07`, `12:30`, `3:04:05`.
func durationText(_ seconds: Int64) -> String {
    func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60)
    return hours > 0 ? "\(hours):\(two(minutes)):\(two(seconds % 60))" : "\(minutes):\(two(seconds % 60))"
}
