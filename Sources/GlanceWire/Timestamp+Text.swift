import GlanceModel
import HTTP

extension Timestamp {
    /// `YYYY-MM-DD HH:MM:SS`, UTC.
    package var text: String {
        let parts = calendarParts(seconds)
        return TextTemplate.filled("0000-00-00 00:00:00") { text in
            text.write(parts.tm_year + 1900, before: 4)
            text.write(parts.tm_mon + 1, before: 7)
            text.write(parts.tm_mday, before: 10)
            text.write(parts.tm_hour, before: 13)
            text.write(parts.tm_min, before: 16)
            text.write(parts.tm_sec, before: 19)
        }
    }
}
