import GlanceModel
import Glibc

extension Timestamp {
    /// `YYYY-MM-DD HH:MM:SS`, UTC.
    package var text: String {
        var time = time_t(seconds)
        var parts = tm()
        gmtime_r(&time, &parts)
        let date = [padded(parts.tm_year + 1900, to: 4), padded(parts.tm_mon + 1, to: 2), padded(parts.tm_mday, to: 2)]
        let clock = [padded(parts.tm_hour, to: 2), padded(parts.tm_min, to: 2), padded(parts.tm_sec, to: 2)]
        return "\(date.joined(separator: "-")) \(clock.joined(separator: ":"))"
    }

    private func padded(_ number: Int32, to width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
