import Bytes
import GlanceAPI
import GlanceModel
import GlanceRegistry
import GlanceStores
import Glibc
import HTTP
import SCGI
import SettingsText

/// Puts the service together from its settings: the one place that knows which registry and which stores there are.
struct Assembly {
    let settings: Settings
    let log: Log
    /// Where what registry and stores do is counted; nil for a command, of which nobody asks.
    private let metrics: Metrics?
    let surroundings = Surroundings(now: currentTime, uptime: uptimeSeconds, newName: randomName)

    init(_ settings: Settings, metrics: Metrics? = nil) {
        self.settings = settings
        self.metrics = metrics
        log = Log(settings.logLevel)
    }

    /// Makes the registry if it is new, and ties the stores to it.
    func prepare() throws {
        try refuseLostRegistry()
        if let notice = try settings.registry.prepare(settings) { log.info(notice) }
        let registry = try registry()
        let site = try registry.siteID()
        guard !RegistryCopy.isUnfinished(site: site) else {
            throw Failure.registryAway(
                reason: "it is an unfinished copy of another one: let glance-api registry copy go on until its end")
        }
        for store in try stores(registry).all { try open(store, site: site, registry) }
        _ = try identityRoute()
    }

    /// A new registry beside a store with images would be the wrong one, and must not even be made.
    func refuseLostRegistry() throws {
        guard case .sqlite(let path) = settings.registry, !isRegistryThere else { return }
        guard settings.stores.contains(StoreName.file.text), let site = try fileStore().site() else { return }
        throw Failure.storeForeign(
            .file,
            reason: """
                \(settings.fileDirectory) belongs to site \(site), and its registry \(path) is not \
                there: restore it from a backup, or set registry and file_directory to a pair that belongs together
                """)
    }

    /// False where a file is still to be made. An empty one is what a start leaves that found the disk full.
    var isRegistryThere: Bool {
        guard case .sqlite(let path) = settings.registry else { return true }
        var status = stat()
        return stat(path, &status) == 0 && status.st_size > 0
    }

    /// A service that other hosts run may be away while this one starts: it is ready when it is back. What is on this host
    /// has to be there.
    private func open(_ store: any ImageStore, site: String, _ registry: any ImageRegistry) throws(Failure) {
        do throws(Failure) {
            try store.open(site: site, holdsImages: registry.hasImages(in: store.name))
        } catch .storeAway(let name, let reason) where store.isRemote {
            log.error(
                "the store \(name) is away, and images in it with it, until it is back: \(reason)")
        }
    }

    func registry() throws(Failure) -> any ImageRegistry {
        let registry = try settings.registry.open(settings)
        return metrics.map { MeasuredRegistry(registry, $0) } ?? registry
    }

    /// The registry as one that can be compared with the stores, counted and marked; nil where it is another service.
    func upkeep() throws(Failure) -> (any UpkeepRegistry)? {
        if case .remote = settings.registry { return nil }
        return try settings.registry.database(settings)
    }

    /// The same, for a command that cannot do without it. Nothing is made or migrated by asking.
    func lookedAfter() throws(Failure) -> any UpkeepRegistry {
        guard let registry = try upkeep() else {
            throw .registryAway(
                reason: "it is another service, \(settings.registry.description): look after its records where they are"
            )
        }
        let schema = try registry.schema()
        guard schema.found == schema.known else {
            throw .registryAway(
                reason: """
                    the database has schema \(schema.found), and this program knows \(schema.known): \
                    \(schema.found < schema.known ? "start the service with this program first" : "use a newer glance-api")
                    """)
        }
        return registry
    }

    /// Those that `registry` has images of: the process's one, so that its connections are all that the process has.
    func stores(_ registry: any ImageRegistry) throws -> StoreSet {
        let stores = try settings.stores.map { try store(named: $0, registry) }
        return StoreSet(
            metrics.map { metrics in stores.map { MeasuredStore($0, metrics) } } ?? stores,
            default: StoreName(settings.defaultStore))
    }

    private func store(named name: String, _ registry: any ImageRegistry) throws -> any ImageStore {
        guard name == StoreName.swift.text, let swift = settings.swift else { return try fileStore() }
        return try swiftStore(swift) { () throws(Failure) in
            (try registry.siteID(), try registry.hasImages(in: .swift))
        }
    }

    func swiftStore(
        _ swift: SwiftSettings, registered: @escaping @Sendable () throws(Failure) -> (site: String, holdsImages: Bool)
    ) throws(Failure) -> SwiftStore {
        var store = SwiftStore.Settings(
            authentication: swift.authentication, credentials: swift.credentials, registered: registered)
        store.container = swift.container
        store.containers = swift.containers
        store.segmentBytes = swift.segmentBytes
        store.client = swift.client
        return try SwiftStore(store, now: currentTime, uptime: uptimeSeconds)
    }

    func fileStore() throws -> FileStore {
        try FileStore(
            FileStore.Settings(
                directory: settings.fileDirectory, gatewayPrefix: "/_glance/images/",
                freeBytesMin: settings.freeBytesMin, groupID: try groupID()))
    }

