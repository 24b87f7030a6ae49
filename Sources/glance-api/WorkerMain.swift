import Bytes
import GlanceModel
import Glibc
import SettingsText
import Sockets
import Workers

/// The settings that the supervisor handed over.
func inheritedSettings() throws -> Settings {
    guard fcntl(ChildDescriptor.settings, F_GETFD) >= 0 else { throw onlyBySupervisor }
    let file = FileDescriptor(owning: ChildDescriptor.settings)
    var sources = SettingsSources()
    try sources.take(file: readText(file, bytesMax: 1 << 20), named: "settings of the supervisor")
    return try Settings(sources)
}

let onlyBySupervisor = SettingsError(
    place: "worker, janitor", problem: "only a supervisor starts these: run glance-api serve")

/// In lists of processes a program that was started as /proc/self/exe would be `exe`. Nothing depends on it.
func goByOwnName() {
    _ = try? FileDescriptor(opening: "/proc/self/comm", flags: O_WRONLY).writeAll(Array("glance-api".utf8))
}

/// `glance-api worker N`, as the supervisor starts it.
struct WorkerMain {
    private let number: Int

    init(_ arguments: [String]) throws {
        guard arguments.count == 1, let number = Int(arguments[0]), (0..<SharedPage.workersMax).contains(number) else {
            throw onlyBySupervisor
        }
        self.number = number
    }

    func run() throws -> Int32 {
        signal(SIGPIPE, SIG_IGN)
        goByOwnName()
        let page = try SharedPage(FileDescriptor(owning: ChildDescriptor.page))
        let metrics = Metrics(page: page, worker: number)
        let assembly = Assembly(try inheritedSettings(), metrics: metrics)
        let settings = assembly.settings
        let transfers = TransferSlots(max: settings.transfersMax) { metrics.setTransfers($0) }
        let images = try assembly.images(transfers: transfers)
        let api = try assembly.api(images) { metrics.text(stores: images.stores) }
        let listener = Listener(inherited: FileDescriptor(owning: ChildDescriptor.listener))
        listener.setAcceptSeconds(Self.acceptSeconds)
        let worker = WorkerProcess(
            number: number,
            settings: WorkerProcess.Settings(
                threadsMax: settings.threadsMax, runningMax: settings.runningMax,
                drainSecondsMax: settings.drainSecondsMax,
                exchange: assembly.exchangeLimits),
            page: page, handler: WorkerHandler(api: api, metrics: metrics, log: assembly.log))
        let isDrained = try worker.run(listener, lifeline: FileDescriptor(owning: ChildDescriptor.lifeline))
        if !isDrained { assembly.log.error("requests were cut off: drain_seconds_max ran out") }
        return 0
    }

    /// After so long without work a thread that is one too many ends.
    private static let acceptSeconds = 5
}
