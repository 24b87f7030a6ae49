import Glibc

/// A date as HTTP writes it (RFC 9110, section 5.6.7), in whole seconds since 1970-01-01 UTC.
package enum HTTPDate {
    private static let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// `Sun, 06 Nov 1994 08:49:37 GMT`.
    package static func text(_ seconds: Int64) -> String {
        let parts = calendarParts(seconds)
        return TextTemplate.filled("Ddd, 00 Mmm 0000 00:00:00 GMT") { text in
            text.write(days[Int(parts.tm_wday)], at: 0)
            text.write(parts.tm_mday, before: 7)
            text.write(months[Int(parts.tm_mon)], at: 8)
            text.write(parts.tm_year + 1900, before: 16)
            text.write(parts.tm_hour, before: 19)
            text.write(parts.tm_min, before: 22)
            text.write(parts.tm_sec, before: 25)
        }
    }

    /// Reads all three forms that RFC 9110 asks a recipient to read; nil for anything else.
    package static func seconds(_ text: String) -> Int64? {
        let words = text.utf8.split { " ,-:".utf8.contains($0) }.map { Substring($0) }
        // Sun Nov  6 08:49:37 1994
        if words.count == 7 { return seconds(day: words[2], month: words[1], year: words[6], clock: words[3...5]) }
        // Sun, 06 Nov 1994 08:49:37 GMT, or Sunday, 06-Nov-94 08:49:37 GMT
        guard words.count == 8, words[7] == "GMT" else { return nil }
        return seconds(day: words[1], month: words[2], year: words[3], clock: words[4...6])
    }

    private static func seconds(
        day: Substring, month: Substring, year: Substring, clock: ArraySlice<Substring>
    ) -> Int64? {
        let clock = clock.compactMap { Int32($0) }
        guard let day = Int32(day), let month = months.firstIndex(of: String(month)), var year = Int32(year),
            clock.count == 3, (1...31).contains(day), (0...23).contains(clock[0]), (0...59).contains(clock[1]),
            (0...60).contains(clock[2]), (0...9999).contains(year)
        else { return nil }
        if year < 100 { year += year < 70 ? 2000 : 1900 }
        var parts = tm()
        (parts.tm_year, parts.tm_mon, parts.tm_mday) = (year - 1900, Int32(month), day)
        (parts.tm_hour, parts.tm_min, parts.tm_sec) = (clock[0], clock[1], clock[2])
        return Int64(timegm(&parts))
    }
}

/// Day and time, UTC, of a second since 1970. One that four digits of a year cannot say becomes the nearest that they can: a
/// record may hold any number.
package func calendarParts(_ seconds: Int64) -> tm {
    let (yearZero, year9999): (Int64, Int64) = (-62_167_219_200, 253_402_300_799)
    var time = time_t(max(yearZero, min(seconds, year9999)))
    var parts = tm()
    gmtime_r(&time, &parts)
    return parts
}
