import Bytes
import GlanceWire
import Glibc

/// The log: a JSON object a line on standard error, so that nothing a client wrote can look like a line of its own.
struct Log: Sendable {
    /// What is logged: what is worth less is left out.
    enum Level: String {
        case error, info, debug
    }

    private let level: Level

    init(_ level: Level) {
        self.level = level
    }

    var logsRequests: Bool { level == .debug }

    func debug(_ event: String, _ details: @autoclosure () -> KeyValuePairs<String, String> = [:]) {
        if level == .debug { write("debug", event, details()) }
    }

    func info(_ event: String, _ details: KeyValuePairs<String, String> = [:]) {
        if level != .error { write("info", event, details) }
    }

    func error(_ event: String, _ details: KeyValuePairs<String, String> = [:]) {
        write("error", event, details)
    }

    /// What somebody changed, or tried to: whatever else is logged or not.
    func audit(_ event: String, _ details: KeyValuePairs<String, String>) {
        write("audit", event, details)
    }

    private func write(_ level: String, _ event: String, _ details: KeyValuePairs<String, String>) {
        var json = JSONText(capacity: 256)
        json.raw("{\"time\": ")
        json.string("\(currentTime().text.replacing(" ", with: "T"))Z")
        json.raw(", \"level\": ")
        json.string(level)
        json.raw(", \"event\": ")
        json.string(event)
        json.raw(", \"pid\": ")
        json.integer(Int64(getpid()))
        for (key, value) in details {
            json.raw(", ")
            json.key(key)
            json.string(value)
        }
        json.raw("}\n")
        writeToStandardError(json.bytes)
    }
}

/// One write a line, so that the lines of several processes do not mix. Nobody is left to tell when it fails.
func writeToStandardError(_ line: [UInt8]) {
    _ = line.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
}
