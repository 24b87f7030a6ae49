/// The configuration of an nginx as `nginx -T` prints it: all its files, one after the other, each behind a line
/// `# configuration file PATH:`.
struct NginxConfiguration {
    struct Directive: Equatable {
        let name: String
        let arguments: [String]
        /// The blocks that it stands in within its file, outermost first, each as its words.
        let blocks: [String]
    }

    private(set) var directives: [Directive] = []

    init(_ text: String) {
        var words: [String] = []
        var blocks: [String] = []
        for token in Self.tokens(text) {
            switch token {
            case .word(let word): words.append(word)
            case .end:
                add(words, blocks)
                words = []
            case .open:
                add(words, blocks)
                blocks.append(words.joined(separator: " "))
                words = []
            case .close: _ = blocks.popLast()
            }
        }
    }

    private mutating func add(_ words: [String], _ blocks: [String]) {
        guard let name = words.first else { return }
        directives.append(Directive(name: name, arguments: Array(words.dropFirst()), blocks: blocks))
    }

    /// Those of a name, within a block that begins with `block` where one is named.
    func all(_ name: String, in block: String? = nil) -> [Directive] {
        directives.filter { directive in
            directive.name == name && (block.map { begin in directive.blocks.contains { $0.hasPrefix(begin) } } ?? true)
        }
    }

    private enum Token {
        case word(String)
        case end, open, close
    }

    private static func tokens(_ text: String) -> [Token] {
        var tokens: [Token] = []
        var word = ""
        var quote: Character?
        var isComment = false
        func endWord() {
            if !word.isEmpty { tokens.append(.word(word)) }
            word = ""
        }
        for character in text {
            if isComment {
                isComment = character != "\n"
            } else if let open = quote {
                if character == open {
                    tokens.append(.word(word))
                    (word, quote) = ("", nil)
                } else {
                    word.append(character)
                }
            } else {
                switch character {
                case "\"", "'": if word.isEmpty { quote = character } else { word.append(character) }
                case "#" where word.isEmpty: isComment = true
                case " ", "\t", "\n", "\r\n", "\r": endWord()
                case ";":
                    endWord()
                    tokens.append(.end)
                // `${name}` is no block.
                case "{" where word.hasSuffix("$"): word.append(character)
                case "}" where word.contains("${"): word.append(character)
                case "{":
                    endWord()
                    tokens.append(.open)
                case "}":
                    endWord()
                    tokens.append(.close)
                default: word.append(character)
                }
            }
        }
        return tokens
    }

    /// `256k`, `1m`, `10g` or a number, in bytes.
    static func bytes(_ text: String) -> Int64? {
        let units: [Character: Int64] = ["k": 1 << 10, "m": 1 << 20, "g": 1 << 30]
        guard let last = text.last, let unit = units[Character(last.lowercased())] else { return Int64(text) }
        return Int64(text.dropLast()).map { $0 * unit }
    }
}
