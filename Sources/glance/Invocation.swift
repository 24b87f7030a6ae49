/// A command line, understood: which command, and what was given to it.
struct Invocation {
    let command: Command
    /// What stands between the options: images, files.
    private(set) var operands: [String] = []
    private var values: [Option.Name: [String]] = [:]
    /// The arguments as they were typed, each with its place among the operands.
    private var typed: [(text: String, operand: Int?)] = []
    let console: Console
    let environment: [String: String]

    init(
        _ command: Command, _ arguments: ArraySlice<String>, console: Console, environment: [String: String]
    ) throws(CommandError) {
        self.command = command
        self.console = console
        self.environment = environment
        try take(arguments)
    }

    func has(_ name: Option.Name) -> Bool { all(name).isEmpty == false }

    /// The last one counts.
    subscript(_ name: Option.Name) -> String? { all(name).last }

    func all(_ name: Option.Name) -> [String] {
        precondition(command.allOptions.contains { $0.name == name }, "\(command.name) has no option \(name.rawValue)")
        return values[name] ?? []
    }

    func number(_ name: Option.Name) -> Int64? { self[name].flatMap(byteCount) }

    /// A choice that is a type of the library's.
    func choice<Choice: RawRepresentable>(_ name: Option.Name) -> Choice? where Choice.RawValue == String {
        self[name].flatMap(Choice.init(rawValue:))
    }

    /// `KEY=VALUE` of each, by its key.
    func pairs(_ name: Option.Name) throws(CommandError) -> [String: String] {
        var pairs: [String: String] = [:]
        for text in all(name) {
            let halves = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard pairs.updateValue(String(halves[1]), forKey: String(halves[0])) == nil else {
                throw .usage("--\(name.rawValue) \(halves[0]) is given twice")
            }
        }
        return pairs
    }

    /// The command line again, to be typed, without the operands before `first`.
    func retyped(fromOperand first: Int = 0) -> String {
        let kept = typed.filter { $0.operand.map { $0 >= first } ?? true }
        return (["glance", command.name] + kept.map { shellQuoted($0.text) }).joined(separator: " ")
    }

    // MARK: Reading the arguments

    private mutating func take(_ arguments: ArraySlice<String>) throws(CommandError) {
        var rest = arguments
        var hasOptions = true
        while let argument = rest.popFirst() {
            if hasOptions, argument == "--" {
                hasOptions = false
                typed.append((argument, nil))
            } else if hasOptions, argument.hasPrefix("--") {
                typed.append((argument, nil))
                try takeLong(argument.dropFirst(2), &rest)
            } else if hasOptions, argument.hasPrefix("-"), argument != "-" {
                typed.append((argument, nil))
                try takeLetters(argument.dropFirst(), &rest)
            } else {
                typed.append((argument, operands.count))
                operands.append(argument)
            }
        }
        if values[.help] == nil { try checkOperands() }
    }

    private mutating func takeLong(_ text: Substring, _ rest: inout ArraySlice<String>) throws(CommandError) {
        let halves = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard let option = command.allOptions.first(where: { $0.name.rawValue == halves[0] }) else {
            let known = command.allOptions.map { "--\($0.name.rawValue)" }
            throw .usage(unknown("--\(halves[0])", "option", of: known, see: "glance \(command.name) --help"))
        }
        try take(option, attached: halves.count == 2 ? String(halves[1]) : nil, &rest)
    }

    /// `-q`, `-qo FILE`, `-oFILE`.
    private mutating func takeLetters(_ text: Substring, _ rest: inout ArraySlice<String>) throws(CommandError) {
        var letters = text
        while let letter = letters.popFirst() {
            guard let option = command.allOptions.first(where: { $0.letter == letter }) else {
                throw .usage("there is no option “-\(letter)”: see glance \(command.name) --help")
            }
            if option.placeholder == nil {
                try take(option, attached: nil, &rest)
            } else {
                return try take(option, attached: letters.isEmpty ? nil : String(letters), &rest)
            }
        }
    }

    private mutating func take(
        _ option: Option, attached: String?, _ rest: inout ArraySlice<String>
    ) throws(CommandError) {
        let name = "--\(option.name.rawValue)"
        guard let placeholder = option.placeholder else {
            guard attached == nil else { throw .usage("\(name) takes no value") }
            values[option.name, default: []].append("")
            return
        }
        let next = attached == nil ? rest.popFirst() : nil
        guard let value = attached ?? next else { throw .usage("\(name) takes a value: \(name) \(placeholder)") }
        if let next { typed.append((next, nil)) }
        if let problem = option.problem(with: value) { throw .usage("\(name): \(problem)") }
        values[option.name, default: []].append(value)
    }

    private func checkOperands() throws(CommandError) {
        let needed = command.operands.count { !$0.isOptional }
        guard operands.count >= needed else {
            throw .usage("\(command.operands[operands.count].name) is missing: \(command.synopsis)")
        }
        guard operands.count <= command.operands.count || command.operands.last?.repeats == true else {
            throw .usage("“\(operands[command.operands.count])” is too much: \(command.synopsis)")
        }
    }
}

/// A word of a shell's command line.
func shellQuoted(_ text: String) -> String {
    let plain = text.utf8.allSatisfy { byte in
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
            || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || "-_./:=@%+,".utf8.contains(byte)
    }
    return plain && !text.isEmpty ? text : "'\(text.replacing("'", with: "'\\''"))'"
}

/// What to say of a word that is none of `known`, with the one that was probably meant.
func unknown(_ text: String, _ what: String, of known: [String], see place: String) -> String {
    let near = known.map { ($0, distance(text, $0)) }.min { $0.1 < $1.1 }
    let guess = near.flatMap { $0.1 <= max(1, $0.0.count / 3) ? ". Did you mean \($0.0)?" : nil } ?? ""
    return "there is no \(what) “\(text)”\(guess.isEmpty ? ": see \(place)" : guess)"
}

/// Letters to change, add or leave out, to make one word the other (Levenshtein).
private func distance(_ one: String, _ other: String) -> Int {
    let letters = Array(other)
    var row = Array(0...letters.count)
    for (place, letter) in one.enumerated() {
        var corner = row[0]
        row[0] = place + 1
        for (index, candidate) in letters.enumerated() {
            let cost = min(row[index] + 1, row[index + 1] + 1, corner + (letter == candidate ? 0 : 1))
            corner = row[index + 1]
            row[index + 1] = cost
        }
    }
    return row[letters.count]
}
