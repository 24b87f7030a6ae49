/// One command: everything that the parser, the help, the man page, the completions and docs/cli.md know of it.
struct Command: Sendable {
    /// What stands between the options.
    struct Operand {
        enum Kind {
            case image, file
            case choice([String])
            case command
        }

        let name: String
        let kind: Kind
        var isOptional = false
        var repeats = false

        var text: String {
            let text = repeats ? "\(name)..." : name
            return isOptional ? "[\(text)]" : text
        }
    }

    let name: String
    let summary: String
    let operands: [Operand]
    /// Its own; `allOptions` has those of every command too.
    let options: [Option]
    /// Paragraphs.
    let details: [String]
    let examples: [String]
    /// Whether it asks a server.
    let isRemote: Bool
    let run: @Sendable (Invocation) throws(CommandError) -> Void

    init(
        _ name: String, _ summary: String, _ operands: [Operand] = [], _ options: [Option] = [], details: [String] = [],
        examples: [String] = [], isRemote: Bool = true,
        run: @escaping @Sendable (Invocation) throws(CommandError) -> Void
    ) {
        self.name = name
        self.summary = summary
        self.operands = operands
        self.options = options
        self.details = details
        self.examples = examples
        self.isRemote = isRemote
        self.run = run
    }

    var allOptions: [Option] { options + (isRemote ? ClientSetting.all.map(\.option) : []) + [.help] }

    var synopsis: String {
        (["glance", name] + operands.map(\.text) + (options.isEmpty && !isRemote ? [] : ["[OPTION]..."]))
            .joined(separator: " ")
    }
}

extension Command {
    /// In the order in which a new user may want them.
    static let all: [Command] = [
        .list, .show, .add, .get, .update, .delete, .verify, .completion, .help, .version,
    ]

    static func named(_ name: String) throws(CommandError) -> Command {
        guard let command = all.first(where: { $0.name == name }) else {
            throw .usage(unknown(name, "command", of: all.map(\.name), see: "glance help"))
        }
        return command
    }
}
