/// `glance completion bash`, made from the table of commands.
enum BashCompletion {
    static var text: String {
        """
        # Completion of glance for bash. Made by glance completion bash.
        _glance() {
            local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command= word
            COMPREPLY=()
            for word in "${COMP_WORDS[@]:1:COMP_CWORD - 1}"; do
                case $word in
                \(Command.all.map(\.name).joined(separator: " | "))) command=$word && break ;;
                esac
            done
            # --type=kernel comes as three words.
            [[ $current != = ]] || current=
            [[ $previous != = ]] || previous=${COMP_WORDS[COMP_CWORD - 2]}
            case $command:$previous in
        \((Command.all.flatMap(values) + ClientSetting.all.compactMap { value($0.option, of: "*") }).joined(separator: "\n"))
            esac
            case $command:$current in
            :*) \(reply("-W '\((Command.all.map(\.name) + ["--help", "--version"]).joined(separator: " "))'")) ;;
        \(Command.all.map(words).joined(separator: "\n"))
            esac
        }
        complete -F _glance glance
        """
    }

    private static func values(_ command: Command) -> [String] {
        command.options.compactMap { value($0, of: command.name) }
    }

    /// What may follow an option; nil where it takes nothing.
    private static func value(_ option: Option, of command: String) -> String? {
        let letter = option.letter.map { " | \(command):-\($0)" } ?? ""
        let pattern = "    \(command):--\(option.name.rawValue)\(letter))"
        switch option.value {
        case .none: return nil
        case .choice(let choices): return "\(pattern) \(reply("-W '\(choices.joined(separator: " "))'")); return ;;"
        case .file: return "\(pattern) compopt -o filenames 2>/dev/null; \(reply("-f")); return ;;"
        case .text, .bytes, .number, .pair: return "\(pattern) return ;;"
        }
    }

    private static func words(_ command: Command) -> String {
        let options = command.allOptions.flatMap { option in
            ["--\(option.name.rawValue)"] + (option.letter.map { ["-\($0)"] } ?? [])
        }
        let optionLine = "    \(command.name):-*) \(reply("-W '\(options.joined(separator: " "))'")) ;;"
        let operands = command.operands.compactMap { operand -> String? in
            switch operand.kind {
            case .image: nil
            case .file: "compopt -o filenames 2>/dev/null; \(reply("-f"))"
            case .choice(let choices): reply("-W '\(choices.joined(separator: " "))'")
            case .command: reply("-W '\(Command.all.map(\.name).joined(separator: " "))'")
            }
        }
        return ([optionLine] + operands.prefix(1).map { "    \(command.name):*) \($0) ;;" }).joined(separator: "\n")
    }

    private static func reply(_ words: String) -> String {
        "mapfile -t COMPREPLY < <(compgen \(words) -- \"$current\")"
    }
}
