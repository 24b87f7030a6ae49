import GlanceClient
import Glibc
import SettingsText
import Sockets

/// The settings, understood and found to go together.
struct Settings: Sendable {
    let listen: SocketAddress
    let group: String
    let workers: Int
    /// Requests that each runs at a time, but for those that block: all of them as many as there are processors.
    let runningMax: Int
    let threadsMax: Int
    let transfersMax: Int
    let clientIdleSecondsMax: Int
    let drainSecondsMax: Int
    let registry: RegistrySetting
    let registryBusySecondsMax: Int
    /// For a registry that is another service; nil where it asks for none.
    let registryCredentials: Credentials?
    /// Certificates that other services are trusted by; nil: the system's.
    let caFile: String?
    /// Of one process.
    let registryConnectionsMax: Int
    let isReadOnly: Bool
    let stores: [String]
    let defaultStore: String
    let fileDirectory: String
    /// Nil where that store is not offered.
    let swift: SwiftSettings?
    let imageBytesMax: Int64
    let headerBytesMax: Int
    let freeBytesMin: Int64
    /// Nil: any number.
    let ownerImagesMax: Int64?
    /// Nil: any number.
    let ownerBytesMax: Int64?
    let leaseSeconds: Int
    let janitorSeconds: Int
    let scrubBytesPerSecond: Int64
    let publicURL: String?
    let hosts: Set<String>
    /// Whether nginx says who asks.
    let asksGateway: Bool
    /// Nil where nginx has nobody's tokens.
    let keystone: KeystoneSettings?
    let open: Bool
    let logLevel: Log.Level
    /// All of it as a configuration file, for the processes that this one starts.
    let text: String

    init(_ sources: SettingsSources) throws(SettingsError) {
        let reader = SettingsReader(sources)
        listen = try reader.address("listen")
        group = reader.text("group")
        let cores = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        workers = reader.int("workers") == 0 ? min(cores, 64) : reader.int("workers")
        runningMax = (cores + workers - 1) / workers
        threadsMax = reader.int("threads_max")
        transfersMax = reader.int("transfers_max")
        clientIdleSecondsMax = reader.int("client_idle_seconds_max")
        drainSecondsMax = reader.int("drain_seconds_max")
        registry = try reader.registry("registry")
        registryBusySecondsMax = reader.int("registry_busy_seconds_max")
        registryCredentials = try reader.credentials("registry_credentials_file")
        caFile = try reader.caFile()
        registryConnectionsMax = reader.int("registry_connections_max")
        isReadOnly = reader.text("read_only") == "true"
        stores = reader.names("stores")
        defaultStore = reader.text("default_store")
        fileDirectory = try reader.absolutePath("file_directory")
        swift = try stores.contains("swift") ? SwiftSettings(reader) : nil
        imageBytesMax = reader.number("image_bytes_max")
        headerBytesMax = reader.int("header_bytes_max")
        freeBytesMin = reader.number("free_bytes_min")
        ownerImagesMax = reader.bound("owner_images_max")
        ownerBytesMax = reader.bound("owner_bytes_max")
        leaseSeconds = reader.int("lease_seconds")
        janitorSeconds = reader.int("janitor_seconds")
        scrubBytesPerSecond = reader.number("scrub_bytes_per_second")
        publicURL = try reader.url("public_url")
        hosts = Set(reader.names("hosts").map { $0.lowercased() })
        asksGateway = reader.text("identity") == "nginx"
        keystone = try asksGateway ? KeystoneSettings(reader) : nil
        open = reader.text("open") == "true"
        logLevel = Log.Level(rawValue: reader.text("log_level")) ?? .info
        text = reader.fileText
        try checkTogether(reader)
    }

    /// Where the processes of this host keep apart that use a registry which cannot do it for them.
    var registryLockPath: String {
        if case .unix(let path) = listen { "\(path).registry" } else { "\(fileDirectory).registry" }
    }

    private func checkQuotas(_ reader: SettingsReader) throws(SettingsError) {
        for key in ["owner_images_max", "owner_bytes_max"] where reader.bound(key) != nil {
            if !asksGateway {
                throw reader.error(key, "it must be 0 with identity = none: images have no owners there")
            }
            if case .remote = registry {
                throw reader.error(
                    key, "it must be 0 where the registry is another service: only a database counts exactly")
            }
        }
        if ownerBytesMax != nil, stores.isEmpty {
            throw reader.error("owner_bytes_max", "it must be 0 without stores: no bytes come in here")
        }
    }

