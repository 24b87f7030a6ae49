import Bytes
import Glibc

/// A setting that cannot be used: where it stands, and what is wrong.
package struct SettingsError: Error, Equatable, CustomStringConvertible {
    package let place: String
    package let problem: String

    package init(place: String, problem: String) {
        self.place = place
        self.problem = problem
    }

    package var description: String { "\(place): \(problem)" }
}

/// A line `key = value` of a file; `#` begins a comment.
package struct SettingsLine {
    package let key: String
    package let value: String
    package let place: String

    private static let fileBytesMax = 1 << 20

    package static func all(in text: String, named name: String) throws(SettingsError) -> [SettingsLine] {
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
    package static func read(_ path: String, _ what: String) throws(SettingsError) -> String {
        do {
            return try readText(FileDescriptor(opening: path, flags: O_RDONLY), bytesMax: fileBytesMax)
        } catch {
            throw SettingsError(place: path, problem: "the \(what) cannot be read: \(error)")
        }
    }
}

/// A small file's text, from its start, wherever the descriptor stands.
package func readText(_ file: borrowing FileDescriptor, bytesMax: Int) throws(PosixError) -> String {
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
