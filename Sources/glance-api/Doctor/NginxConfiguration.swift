import Glibc

/// The configuration of an nginx as `nginx -T` prints it: all its files, one after the other, each behind a line
/// `# configuration file PATH:`, the main one first. Where a file is included, its directives stand.
struct NginxConfiguration {
    struct Directive: Equatable {
        let name: String
        let arguments: [String]
        /// What is between its braces; nil where it has none.
        let block: [Directive]?

        /// The directives of a name in its block.
        func all(_ name: String) -> [Directive] { (block ?? []).filter { $0.name == name } }
    }

    private static let includesMax = 16

    /// What stands at the main level.
    let directives: [Directive]

    init(_ text: String) {
        let files = Self.files(text)
        directives = files.first.map { Self.read($0.text, among: files, depth: 0) } ?? []
    }

    func all(_ name: String) -> [Directive] { directives.filter { $0.name == name } }

    /// Every server of every `http` block.
    var servers: [NginxServer] {
        all("http").flatMap { http in http.all("server").map { NginxServer($0.block ?? [], in: http.block ?? []) } }
    }

    /// The `server` lines of an upstream.
    func upstream(_ name: String) -> [Directive] {
        all("http").flatMap { $0.all("upstream") }.filter { $0.arguments == [name] }.flatMap { $0.all("server") }
    }

    // MARK: Reading it

    private typealias File = (path: String, text: Substring)

    /// A text without any such line is one file.
    private static func files(_ text: String) -> [File] {
        let begin = "# configuration file "
        var files: [File] = []
        var start = text.startIndex
        var path: String?
        func end(_ index: String.Index) {
            if let path { files.append((path, text[start..<index])) }
        }
        for line in text.split(separator: "\n", omittingEmptySubsequences: false)
        where line.hasPrefix(begin) && line.hasSuffix(":") {
            end(line.startIndex)
            path = String(line.dropFirst(begin.count).dropLast())
            start = line.endIndex
        }
        end(text.endIndex)
        return files.isEmpty ? [("nginx.conf", text[...])] : files
    }

    private static func read(_ text: Substring, among files: [File], depth: Int) -> [Directive] {
        var levels: [[Directive]] = [[]]
        var heads: [[String]] = []
        var words: [String] = []
        for token in tokens(text) {
            switch token {
            case .word(let word): words.append(word)
            case .end:
                levels[levels.count - 1] += directives(words, among: files, depth: depth)
                words = []
            case .open:
                heads.append(words)
                levels.append([])
                words = []
            case .close:
                guard let head = heads.popLast(), let block = levels.popLast() else { break }
                guard let name = head.first else { break }
                levels[levels.count - 1].append(
                    Directive(name: name, arguments: Array(head.dropFirst()), block: block))
            }
        }
        return levels[0]
    }

    /// One, or what an `include` stands for. A relative path begins at the main file's directory.
    private static func directives(_ words: [String], among files: [File], depth: Int) -> [Directive] {
        guard let name = words.first else { return [] }
        guard name == "include", let argument = words.last, words.count == 2, depth < includesMax else {
            return [Directive(name: name, arguments: Array(words.dropFirst()), block: nil)]
        }
        let directory = files[0].path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        let pattern = argument.hasPrefix("/") ? argument : (directory + [argument[...]]).joined(separator: "/")
        return files.dropFirst().filter { fnmatch(pattern, $0.path, FNM_PATHNAME) == 0 }
            .flatMap { read($0.text, among: files, depth: depth + 1) }
    }

    private enum Token {
        case word(String)
        case end, open, close
    }

    private static func tokens(_ text: Substring) -> [Token] {
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
