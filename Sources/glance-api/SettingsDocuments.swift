/// The texts that are made from the table of settings.
enum SettingsDocuments {
    /// `glance-api help`
    static var help: String {
        """
        glance-api serves virtual machine images behind nginx, over SCGI.

          glance-api [serve]  [--config FILE] [--SETTING VALUE]…   serve until TERM or INT; HUP takes new settings and programs
          glance-api check    [--config FILE] [--SETTING VALUE]…   look at settings, libraries, registry and stores
          glance-api doctor   [--nginx FILE] [--json] [--config FILE] [--SETTING VALUE]…
                              look at those, the host and nginx: what is wrong, why it matters, what to do
          glance-api fsck     [--verify] [--repair] [--delete] [--json] [--config FILE] [--SETTING VALUE]…
                              compare registry and stores; --verify reads every image, --repair marks damaged images in
                              the registry, --delete removes bytes that nothing names
          glance-api backup   DIR [--verify] [--config FILE] [--SETTING VALUE]…
                              copy registry and images while the service runs; what DIR has already stays
          glance-api restore  DIR [--config FILE] [--SETTING VALUE]…
                              make a site of a backup, where there is none
          glance-api registry copy --from URL --to URL             move all records: URL as in the setting registry
          glance-api settings --list | --sample | --markdown | --man   every setting: names, a sample file, documentation
          glance-api help

        A setting comes from --SETTING, else from GLANCE_API_SETTING in the environment, else from the file (FILE, or
        GLANCE_API_CONFIG, or \(Command.configurationPath) if it is there), else from its default. Exit status: 0, 1 when
        something failed, 64 for a wrong command, 78 for wrong settings.

        """ + Setting.all.map { "\n  \($0.key) = \($0.standard)\n      \($0.meaning)\n" }.joined()
    }

    static var list: String {
        Setting.all.map { "\($0.key)\n" }.joined()
    }

    /// A configuration file with every setting at its default.
    static var sample: String {
        "# Settings of glance-api. Each line is at its default: take the # away to change it.\n"
            + Setting.all.map { "\n# \($0.meaning)\n#\($0.key) = \($0.standard)\n" }.joined()
    }

    /// docs/configuration.md
    static var markdown: String {
        """
        # Settings of glance-api

        This page is made from the table in `Sources/glance-api/Setting.swift` by `glance-api settings --markdown`; a test
        fails when the two differ.

        A setting comes from the flag `--setting VALUE`, else from the variable `GLANCE_API_SETTING` of the environment, else
        from the line `setting = VALUE` of the configuration file, else from its default. The file is the one that
        `--config` or `GLANCE_API_CONFIG` names, else `\(Command.configurationPath)` if it is there. An unknown setting, or a
        value that cannot be, stops the start with its `FILE:LINE` and exit status 78. `HUP` makes the service read its
        settings anew without losing a request; `listen` and `group` change with a restart alone.

        | setting | takes | default | what it is for |
        |---|---|---|---|

        """ + Setting.all.map { "| `\($0.key)` | \($0.takes) | \($0.defaultCell) | \($0.meaning) |\n" }.joined()
            + """

            nginx has settings of its own, in `nginx/glance.conf`: the ports, the bound of chunked uploads
            (`client_max_body_size` in the location for them; `deploy/up --set chunked_bytes_max=BYTES`), the time-outs of
            slow clients, how users log in, TLS, how much one client may ask. Each is explained where it stands.

            """
    }
}

extension Setting {
    var takes: String {
        switch kind {
        case .text: "text"
        case .number(let range) where range.upperBound == .max: "a number from \(range.lowerBound)"
        case .number(let range): "a number from \(range.lowerBound) to \(range.upperBound)"
        case .flag: "`true` or `false`"
        case .choices(let choices): choices.map { "`\($0)`" }.joined(separator: " or ")
        case .names(let names): "names out of \(names.map { "`\($0)`" }.joined(separator: ", "))"
        }
    }

    fileprivate var defaultCell: String {
        standard.isEmpty ? "empty" : "`\(standard)`"
    }
}
