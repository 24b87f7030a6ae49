/// docs/glance.1: the manual page (man(7)), made from the table of commands.
enum ManualPage {
    static var text: String {
        let lines =
            [
                ".\\\" Made by glance help --man from the table of commands; a test fails when the two differ.",
                ".TH GLANCE 1 \"\" \"glance \(Program.version)\" \"Glance\"", ".SH NAME",
                "glance \\- keeps, finds and fetches virtual machine images", ".SH SYNOPSIS",
                ".B glance", ".I COMMAND", "[OPTION]... [ARGUMENT]...", ".SH DESCRIPTION",
                "Asks a server that speaks the API of Glance. Data go to standard output, everything else to standard error.",
                ".SH COMMANDS",
            ] + Command.all.flatMap(section)
            + [".SH OPTIONS OF EVERY COMMAND THAT ASKS A SERVER"] + options(ClientSetting.all.map(\.option))
            + [".SH ENVIRONMENT AND FILES"]
            + ClientSetting.all.flatMap { setting in
                term(
                    bold(setting.variable),
                    "As --\(setting.option.name.rawValue), which comes before it. In ~/.config/glance/config: the line \(setting.key) = …, which comes after it."
                )
            }
            + MarkdownPage.otherVariables.flatMap { term(bold($0.name), $0.meaning) }
            + [".SH EXIT STATUS"]
            + MarkdownPage.statuses.flatMap { term(bold($0.number), $0.meaning) }
        return lines.joined(separator: "\n")
    }

    private static func section(_ command: Command) -> [String] {
        [".SS \"\(escaped(command.synopsis))\"", plain(command.summary)]
            + command.details.flatMap { [".PP", plain($0)] } + options(command.options)
            + (command.examples.isEmpty ? [] : [".PP", ".nf"] + command.examples.map { plain("    \($0)") } + [".fi"])
    }

    private static func options(_ options: [Option]) -> [String] {
        options.flatMap { term(bold($0.spelling), $0.meaning) }
    }

    private static func term(_ name: String, _ meaning: String) -> [String] {
        [".TP", name, plain(meaning)]
    }

    private static func bold(_ text: String) -> String { "\\fB\(escaped(text))\\fR" }

    /// A line of text: one that begins with a dot or a quote would be a request.
    private static func plain(_ text: String) -> String {
        let text = escaped(text)
        return text.hasPrefix(".") || text.hasPrefix("'") ? "\\&\(text)" : text
    }

    private static func escaped(_ text: String) -> String {
        let signs: [Character: String] = [
            "\\": "\\e", "-": "\\-", "“": "\\(lq", "”": "\\(rq", "…": "...", "~": "\\(ti", "'": "\\(aq", "\"": "\\(dq",
            "^": "\\(ha", "`": "\\(ga",
        ]
        return text.map { signs[$0] ?? String($0) }.joined()
    }
}
