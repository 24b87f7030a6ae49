import Bytes
import GlanceModel
import GlanceWire
import Glibc
import SettingsText

/// The command line: what to do, and with which settings.
enum Command {
    static let configurationPath = "/etc/glance/glance-api.conf"

    private static let exitFailure: Int32 = 1
    private static let exitUsage: Int32 = 64
    private static let exitConfiguration: Int32 = 78

    /// Does what the arguments say and returns the exit status.
    static func run(_ arguments: [String]) -> Int32 {
        var rest = arguments[...]
        let name = rest.first.flatMap { $0.hasPrefix("--") ? nil : $0 } ?? "serve"
        if rest.first == name { rest = rest.dropFirst() }
        if name == "help" || arguments.contains("--help") { return say(SettingsDocuments.help) }
        // What this program makes is for its own user and the gateway's group.
        umask(0o027)
        // Keys of stores are in memory, and memory is not for files. Children inherit it.
        var noCore = rlimit(rlim_cur: 0, rlim_max: 0)
        getrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &noCore)
        noCore.rlim_cur = 0
        setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &noCore)
        do {
            switch name {
            case "serve":
                return try Serving(try Settings(sources(Array(rest))), arguments: Array(rest)).run()
            // As far as a start goes without the socket: for a supervisor that is to be replaced.
            case "trial":
                try Assembly(try Settings(sources(Array(rest)))).prepare()
                return 0
            case "check": return try check(Settings(sources(Array(rest))))
            case "fsck":
                let flags = Self.take(FsckCommand.flags, from: &rest)
                return try FsckCommand(Settings(sources(Array(rest))), flags: flags).run()
            case "backup":
                let flags = Self.take(BackupCommand.flags, from: &rest)
                let directory = try Self.directory(from: &rest)
                return try BackupCommand(Settings(sources(Array(rest))), directory: directory, flags: flags).run()
            case "restore":
                let directory = try Self.directory(from: &rest)
                return try RestoreCommand(Settings(sources(Array(rest))), directory: directory).run()
            case "doctor":
                let flags = Self.take(DoctorCommand.flags, from: &rest)
                let file = try Self.takeValue(of: "--nginx", from: &rest)
                return DoctorCommand(flags: flags, nginxFile: file).run { try Settings(sources(Array(rest))) }
            case "settings": return settings(Array(rest))
            case "registry":
                guard rest.first == "copy" else {
                    return refuse("registry takes copy --from URL --to URL", exitUsage)
                }
                let command = try RegistryCommand(Array(rest.dropFirst()))
                return say(try command.run { writeToStandardError(Array("\($0) images are copied\n".utf8)) })
            case "worker": return try WorkerMain(Array(rest)).run()
            case "janitor": return try JanitorMain().run()
            default: return refuse("there is no command “\(name)”: see glance-api help", exitUsage)
            }
        } catch let error as SettingsError {
            return refuse(error.description, exitConfiguration)
        } catch let failure as Failure {
            return refuse(failure.operatorReason ?? failure.message, exitFailure)
        } catch {
            return refuse("\(error)", exitFailure)
        }
    }

    /// Takes those of `flags` out of `arguments` that are there.
    private static func take(_ flags: [String], from arguments: inout ArraySlice<String>) -> [String] {
        defer { arguments.removeAll { flags.contains($0) } }
        return arguments.filter { flags.contains($0) }
    }

    /// Takes the directory that a command is about, its first argument.
    private static func directory(from arguments: inout ArraySlice<String>) throws(SettingsError) -> String {
        guard let path = arguments.popFirst(), !path.hasPrefix("-"), !path.isEmpty else {
            throw SettingsError(place: "command line", problem: "a directory is missing: see glance-api help")
        }
        return path
    }

    private static func sources(_ arguments: [String]) throws(SettingsError) -> SettingsSources {
        var flags = arguments[...]
        let path =
            try takeValue(of: "--config", from: &flags)
            ?? environmentVariables()["\(SettingsSources.environmentPrefix)CONFIG"]
        var sources = SettingsSources()
        if let path = path ?? standardPath {
            try sources.take(file: SettingsLine.read(path, "configuration file"), named: path)
        }
        try sources.take(environment: environmentVariables())
        try sources.take(flags: Array(flags))
        return sources
    }

    /// Takes `--flag VALUE` or `--flag=VALUE` out of `arguments`; nil where it is not there.
    private static func takeValue(
        of name: String, from arguments: inout ArraySlice<String>
    ) throws(SettingsError) -> String? {
        guard let index = arguments.firstIndex(where: { $0 == name || $0.hasPrefix("\(name)=") }) else { return nil }
        let flag = arguments.remove(at: index)
        if let equals = flag.firstIndex(of: "=") { return String(flag[flag.index(after: equals)...]) }
        guard index < arguments.endIndex else { throw SettingsError(place: flag, problem: "its value is missing") }
        return arguments.remove(at: index)
    }

    private static var standardPath: String? {
        access(configurationPath, F_OK) == 0 ? configurationPath : nil
    }

    private static func check(_ settings: Settings) throws -> Int32 {
        try Assembly(settings).prepare()
        let images = try Assembly(settings).images(transfers: TransferSlots(max: 1))
        let problems = Readiness(images: images, freeBytesMin: settings.freeBytesMin).problems
        guard problems.isEmpty else { return refuse(problems.joined(separator: "\n"), exitFailure) }
        return say("All is well: settings, libraries, registry and stores.\n")
    }

    private static func settings(_ arguments: [String]) -> Int32 {
        switch arguments {
        case ["--list"]: say(SettingsDocuments.list)
        case ["--sample"]: say(SettingsDocuments.sample)
        case ["--markdown"]: say(SettingsDocuments.markdown)
        case ["--man"]: say(ManualPage.text)
        default: refuse("settings takes one of --list, --sample, --markdown, --man", exitUsage)
        }
    }

    private static func say(_ text: String) -> Int32 {
        print(text, terminator: "")
        return 0
    }

    private static func refuse(_ reason: String, _ status: Int32) -> Int32 {
        writeToStandardError(Array("glance-api: \(reason)\n".utf8))
        return status
    }
}
