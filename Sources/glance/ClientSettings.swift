import Glibc
import SettingsText

/// The settings as they were given.
struct ClientSettings {
    private var given: [Option.Name: String] = [:]
    /// Read from the configuration file, which is not as near as the others.
    private var fromFile: Set<Option.Name> = []
    private let home: String?

    /// Where the configuration file is; nil where there is no home.
    static func path(_ environment: [String: String]) -> String? {
        if let place = environment["XDG_CONFIG_HOME"], place.hasPrefix("/") { return "\(place)/glance/config" }
        return environment["HOME"].map { "\($0)/.config/glance/config" }
    }

    init(_ invocation: Invocation) throws(CommandError) {
        let environment = invocation.environment
        var file: String?
        if let path = Self.path(environment), access(path, F_OK) == 0 {
            file = try settingsText { () throws(SettingsError) in try SettingsLine.read(path, "configuration file") }
        }
        try self.init(
            options: { invocation[$0] }, environment: environment, file: file,
            named: Self.path(environment) ?? "")
    }

    init(
        options: (Option.Name) -> String?, environment: [String: String], file: String?, named path: String = "config"
    ) throws(CommandError) {
        home = environment["HOME"]
        if let file { try take(file, named: path) }
        let fileURL = url
        for setting in ClientSetting.all {
            let name = setting.option.name
            let variable = environment[setting.variable].flatMap { $0.isEmpty ? nil : $0 }
            guard let value = options(name) ?? variable else { continue }
            given[name] = value
            fromFile.remove(name)
        }
        // Whoever asks another server than the file's is not to show it the file's password.
        if fileURL != url {
            for name in [Option.Name.user, .passwordFile] where fromFile.contains(name) { given[name] = nil }
        }
    }

    private mutating func take(_ text: String, named path: String) throws(CommandError) {
        let lines = try settingsText { () throws(SettingsError) in try SettingsLine.all(in: text, named: path) }
        for line in lines {
            guard let setting = ClientSetting.all.first(where: { $0.key == line.key }) else {
                let known = ClientSetting.all.map(\.key).joined(separator: ", ")
                throw .usage("\(line.place): there is no setting “\(line.key)”: it takes \(known)")
            }
            given[setting.option.name] = line.value
            fromFile.insert(setting.option.name)
        }
    }

    subscript(_ name: Option.Name) -> String? { given[name] }

    var url: String { given[.url] ?? ClientSetting.standardURL }

    /// The netrc file: the one that was named, which has to be there, or the one at home, which need not.
    var netrc: (path: String, isNamed: Bool)? {
        if let path = given[.netrc] { return (expanded(path), true) }
        return home.map { ("\($0)/.netrc", false) }
    }

    var passwordFile: String? { given[.passwordFile].map(expanded) }
    var caFile: String? { given[.caFile].map(expanded) }

    /// In a file nobody expands `~`.
    private func expanded(_ path: String) -> String {
        guard path.hasPrefix("~/"), let home else { return path }
        return home + path.dropFirst(1)
    }
}

func settingsText<Value>(_ body: () throws(SettingsError) -> Value) throws(CommandError) -> Value {
    do throws(SettingsError) { return try body() } catch { throw .usage(error.description) }
}
