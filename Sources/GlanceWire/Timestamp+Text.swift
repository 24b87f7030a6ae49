import GlanceModel
import Glibc

extension Timestamp {
    /// `YYYY-MM-DD HH:MM:SS`, UTC.
    package var text: String {
        var time = time_t(seconds)
        var parts = tm()
        gmtime_r(&time, &parts)
        let numbers = [
            parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
        ]
        var text = Array("0000-00-00 00:00:00".utf8)
        for (number, end) in zip(numbers, [3, 6, 9, 12, 15, 18]) {
            var (rest, place) = (number, end)
            while rest > 0, place >= 0 {
                text[place] = UInt8(ascii: "0") + UInt8(rest % 10)
                (rest, place) = (rest / 10, place - 1)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
