import GlanceWire

/// One thing that the doctor looked at.
struct DoctorFinding: Equatable {
    enum Level: String {
        case well
        /// Worth knowing; the service does its work.
        case warning
        /// The service cannot do its work, or does it wrong.
        case problem
    }

    let level: Level
    /// What was looked at.
    let subject: String
    let what: String
    /// Why it matters.
    var why = ""
    /// What to type, or to change.
    var remedy = ""

    /// Where the package puts the run book.
    static let runBook = "/usr/share/doc/glance-images/operations.md"

    static func well(_ subject: String, _ what: String) -> DoctorFinding {
        DoctorFinding(level: .well, subject: subject, what: what)
    }

    static func warning(_ subject: String, _ what: String, why: String, remedy: String) -> DoctorFinding {
        DoctorFinding(level: .warning, subject: subject, what: what, why: why, remedy: remedy)
    }

    static func problem(_ subject: String, _ what: String, why: String, remedy: String) -> DoctorFinding {
        DoctorFinding(level: .problem, subject: subject, what: what, why: why, remedy: remedy)
    }

    var text: String {
        guard level != .well else { return "well     \(subject): \(what)\n" }
        return
            "\(level == .problem ? "PROBLEM" : "warning")  \(subject): \(what)\n         why: \(why)\n         do:  \(remedy)\n"
    }

    /// A JSON object a line.
    var json: String {
        var json = JSONText(capacity: 256)
        json.raw("{\"level\": ")
        json.string(level.rawValue)
        for (key, value) in [("subject", subject), ("what", what), ("why", why), ("remedy", remedy)] {
            json.raw(", ")
            json.key(key)
            json.string(value)
        }
        json.raw("}\n")
        return String(decoding: json.bytes, as: UTF8.self)
    }
}
