import SettingsText

/// Gathers settings from where they can be given: flag over environment over file over default.
struct SettingsSources {
    /// Values by key, each with the place that it comes from.
    private(set) var values: [String: (value: String, place: String)] = [:]

    static let environmentPrefix = "GLANCE_API_"

    init() {
        for setting in Setting.all { values[setting.key] = (setting.standard, "default") }
    }

    mutating func take(_ key: String, _ value: String, from place: String) throws(SettingsError) {
        guard let setting = Setting.all.first(where: { $0.key == key }) else {
            throw SettingsError(place: place, problem: "there is no setting “\(key)”: see glance-api help")
        }
        if let problem = setting.problem(with: value) {
            throw SettingsError(place: place, problem: "\(key): \(problem)")
        }
        values[key] = (value, place)
    }

    mutating func take(file text: String, named name: String) throws(SettingsError) {
        for line in try SettingsLine.all(in: text, named: name) { try take(line.key, line.value, from: line.place) }
    }

    mutating func take(environment: [String: String]) throws(SettingsError) {
        for (name, value) in environment.sorted(by: { $0.key < $1.key }) where name.hasPrefix(Self.environmentPrefix) {
            let key = name.dropFirst(Self.environmentPrefix.count).lowercased()
            if key != "config" { try take(key, value, from: name) }
        }
    }

    /// `--key value` or `--key=value`, with `-` or `_` within the key.
    mutating func take(flags: [String]) throws(SettingsError) {
        var rest = flags[...]
        while let flag = rest.popFirst() {
            guard flag.hasPrefix("--") else {
                throw SettingsError(place: flag, problem: "it is no option: see glance-api help")
            }
            let halves = flag.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let key = String(halves[0].map { $0 == "-" ? "_" : $0 })
            guard let value = halves.count == 2 ? String(halves[1]) : rest.popFirst() else {
                throw SettingsError(place: flag, problem: "its value is missing")
            }
            try take(key, value, from: "--\(halves[0])")
        }
    }
}
