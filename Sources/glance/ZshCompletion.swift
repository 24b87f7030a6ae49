/// `glance completion zsh`, made from the table of commands.
enum ZshCompletion {
    static var text: String {
        """
        #compdef glance
        # Completion of glance for zsh. Made by glance completion zsh.
        _glance() {
            local -a commands
            commands=(
        \(Command.all.map { "        \(quoted("\($0.name):\($0.summary)"))" }.joined(separator: "\n"))
            )
            local context state line
            _arguments -C '1:command:->command' '*::argument:->argument'
            case $state in
            command) _describe command commands ;;
            argument)
                case $words[1] in
        \(Command.all.map(arguments).joined(separator: "\n"))
                esac
                ;;
            esac
        }
        if [[ $funcstack[1] == _glance ]]; then
            _glance "$@"
        else
            compdef _glance glance
        fi
        """
    }

    private static func arguments(_ command: Command) -> String {
        let options = command.allOptions.flatMap { option in
            (option.letter.map { ["-\($0)"] } ?? []).map { spec($0, option) }
                + [spec("--\(option.name.rawValue)", option)]
        }
        let operands = command.operands.enumerated().map { place, operand in
            let position = operand.repeats ? "*" : "\(place + 1)"
            return quoted("\(position):\(operand.name):\(action(operand))")
        }
        let all = (options + operands).map { "                \($0)" }.joined(separator: " \\\n")
        return "        \(command.name))\n            _arguments -s \\\n\(all)\n            ;;"
    }

    private static func spec(_ spelling: String, _ option: Option) -> String {
        // A bracket would end the description.
        let meaning = option.meaning.replacing("[", with: "(").replacing("]", with: ")").replacing(":", with: "\\:")
        let value = option.placeholder.map { ":\($0.replacing(":", with: " ")):\(action(option.value))" } ?? ""
        return quoted("*\(spelling)[\(meaning)]\(value)")
    }

    private static func action(_ value: Option.Value) -> String {
        switch value {
        case .choice(let choices): "(\(choices.joined(separator: " ")))"
        case .file: "_files"
        case .none, .text, .bytes, .number, .pair: ""
        }
    }

    private static func action(_ operand: Command.Operand) -> String {
        switch operand.kind {
        case .image: ""
        case .file: "_files"
        case .choice(let choices): "(\(choices.joined(separator: " ")))"
        case .command: "(\(Command.all.map(\.name).joined(separator: " ")))"
        }
    }

    private static func quoted(_ text: String) -> String { "'\(text.replacing("'", with: "'\\''"))'" }
}
