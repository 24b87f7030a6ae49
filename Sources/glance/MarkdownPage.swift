/// docs/cli.md, made from the table of commands.
enum MarkdownPage {
    static let statuses: [(number: String, meaning: String)] =
        ExitStatus.allCases.map { ("\($0.rawValue)", $0.meaning) } + [
            ("130, 143", "It was stopped, by ^C or TERM."), ("141", "Nobody read its output any more."),
        ]

    static let otherVariables: [(name: String, meaning: String)] = [
        ("XDG_CONFIG_HOME", "Where the configuration file is: glance/config in it (default: ~/.config)."),
        ("TMPDIR", "Where the image of a pipe is kept until its size is known (default: /var/tmp)."),
        ("NO_COLOR", "Set to anything: no colours, which are for terminals alone anyway."),
        ("COLUMNS", "As wide as tables and the progress line may be on a terminal (default: its own width)."),
    ]

    static var text: String {
        ([opening] + Command.all.map(section) + [settings, exitStatuses]).joined(separator: "\n")
    }

    private static var opening: String {
        """
        # The command `glance`

        This page is made from the table of commands in `Sources/glance` by `glance help --markdown`; a test fails when the
        two differ. So are the manual page ([glance.1](glance.1), by `glance help --man`), the texts of `--help` and the
        completions of bash and zsh (`glance completion`).

        `swift build -c release --product glance --static-swift-stdlib` builds it: one file, `.build/release/glance`, that
        needs libcrypto, and libssl for `https`.

        Data go to standard output, everything else to standard error. On a terminal tables are fitted to its width and a
        transfer of more than a second has a progress line; elsewhere nothing is cut, and nothing is said of progress unless
        `--progress` asks. What a server says is printed without its control characters.

        | command | |
        |---|---|
        \(Command.all.map { "| [`\($0.name)`](#\(anchor($0))) | \(cell($0.summary)) |" }.joined(separator: "\n"))

        """
    }

    private static func anchor(_ command: Command) -> String { "glance-\(command.name)" }

    private static func section(_ command: Command) -> String {
        var parts = ["## glance \(command.name)", "```\n\(command.synopsis)\n```", command.summary]
        parts += command.details
        if !command.options.isEmpty {
            parts.append("| option | |\n|---|---|\n" + command.options.map(row).joined(separator: "\n"))
        }
        if !command.examples.isEmpty { parts.append("```sh\n\(command.examples.joined(separator: "\n"))\n```") }
        return parts.joined(separator: "\n\n") + "\n"
    }

    private static func row(_ option: Option) -> String {
        "| `\(cell(option.spelling))` | \(cell(option.meaning)) |"
    }

    private static var settings: String {
        let rows = ClientSetting.all.map {
            "| `\(cell($0.option.spelling))` | `\($0.variable)` | `\($0.key)` | \(cell($0.option.meaning)) |"
        }
        return """
            ## Where the server is, and who asks

            Every command that asks a server has these. The option comes first, then the variable of the environment, then the
            line `key = value` of the configuration file, `~/.config/glance/config`.

            | option | variable | key | |
            |---|---|---|---|
            \(rows.joined(separator: "\n"))

            A password is never an argument, and never in an error. A netrc entry is used for the host that it names, and for no
            other; `default` for every host that no entry names. The configuration file's `user` and `password_file` are for
            its `url` alone, which without that line is the default one. A file with passwords that others may read is used,
            with a warning. Redirects are not followed.

            \(otherVariables.map { "- `\($0.name)`: \($0.meaning)" }.joined(separator: "\n"))

            """
    }

    private static var exitStatuses: String {
        """
        ## Exit status

        These stay as they are. Each error is one line on standard error: what, why, what to do, and where the server answered
        the id of the request, by which its operator finds it in the logs. Of several images each failure is told, and the
        first decides.

        | status | |
        |---|---|
        \(statuses.map { "| \($0.number) | \($0.meaning) |" }.joined(separator: "\n"))
        """
    }

    /// A bar would end the cell.
    private static func cell(_ text: String) -> String { text.replacing("|", with: "\\|") }
}
