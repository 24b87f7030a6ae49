/// One option: everything that the parser, the help, the man page and the completions know of it.
struct Option: Sendable {
    enum Name: String, CaseIterable {
        case after, data, descending, detail, force, help, id, json, limit, man, markdown, name, netrc, output
        case progress, property, `public`, `private`, quiet, sha256, size, sort, status, store, type, url, user
        case caFile = "ca-file"
        case ifVersion = "if-version"
        case replaceProperties = "replace-properties"
        case sizeMax = "size-max"
        case sizeMin = "size-min"
        case passwordFile = "password-file"
    }

    enum Value {
        /// It is there or it is not.
        case none
        case text(String)
        case file
        case choice([String])
        /// Bytes: digits, and K, M, G or T behind them for their binary multiples.
        case bytes
        case number
        /// `KEY=VALUE`, any number of times.
        case pair
    }

    let name: Name
    let letter: Character?
    let value: Value
    let meaning: String

    init(_ name: Name, _ letter: Character? = nil, _ value: Value = .none, _ meaning: String) {
        self.name = name
        self.letter = letter
        self.value = value
        self.meaning = meaning
    }

    /// What stands for the value in texts; nil where it takes none.
    var placeholder: String? {
        switch value {
        case .none: nil
        case .text(let placeholder): placeholder
        case .file: "FILE"
        case .choice(let choices): choices.joined(separator: "|")
        case .bytes: "BYTES"
        case .number: "N"
        case .pair: "KEY=VALUE"
        }
    }

    /// What is wrong with a value; nil where nothing is.
    func problem(with text: String) -> String? {
        switch value {
        case .none, .text: nil
        case .file: text.isEmpty ? "it takes the name of a file" : nil
        case .choice(let choices):
            choices.contains(text) ? nil : "it takes one of \(choices.joined(separator: ", ")), not “\(text)”"
        case .bytes:
            byteCount(text) == nil ? "it takes bytes, as 1048576, 512K, 10M, 4G or 1T, not “\(text)”" : nil
        case .number:
            wholeNumber(text) == nil ? "it takes a whole number, not “\(text)”" : nil
        case .pair:
            text.contains("=") && !text.hasPrefix("=") ? nil : "it takes KEY=VALUE, not “\(text)”"
        }
    }
}

extension Option {
    /// One without a value or a letter.
    init(_ name: Name, _ meaning: String) { self.init(name, nil, .none, meaning) }
    init(_ name: Name, _ letter: Character, _ meaning: String) { self.init(name, letter, .none, meaning) }
    init(_ name: Name, _ value: Value, _ meaning: String) { self.init(name, nil, value, meaning) }

    // Those that several commands have.

    static let help = Option(.help, "h", "Says what there is to say of the command.")
    static let json = Option(
        .json, "Prints JSON: an object for each image, on a line each, with the names of the API; sizes are numbers.")
    static let quiet = Option(.quiet, "q", "Prints ids alone, and says nothing beside them but errors.")
    static let progress = Option(
        .progress,
        "Says how far it is every 10 seconds where standard error is no terminal. On a terminal there is a line anyway, from one second on."
    )
    static let type = Option(
        .type, .choice(["kernel", "machine", "raw", "ramdisk"]), "What kind of data the image is.")
    static let ifVersion = Option(
        .ifVersion, .number, "Only if the image is still at this version, which show tells; else nothing is done.")

    static func property(_ meaning: String) -> Option { Option(.property, "p", .pair, meaning) }
}

/// Digits alone; nil for anything else.
func wholeNumber(_ text: some StringProtocol) -> Int64? {
    guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
        return nil
    }
    return Int64(text)
}
