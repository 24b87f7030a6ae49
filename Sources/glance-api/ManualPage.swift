/// glance-api(8), in the language of man(7), from the table of settings.
enum ManualPage {
    static var text: String {
        """
        .TH GLANCE\\-API 8 "" Glance "System administration"
        .SH NAME
        glance\\-api \\- serve virtual machine images behind nginx
        .SH SYNOPSIS
        .nf
        \(synopsis)
        .fi
        .SH DESCRIPTION
        .B glance\\-api
        keeps virtual machine images and tells what they are. nginx listens for HTTP, sends image files, and hands the rest
        over SCGI to this service.
        .SH COMMANDS
        \(commands.map { entry($0.name, $0.meaning) }.joined())\
        .SH SIGNALS
        \(signals.map { entry($0.name, $0.meaning) }.joined())\
        .SH SETTINGS
        \(line(origin))
        \(Setting.all.map { entry("`\($0.key)` = \($0.standard)", "\($0.meaning) It takes \($0.takes).") }.joined())\
        .SH EXIT STATUS
        \(line("0 after TERM or INT; 1 when something failed; 64 for a wrong command line; 78 for wrong settings."))
        .SH FILES
        \(files.map { entry($0.name, $0.meaning) }.joined())\
        .SH SEE ALSO
        .BR nginx (8),
        .BR systemd.service (5)

        """
    }

    private static let synopsis = [
        "glance-api [serve] [--config FILE] [--SETTING VALUE]…", "glance-api check [--config FILE] [--SETTING VALUE]…",
        "glance-api doctor [--nginx FILE] [--json] [--config FILE] [--SETTING VALUE]…",
        "glance-api fsck [--verify] [--repair] [--delete] [--json] [--config FILE] [--SETTING VALUE]…",
        "glance-api backup DIR [--verify] [--config FILE] [--SETTING VALUE]…",
        "glance-api restore DIR [--config FILE] [--SETTING VALUE]…",
        "glance-api settings --list | --sample | --markdown | --man", "glance-api help",
    ].map(escaped).joined(separator: "\n")

    private static let commands: [(name: String, meaning: String)] = [
        ("`serve`", "Serves until TERM or INT, in the foreground, and logs to standard error."),
        (
            "`check`",
            "Looks at settings, libraries, registry and stores. Makes the registry and the directory of images where they are missing, as `serve` does."
        ),
        (
            "`doctor`",
            "Looks at everything that the service needs, nginx's configuration too: what is wrong, why that matters, what to do. Changes nothing. Exit status 1 where there is a problem."
        ),
        (
            "`fsck`",
            "Compares registry and stores in both directions, while the service runs. `--verify` reads every image, `--repair` marks damaged ones in the registry, `--delete` removes bytes that nothing names. Exit status 1 where something is wrong and was not put right."
        ),
        (
            "`backup`",
            "Copies registry and images to a directory, while the service runs; what is there already stays. `--verify` reads every image of the copy."
        ),
        ("`restore`", "Makes a site of such a copy, where there is none."),
        ("`settings`", "Prints every setting: the names, a sample file, a page of documentation, or this page."),
        ("`help`", "Prints a short help."),
    ]

    private static let signals: [(name: String, meaning: String)] = [
        ("`TERM`, `INT`", "Accepts nothing more, ends what is in hand, and ends."),
        (
            "`HUP`",
            "Goes on with the settings and the program as they are by now, on the same socket and as the same process, and turns nobody away. Where these could not start, it logs why and goes on as before."
        ),
    ]

    private static let origin = """
        A setting comes from the flag `--setting VALUE`, else from the variable `GLANCE_API_SETTING` of the environment, \
        else from the line `setting = VALUE` of the configuration file, else from its default, which stands here.
        """

    private static let files: [(name: String, meaning: String)] = [
        (
            "`\(Command.configurationPath)`",
            "The configuration, where `--config` and `GLANCE_API_CONFIG` name no other."
        ),
        ("`/var/lib/glance`", "The registry, and the images of the file store."),
        ("`/run/glance/glance-api.sock`", "Where nginx finds this service."),
    ]

    private static func entry(_ name: String, _ meaning: String) -> String {
        ".TP\n\(line(name))\n\(line(meaning))\n"
    }

    /// One line of text. What stands between back quotes is bold.
    private static func line(_ text: String) -> String {
        let pieces = text.split(separator: "`", omittingEmptySubsequences: false).enumerated()
        return pieces.map { $0.isMultiple(of: 2) ? escaped(String($1)) : "\\fB\(escaped(String($1)))\\fR" }.joined()
    }

    /// `\&` keeps a dot at the start of a line from being a command.
    private static func escaped(_ text: String) -> String {
        let plain = text.replacing("\\", with: "\\e").replacing("-", with: "\\-")
        return plain.hasPrefix(".") || plain.hasPrefix("'") ? "\\&\(plain)" : plain
    }
}
