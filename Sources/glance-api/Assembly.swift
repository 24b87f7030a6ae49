import Bytes
import GlanceAPI
import GlanceModel
import GlanceRegistry
import GlanceStores
import Glibc
import HTTP
import SCGI

/// Puts the service together from its settings: the one place that knows which registry and which stores there are.
struct Assembly {
    let settings: Settings
    let log: Log
    let surroundings = Surroundings(now: currentTime, uptime: uptimeSeconds, newName: randomName)

    init(_ settings: Settings) {
        self.settings = settings
        log = Log(logsInfo: settings.logsInfo)
    }

    /// Makes the registry if it is new, and ties the stores to it.
    func prepare() throws {
        try refuseLostRegistry()
        try SQLiteRegistry.prepare(
            path: settings.registryPath, busySecondsMax: settings.registryBusySecondsMax, newSite: randomName())
        let registry = try registry()
        let site = try registry.siteID()
        for store in try stores().all { try open(store, site: site, registry) }
    }

    /// A new registry beside a store with images would be the wrong one, and must not even be made.
    private func refuseLostRegistry() throws {
        var status = stat()
        // An empty file is what a start leaves that found the disk full.
        guard stat(settings.registryPath, &status) != 0 || status.st_size == 0 else { return }
        guard settings.stores.contains(StoreName.file.text), let site = try fileStore().site() else { return }
        throw Failure.storeForeign(
            .file,
            reason: """
                \(settings.fileDirectory) belongs to site \(site), and its registry \(settings.registryPath) is not \
                there: restore it from a backup, or set registry and file_directory to a pair that belongs together
                """)
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
        try SQLiteRegistry(path: settings.registryPath, busySecondsMax: settings.registryBusySecondsMax)
    }

    func stores() throws -> StoreSet {
        StoreSet(try settings.stores.map(store(named:)), default: StoreName(settings.defaultStore))
    }

    private func store(named name: String) throws -> any ImageStore {
        guard name == StoreName.swift.text, let swift = settings.swift else { return try fileStore() }
        let registry = try registry()
        var store = SwiftStore.Settings(
            authentication: swift.authentication, credentials: swift.credentials,
            registered: { () throws(Failure) in (try registry.siteID(), try registry.hasImages(in: .swift)) })
        store.container = swift.container
        store.containers = swift.containers
        store.segmentBytes = swift.segmentBytes
        store.client = swift.client
        return try SwiftStore(store, now: currentTime, uptime: uptimeSeconds)
    }

    private func fileStore() throws -> FileStore {
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
        ImageService(
            registry: try registry(), stores: try stores(),
            limits: ImageLimits(imageBytesMax: settings.imageBytesMax, leaseSeconds: settings.leaseSeconds),
            transfers: transfers, surroundings: surroundings)
    }

    func api(_ images: ImageService, metrics: @escaping @Sendable () -> String) -> GlanceAPI {
        var apiSettings = GlanceAPI.Settings()
        apiSettings.publicURL = settings.publicURL
        apiSettings.headerBytesMax = settings.headerBytesMax
        apiSettings.jsonBytesMax = settings.jsonBytesMax
        let (freeBytesMin, log) = (settings.freeBytesMin, log)
        return GlanceAPI(
            images: images, settings: apiSettings,
            operators: OperatorRoutes(
                problems: { Readiness(images: images, freeBytesMin: freeBytesMin).problems }, metrics: metrics),
            authenticate: authenticateNobody(open: settings.open),
            report: { log.error($0.reason, ["request_id": $0.requestID]) })
    }

    /// One that takes the place of another, after HUP or a crash, goes by its name: it need not wait for that one's lock.
    func janitor() throws -> Janitor {
        Janitor(
            registry: try registry(), stores: try stores(), holder: "\(hostName()) \(settings.listen)",
            lockSeconds: max(60, settings.janitorSeconds * 3))
    }

    var exchangeLimits: SCGIExchange.Limits {
        var limits = SCGIExchange.Limits()
        limits.requestSecondsMax = settings.requestSecondsMax
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

func hostName() -> String {
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
