import Bytes
import GlanceModel
import Glibc
import Workers

/// `glance-api janitor`, as the supervisor starts it: clears up, counts what is in the registry, and scrubs.
struct JanitorMain {
    private let assembly: Assembly
    private let metrics: Metrics

    init() throws {
        let page = try SharedPage(FileDescriptor(owning: ChildDescriptor.page))
        metrics = Metrics(page: page, worker: SharedPage.housekeeping)
        assembly = Assembly(try inheritedSettings(), metrics: metrics)
    }

    func run() throws -> Int32 {
        signal(SIGPIPE, SIG_IGN)
        goByOwnName()
        Signals.block([SIGTERM, SIGINT, SIGHUP])
        Lifeline.watch(FileDescriptor(owning: ChildDescriptor.lifeline))
        let janitor = try assembly.janitor()
        var census = try assembly.upkeep().map { CensusTaker(registry: $0, metrics: metrics) }
        Scrubbing(assembly, metrics).start()
        repeat {
            do throws(Failure) {
                if !assembly.settings.isReadOnly, let sweep = try janitor.sweep() { report(sweep) }
                try census?.takeIfDue()
            } catch {
                assembly.log.error("the janitor could not work: \(error.operatorReason ?? error.message)")
            }
        } while isToGoOn(afterSeconds: assembly.settings.janitorSeconds)
        return 0
    }

    private func isToGoOn(afterSeconds seconds: Int) -> Bool {
        switch Signals.wait(for: [SIGTERM, SIGINT, SIGHUP], milliseconds: seconds * 1000) {
        case nil: true
        default: false
        }
    }

    private func report(_ sweep: Janitor.Sweep) {
        let log = assembly.log
        metrics.add(.leasesEnded, UInt64(sweep.endedLeases.count))
        metrics.add(.imagesRemoved, UInt64(sweep.removed))
        metrics.add(.removalFailures, UInt64(sweep.failures.count))
        for id in sweep.endedLeases { log.error("an upload was broken off and is cleared away", ["image": id.text]) }
        if sweep.removed > 0 { log.info("bytes removed", ["images": String(sweep.removed)]) }
        for failure in sweep.failures {
            log.error("bytes could not be removed: \(failure.operatorReason ?? failure.message)")
        }
    }
}

/// Counts what is in the registry, where all workers find it: however many images there are, and however often somebody
/// asks for metrics, it takes at most a twentieth of one core.
private struct CensusTaker {
    private static let pauseFactor: UInt64 = 20

    private let registry: any UpkeepRegistry
    private let metrics: Metrics
    private var dueAt: UInt64 = 0

    init(registry: any UpkeepRegistry, metrics: Metrics) {
        self.registry = registry
        self.metrics = metrics
    }

    mutating func takeIfDue() throws(Failure) {
        let start = monotonicNanoseconds()
        guard start >= dueAt else { return }
        metrics.set(try registry.census())
        metrics.set(.censusTime, UInt64(clamping: currentTime().seconds))
        let end = monotonicNanoseconds()
        dueAt = end + (end - start) * Self.pauseFactor
    }
}
