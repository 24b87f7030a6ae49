import GlanceModel
import GlanceRegistry
import SettingsText

/// `glance-api registry copy --from URL --to URL`: moves all records from one registry to another.
struct RegistryCommand {
    private let source: RegistrySetting
    private let destination: RegistrySetting
    private let settings: Settings

    /// What follows `registry copy`. Further flags are settings, for those who have to wait longer for a registry.
    init(_ arguments: [String]) throws(SettingsError) {
        var rest = arguments
        source = try Self.take("--from", from: &rest)
        destination = try Self.take("--to", from: &rest)
        var sources = SettingsSources()
        try sources.take(flags: rest)
        settings = try Settings(sources)
        guard source != destination else {
            throw SettingsError(place: "--to", problem: "it is the registry that --from names")
        }
    }

    private static func take(_ flag: String, from arguments: inout [String]) throws(SettingsError) -> RegistrySetting {
        guard let place = arguments.firstIndex(of: flag), place + 1 < arguments.count else {
            throw SettingsError(place: flag, problem: "it is missing: registry copy --from URL --to URL")
        }
        guard let registry = RegistrySetting(arguments[place + 1]) else {
            throw SettingsError(place: flag, problem: "it takes \(RegistrySetting.forms)")
        }
        if case .remote = registry {
            throw SettingsError(
                place: flag, problem: "records are copied between databases, and this is another service")
        }
        arguments.removeSubrange(place...(place + 1))
        return registry
    }

    /// Gives what to say at the end; `progress` is told how many images have been copied.
    func run(progress: @escaping (Int) -> Void) throws(Failure) -> String {
        // One that is not there is not made by asking it.
        _ = try source.database(settings).siteID()
        _ = try destination.database(settings)
        try source.prepare(settings)
        try destination.prepare(settings)
        let copy = RegistryCopy(
            from: try source.database(settings), to: try destination.database(settings), progress: progress)
        let contents = try copy.run()
        return """
            from             \(source.description)
            to               \(destination.description)
            images           \(contents.images)
            properties       \(contents.properties)
            spent numbers    \(contents.spentIDs)
            bytes to delete  \(contents.bytesToDelete)
            last number      \(contents.lastNumber)
            sha256           \(contents.digest)
            Both are the same. Now set registry to the second, and start.

            """
    }
}