    private func checkTogether(_ reader: SettingsReader) throws(SettingsError) {
        if transfersMax >= threadsMax {
            throw reader.error(
                "transfers_max", "it must be less than threads_max (\(threadsMax)), so that metadata finds a thread")
        }
        if clientIdleSecondsMax * 2 > leaseSeconds {
            throw reader.error(
                "lease_seconds",
                """
                it must be at least twice client_idle_seconds_max (\(clientIdleSecondsMax)), \
                else a slow upload loses its reservation
                """)
        }
        if scrubBytesPerSecond > 0, case .remote = registry {
            throw reader.error(
                "scrub_bytes_per_second",
                "it must be 0 where the registry is another service: damage is marked in a database")
        }
        try checkQuotas(reader)
        if !stores.isEmpty, !stores.contains(defaultStore) {
            throw reader.error(
                "default_store", "“\(defaultStore)” is none of the stores offered (\(stores.joined(separator: ", ")))")
        }
    }
}

/// Takes single values out of the sources, which have checked each one's form already.
struct SettingsReader {
    private let sources: SettingsSources

    init(_ sources: SettingsSources) {
        self.sources = sources
    }

    func text(_ key: String) -> String {
        sources.values[key]?.value ?? ""
    }

    func number(_ key: String) -> Int64 {
        Int64(text(key)) ?? 0
    }

    /// Nil where 0 says that there is none.
    func bound(_ key: String) -> Int64? {
        number(key) == 0 ? nil : number(key)
    }

    func int(_ key: String) -> Int {
        Int(number(key))
    }

    func address(_ key: String) throws(SettingsError) -> SocketAddress {
        guard let address = SocketAddress(text(key)) else {
            throw error(
                key,
                """
                it takes unix:/PATH with a path of at most \(SocketAddress.pathBytesMax) bytes, or tcp:ADDRESS:PORT with a \
                numeric address, not “\(text(key))”
                """)
        }
        return address
    }

    /// What is wrong with it is said without it: there may be a password in it.
    func registry(_ key: String) throws(SettingsError) -> RegistrySetting {
        guard let registry = RegistrySetting(text(key)) else {
            throw error(key, "it takes \(RegistrySetting.forms)")
        }
        return registry
    }

    func absolutePath(_ key: String) throws(SettingsError) -> String {
        var path = text(key)
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        guard path.hasPrefix("/"), path.count > 1 else { throw error(key, "it takes an absolute path, not “\(path)”") }
        return path
    }

    /// Without the slashes at its end; nil when it is empty.
    func url(_ key: String) throws(SettingsError) -> String? {
        var url = text(key)
        guard !url.isEmpty else { return nil }
        while url.hasSuffix("/") { url.removeLast() }
        let isPlain = url.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\"") }
        guard isPlain, url.hasPrefix("http://") || url.hasPrefix("https://"), url.count > "https://".count else {
            throw error(key, "it takes an http or https URL, not “\(url)”")
        }
        return url
    }

    /// What a file of lines `user = …` and `password = …` says; nil where none is named.
    func credentials(_ key: String) throws(SettingsError) -> Credentials? {
        guard !text(key).isEmpty else { return nil }
        let file = try CredentialsFile(absolutePath(key))
        try file.check(["user", "password"])
        guard let credentials = Credentials(user: try file.value("user"), password: try file.value("password")) else {
            throw error(key, "its user has a colon, or one of the two a control character")
        }
        return credentials
    }

    /// Words with blanks between them.
    func names(_ key: String) -> [String] {
        text(key).split(separator: " ").map(String.init)
    }

    func caFile() throws(SettingsError) -> String? {
        text("ca_file").isEmpty ? nil : try absolutePath("ca_file")
    }

    func error(_ key: String, _ problem: String) -> SettingsError {
        SettingsError(place: sources.values[key]?.place ?? key, problem: "\(key): \(problem)")
    }

    var fileText: String {
        Setting.all.map { "\($0.key) = \(text($0.key))\n" }.joined()
    }
}
