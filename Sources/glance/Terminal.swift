import Glibc

/// Where one of the process's outputs goes.
struct Terminal {
    let descriptor: Int32
    let isTerminal: Bool
    let hasColors: Bool
    private let columns: Int?

    init(_ descriptor: Int32, environment: [String: String]) {
        self.descriptor = descriptor
        isTerminal = isatty(descriptor) == 1
        // https://no-color.org
        hasColors = isTerminal && environment["NO_COLOR", default: ""].isEmpty && environment["TERM"] != "dumb"
        columns = environment["COLUMNS"].flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }
    }

    /// Columns of the terminal as it is now; nil where it is none.
    var width: Int? {
        guard isTerminal else { return nil }
        if let columns { return columns }
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    func bold(_ text: String) -> String { colored(text, "1") }
    func red(_ text: String) -> String { colored(text, "1;31") }
    func dim(_ text: String) -> String { colored(text, "2") }

    private func colored(_ text: String, _ code: String) -> String {
        hasColors ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}
