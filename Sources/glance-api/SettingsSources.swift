import Bytes
import Glibc

/// A setting that cannot be used: where it stands, and what is wrong.
struct SettingsError: Error, Equatable, CustomStringConvertible {
    let place: String
    let problem: String

    var description: String { "\(place): \(problem)" }
}

/// Gathers settings from where they can be given: flag over environment over file over default.
struct SettingsSources {
    /// Values by key, each with the place that it comes from.
    private(set) var values: [String: (value: String, place: String)] = [:]

    static let environmentPrefix = "GLANCE_API_"

    init() {
        for setting in Setting.all { values[setting.key] = (setting.standard, "default") }
    }

    mutating func take(_ key: String, _ value: String, from place: String) throws(SettingsError) {
        guard let setting = Setting.all.first(where: { $0.key == key }) else {
            throw SettingsError(place: place, problem: "there is no setting “\(key)”: see glance-api help")
        }
        if let problem = setting.problem(with: value) {
            throw SettingsError(place: place, problem: "\(key): \(problem)")
        }
        values[key] = (value, place)
    }

    mutating func take(file text: String, named name: String) throws(SettingsError) {
        for line in try SettingsLine.all(in: text, named: name) { try take(line.key, line.value, from: line.place) }
    }

    mutating func take(environment: [String: String]) throws(SettingsError) {
        for (name, value) in environment.sorted(by: { $0.key < $1.key }) where name.hasPrefix(Self.environmentPrefix) {
            let key = name.dropFirst(Self.environmentPrefix.count).lowercased()
            if key != "config" { try take(key, value, from: name) }
        }
    }

    /// `--key value` or `--key=value`, with `-` or `_` within the key.
    mutating func take(flags: [String]) throws(SettingsError) {
        var rest = flags[...]
        while let flag = rest.popFirst() {
            guard flag.hasPrefix("--") else {
                throw SettingsError(place: flag, problem: "it is no option: see glance-api help")
            }
            let halves = flag.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let key = String(halves[0].map { $0 == "-" ? "_" : $0 })
            guard let value = halves.count == 2 ? String(halves[1]) : rest.popFirst() else {
                throw SettingsError(place: flag, problem: "its value is missing")
            }
            try take(key, value, from: "--\(halves[0])")
        }
    }
}

/// A line `key = value` of a file; `#` begins a comment.
struct SettingsLine {
    let key: String
    let value: String
    let place: String

    private static let fileBytesMax = 1 << 20

    static func all(in text: String, named name: String) throws(SettingsError) -> [SettingsLine] {
        var lines: [SettingsLine] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let place = "\(name):\(index + 1)"
            let line = trimmed(line)
            guard !line.isEmpty, !line.hasPrefix("#") else { continue }
            let halves = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard halves.count == 2 else {
                throw SettingsError(place: place, problem: "the line is not of the form key = value")
            }
            lines.append(SettingsLine(key: trimmed(halves[0]), value: trimmed(halves[1]), place: place))
        }
        return lines
    }

    /// A file's text; `what` it is, for the error.
    static func read(_ path: String, _ what: String) throws(SettingsError) -> String {
        do {
            return try readText(FileDescriptor(opening: path, flags: O_RDONLY), bytesMax: fileBytesMax)
        } catch {
            throw SettingsError(place: path, problem: "the \(what) cannot be read: \(error)")
        }
    }
}

/// A small file's text, from its start, wherever the descriptor stands.
func readText(_ file: borrowing FileDescriptor, bytesMax: Int) throws(PosixError) -> String {
    var text: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 4096)
    while text.count < bytesMax {
        let count = pread(file.number, &piece, piece.count, off_t(text.count))
        guard count >= 0 else { throw PosixError("read") }
        guard count > 0 else { break }
        text += piece[..<count]
    }
    return String(decoding: text, as: UTF8.self)
}

private func trimmed(_ text: some StringProtocol) -> String {
    let blanks: Set<Character> = [" ", "\t", "\r"]
    let start = text.drop { blanks.contains($0) }
    return String(start.reversed().drop { blanks.contains($0) }.reversed())
}
