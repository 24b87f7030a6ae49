import Bytes
import GlanceWire
import Glibc

/// What a person or a script reads: data on standard output, everything else on standard error.
final class Console {
    let output: Terminal
    let errors: Terminal
    /// The one that is asked, for error texts; nil until it is known.
    var server: String?
    private var pending: [UInt8] = []

    private static let pendingBytesMax = 32 * 1024

    init(environment: [String: String]) {
        output = Terminal(STDOUT_FILENO, environment: environment)
        errors = Terminal(STDERR_FILENO, environment: environment)
    }

    /// Data: kept until there are enough of them, or `flush`.
    func print(_ text: String) throws(CommandError) {
        pending += text.utf8
        pending.append(UInt8(ascii: "\n"))
        if pending.count >= Self.pendingBytesMax { try flush() }
    }

    func flush() throws(CommandError) {
        defer { pending = [] }
        try pending.withUnsafeBufferPointer { bytes throws(CommandError) in try write(UnsafeRawBufferPointer(bytes)) }
    }

    /// Data that are no text.
    func write(_ bytes: UnsafeRawBufferPointer) throws(CommandError) {
        var rest = bytes
        while !rest.isEmpty {
            let count = Glibc.write(STDOUT_FILENO, rest.baseAddress, rest.count)
            if count < 0 {
                if errno == EINTR { continue }
                // SIGPIPE has ended the process already, unless whoever started it ignores that.
                throw errno == EPIPE ? .outputClosed : .failed("\(PosixError("write", "standard output"))")
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    /// A line on standard error.
    func say(_ line: String) {
        writeToStandardError("glance: \(printable(line))\n")
    }

    func complain(_ line: String) {
        writeToStandardError("\(errors.red("glance:")) \(printable(line))\n")
    }
}

/// In one piece, so that lines of several threads do not mix.
func writeToStandardError(_ text: String) {
    let bytes = Array(text.utf8)
    _ = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
}
