import Glibc

/// The command as a whole: from arguments to an exit status.
enum Program {
    static let version = "1.0.0"

    static func run(_ arguments: [String], environment: [String: String]) -> Int32 {
        let console = Console(environment: environment)
        do throws(CommandError) {
            try run(arguments, console, environment)
            try console.flush()
            return ExitStatus.done.rawValue
        } catch {
            return end(console, error)
        }
    }

    private static func run(
        _ arguments: [String], _ console: Console, _ environment: [String: String]
    ) throws(CommandError) {
        let (name, rest) = try split(arguments, console)
        let command = try Command.named(name)
        let invocation = try Invocation(command, rest, console: console, environment: environment)
        if invocation.has(.help) {
            try console.print(HelpText.of(command))
        } else {
            try command.run(invocation)
        }
    }

    /// The command's name and what was given to it; options of every command may come before its name.
    private static func split(
        _ arguments: [String], _ console: Console
    ) throws(CommandError) -> (name: String, rest: ArraySlice<String>) {
        var rest = arguments[...]
        var before: [String] = []
        while let argument = rest.popFirst() {
            switch argument {
            case "--help", "-h": return ("help", rest)
            case "--version", "-V": return ("version", rest)
            case let name where !name.hasPrefix("-"): return (name, (before + rest)[...])
            default:
                before.append(argument)
                guard
                    let setting = ClientSetting.all.first(where: { argument.hasPrefix("--\($0.option.name.rawValue)") })
                else { throw .usage("there is no option “\(argument)” before a command: see glance help") }
                if argument == "--\(setting.option.name.rawValue)", let value = rest.popFirst() { before.append(value) }
            }
        }
        writeToStandardError("\(HelpText.short)\n")
        throw .told(.usage)
    }

    private static func end(_ console: Console, _ error: CommandError) -> Int32 {
        if case .outputClosed = error { return 128 + SIGPIPE }
        // What is known before the error is data all the same.
        do throws(CommandError) { try console.flush() } catch { return error.status.rawValue }
        if let line = error.line(server: console.server) { console.complain(line) }
        return error.status.rawValue
    }
}
