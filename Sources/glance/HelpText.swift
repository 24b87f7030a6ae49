/// The texts of `glance help`, made from the table of commands.
enum HelpText {
    private static let columns = 80

    /// What is said to who types nothing but `glance`.
    static var short: String {
        """
        glance keeps, finds and fetches virtual machine images.

        \(commands)

        glance help says more; glance COMMAND --help says all of one.
        """
    }

    /// `glance help`
    static var whole: String {
        """
        glance keeps, finds and fetches virtual machine images.

        Usage: glance COMMAND [OPTION]... [ARGUMENT]...

        \(commands)

        Options of every command that asks a server:
        \(options(ClientSetting.all.map(\.option)))

        Each of them can be a variable of the environment too, or a line key = value in
        ~/.config/glance/config; the option comes first, then the variable:
        \(rows(ClientSetting.all.map { ("--\($0.option.name.rawValue)", "\($0.variable), \($0.key)") }))

        Exit status:
        \(rows(ExitStatus.allCases.map { ("\($0.rawValue)", $0.meaning) }))

        Add a kernel, find it, look at it, fetch it, remove it:
          glance add vmlinuz-6.1 --public
          glance list --type kernel
          glance show 1
          glance get 1 -o kernel
          glance delete 1

        glance COMMAND --help says all of one command.
        """
    }

    /// `glance COMMAND --help`
    static func of(_ command: Command) -> String {
        var parts = ["Usage: \(command.synopsis)", wrapped(command.summary)]
        parts += command.details.map { wrapped($0) }
        if !command.options.isEmpty { parts.append("Options:\n\(options(command.options + [.help]))") }
        if command.isRemote {
            let names = ClientSetting.all.map { "--\($0.option.name.rawValue)" }.joined(separator: ", ")
            parts.append(wrapped("Where the server is and who asks is said by \(names): see glance help."))
        }
        if !command.examples.isEmpty {
            parts.append("Examples:\n" + command.examples.map { "  \($0)" }.joined(separator: "\n"))
        }
        return parts.joined(separator: "\n\n")
    }

    private static var commands: String {
        "Commands:\n" + rows(Command.all.map { ($0.name, $0.summary) })
    }

    private static func options(_ options: [Option]) -> String {
        rows(options.map { ($0.spelling, $0.meaning) })
    }

    /// Two columns; a left side that is too long has a line of its own.
    private static func rows(_ rows: [(String, String)]) -> String {
        let left = min(24, (rows.map { columnCount($0.0) }.max() ?? 0) + 2)
        return rows.map { name, meaning in
            let lines = wrapped(meaning, columns: columns - left - 2).split(separator: "\n")
            let indent = String(repeating: " ", count: left + 2)
            let isLong = columnCount(name) + 2 > left
            let first = isLong ? "  \(name)\n\(indent)" : "  \(fitted(name, to: left))"
            return first + lines.joined(separator: "\n\(indent)")
        }.joined(separator: "\n")
    }

    private static func wrapped(_ text: String, columns: Int = columns) -> String {
        var lines = [""]
        for word in text.split(separator: " ") {
            let last = lines[lines.count - 1]
            if last.isEmpty {
                lines[lines.count - 1] = String(word)
            } else if columnCount(last) + 1 + columnCount(String(word)) <= columns {
                lines[lines.count - 1] += " \(word)"
            } else {
                lines.append(String(word))
            }
        }
        return lines.joined(separator: "\n")
    }
}

extension Option {
    /// `-o, --output FILE`
    var spelling: String {
        let letter = letter.map { "-\($0), " } ?? ""
        return letter + "--\(name.rawValue)" + (placeholder.map { " \($0)" } ?? "")
    }
}
