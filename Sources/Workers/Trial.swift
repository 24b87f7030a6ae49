import Bytes
import Glibc

/// A start that ends before it serves: it shows whether the program and the settings that are there by now can do so.
final class Trial {
    let pid: pid_t
    /// It has not ended by then: it hangs, and is to be killed.
    let dueAt: Int64
    private let output: FileDescriptor

    private static let millisecondsMax: Int64 = 120_000
    private static let outputBytesMax = 4096

    /// `arguments` are those of the service behind its command.
    init(_ program: Program, arguments: [String], now: Int64) throws(PosixError) {
        let output = try makeMemoryFile("glance-trial")
        pid = try ChildProcess.start(
            program.path, name: program.path, arguments: ["trial"] + arguments,
            descriptors: [(output.number, STDERR_FILENO)])
        dueAt = now + Self.millisecondsMax
        self.output = output
    }

    /// Why it failed: the line that it refused with, else how it ended.
    func reason(ending: String) -> String {
        var text = [UInt8](repeating: 0, count: Self.outputBytesMax)
        let count = pread(output.number, &text, text.count, 0)
        let name = "glance-api: "
        let lines = String(decoding: text[..<max(0, count)], as: UTF8.self).split(separator: "\n")
        guard !lines.isEmpty else { return "a trial start ended with \(ending)" }
        return lines.map { $0.hasPrefix(name) ? $0.dropFirst(name.count) : $0 }.joined(separator: "; ")
    }
}
