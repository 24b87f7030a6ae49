/// Users and passwords by host, as ftp(1) and curl(1) read them (netrc(5)).
struct Netrc {
    struct Entry: Equatable {
        /// Nil: any other host.
        let machine: String?
        var login: String?
        var password: String?
    }

    private(set) var entries: [Entry] = []

    init(_ text: String) {
        var reader = NetrcReader(text)
        while let word = reader.next() {
            switch word {
            case "machine": if let name = reader.next() { entries.append(Entry(machine: name)) }
            case "default": entries.append(Entry(machine: nil))
            case "login": if let value = reader.next(), let last = entries.indices.last { entries[last].login = value }
            case "password":
                if let value = reader.next(), let last = entries.indices.last { entries[last].password = value }
            case "account": _ = reader.next()
            case "macdef": reader.skipMacro()
            default: break
            }
        }
    }

    /// The first entry of the host that has a user and a password, for `user` where one is given; then the default's.
    func credentials(host: String, user: String?) -> (user: String, password: String)? {
        let fitting = entries.filter { $0.machine == nil || $0.machine?.lowercased() == host.lowercased() }
        for entry in fitting.filter({ $0.machine != nil }) + fitting.filter({ $0.machine == nil }) {
            guard let password = entry.password, let login = entry.login ?? user, user == nil || user == login else {
                continue
            }
            return (login, password)
        }
        return nil
    }
}

/// The words of a netrc file: by blanks, in double quotes with `\` before what is meant, `#` at a line's start for a remark.
private struct NetrcReader {
    private var rest: Substring
    private var isAtLineStart = true

    init(_ text: String) { rest = text[...] }

    mutating func next() -> String? {
        skipBlanks()
        guard let first = rest.first else { return nil }
        isAtLineStart = false
        return first == "\"" ? quoted() : plain()
    }

    /// A macro ends at an empty line.
    mutating func skipMacro() {
        while !rest.isEmpty {
            let line = rest.prefix { !$0.isNewline }
            rest = rest[line.endIndex...].dropFirst()
            if line.allSatisfy(\.isWhitespace) { break }
        }
        isAtLineStart = true
    }

    private mutating func skipBlanks() {
        while let next = rest.first {
            if next.isNewline {
                isAtLineStart = true
            } else if next == "#", isAtLineStart {
                rest = rest.drop { !$0.isNewline }
                continue
            } else if !next.isWhitespace {
                return
            }
            rest.removeFirst()
        }
    }

    private mutating func plain() -> String {
        let word = rest.prefix { !$0.isWhitespace }
        rest = rest[word.endIndex...]
        return String(word)
    }

    private mutating func quoted() -> String {
        rest.removeFirst()
        var word = ""
        while let next = rest.popFirst(), next != "\"" {
            word.append(next == "\\" ? rest.popFirst().map { escaped($0) } ?? next : next)
        }
        return word
    }

    private func escaped(_ letter: Character) -> Character {
        switch letter {
        case "n": "\n"
        case "r": "\r"
        case "t": "\t"
        default: letter
        }
    }
}