    /// The group of nginx; nil for this process's own.
    func groupID() throws -> gid_t? {
        guard !settings.group.isEmpty else { return nil }
        guard let entry = getgrnam(settings.group) else {
            throw SettingsError(place: "group", problem: "there is no group “\(settings.group)” on this host")
        }
        return entry.pointee.gr_gid
    }

    func images(transfers: TransferSlots) throws -> ImageService {
        let registry = try registry()
        var limits = ImageLimits(imageBytesMax: settings.imageBytesMax, leaseSeconds: settings.leaseSeconds)
        limits.isReadOnly = settings.isReadOnly
        limits.ownerImagesMax = settings.ownerImagesMax
        limits.ownerBytesMax = settings.ownerBytesMax
        return ImageService(
            registry: registry, stores: try stores(registry), limits: limits, transfers: transfers,
            surroundings: surroundings)
    }

    /// `report` and `audit` take the place of the log.
    func api(
        _ images: ImageService, report: (@Sendable (Report) -> Void)? = nil,
        audit: (@Sendable (Audit) -> Void)? = nil, metrics: @escaping @Sendable () -> String
    ) throws -> GlanceAPI {
        var apiSettings = GlanceAPI.Settings()
        apiSettings.publicURL = settings.publicURL
        apiSettings.hosts = settings.hosts
        apiSettings.headerBytesMax = settings.headerBytesMax
        // What other services say besides, in the records that they keep here, is no user's.
        if settings.stores.isEmpty { apiSettings.headerBytesMax += 4096 }
        if case .remote = settings.registry { apiSettings.keepsRecords = false }
        let (freeBytesMin, log) = (settings.freeBytesMin, log)
        return GlanceAPI(
            images: images, settings: apiSettings,
            operators: OperatorRoutes(
                problems: { Readiness(images: images, freeBytesMin: freeBytesMin).problems }, metrics: metrics),
            authenticate: settings.asksGateway ? authenticateByGateway : authenticateNobody(open: settings.open),
            identityRoute: try identityRoute(),
            report: report ?? { log.error($0.reason, ["request_id": $0.requestID]) },
            audit: audit ?? { log.audit($0) })
    }

    private func identityRoute() throws -> IdentityRoute? {
        try settings.keystone?.route(now: surroundings.now, uptime: surroundings.uptime)
    }

    /// One that takes the place of another, after HUP or a crash, goes by its name: it need not wait for that one's lock.
    func janitor() throws -> Janitor {
        let registry = try registry()
        return Janitor(
            registry: registry, stores: try stores(registry), holder: settings.holder,
            lockSeconds: max(60, settings.janitorSeconds * 3))
    }

    var exchangeLimits: SCGIExchange.Limits {
        var limits = SCGIExchange.Limits()
        limits.idleSecondsMax = settings.clientIdleSecondsMax
        return limits
    }
}

/// Whether the service can do its work just now.
struct Readiness {
    let images: ImageService
    let freeBytesMin: Int64

    /// In words, for the operator; empty when all is well.
    var problems: [String] {
        var problems: [String] = []
        do throws(Failure) {
            _ = try images.registry.siteID()
        } catch {
            problems.append(error.operatorReason ?? "the registry is busy")
        }
        for store in images.stores.all {
            do throws(Failure) {
                try store.check()
                if let free = try store.freeBytes(), free <= freeBytesMin {
                    problems.append(
                        "the store \(store.name) has \(free) bytes free and keeps \(freeBytesMin): uploads are refused")
                }
            } catch {
                problems.append(error.operatorReason ?? "the store \(store.name) failed")
            }
        }
        return problems
    }
}

@Sendable func currentTime() -> Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(seconds: Int64(time.tv_sec))
}

@Sendable func uptimeSeconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec)
}

extension Settings {
    /// This service among those of other hosts. A machine that was cloned has its name from the other one; its
    /// machine-id it gets anew.
    var holder: String {
        [hostName(), machineID(), "\(listen)"].filter { !$0.isEmpty }.joined(separator: " ")
    }
}

/// Empty where the host has none, as in some containers.
private func machineID() -> String {
    let text = try? readText(FileDescriptor(opening: "/etc/machine-id", flags: O_RDONLY), bytesMax: 64)
    return String((text ?? "").prefix { !$0.isWhitespace })
}

private func hostName() -> String {
    var name = [CChar](repeating: 0, count: Int(HOST_NAME_MAX) + 1)
    gethostname(&name, name.count)
    return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// 128 random bits as 32 hexadecimal digits.
@Sendable func randomName() -> String {
    (0..<2).map { _ in
        let digits = String(UInt64.random(in: .min ... .max), radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
}

extension Log {
    fileprivate func audit(_ line: Audit) {
        audit(
            line.action.rawValue,
            [
                "request_id": line.requestID, "by": line.role, "user": line.identity?.ownerName ?? "",
                "image": line.image, "status": String(line.status.code),
            ])
    }
}
