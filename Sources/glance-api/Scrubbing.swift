import GlanceModel
import GlanceUpkeep
import Glibc
import Workers

/// The scrub, on a thread of the janitor's process: it ends with it.
struct Scrubbing: Sendable {
    /// Between two rounds, and after a failure.
    private static let restSeconds: UInt32 = 60

    private let assembly: Assembly
    private let metrics: Metrics

    init(_ assembly: Assembly, _ metrics: Metrics) {
        self.assembly = assembly
        self.metrics = metrics
    }

    /// Starts it, where the settings want one.
    func start() {
        guard assembly.settings.scrubBytesPerSecond > 0, !assembly.settings.isReadOnly else { return }
        let code = Thread.start { run() }
        if code != 0 { assembly.log.error("there is no thread for the scrub", ["errno": String(code)]) }
    }

    private func run() {
        while true {
            do {
                let registry = try assembly.lookedAfter()
                let scrub = Scrub(
                    registry: registry, stores: try assembly.stores(registry), settings: settings,
                    uptime: uptimeSeconds, wait: pause)
                if try scrub.round(report) == .roundEnded { assembly.log.info("the scrub has read every image") }
            } catch {
                metrics.add(.scrubFailures)
                let failure = error as? Failure
                assembly.log.error(
                    "the scrub could not go on: \(failure?.operatorReason ?? failure?.message ?? "\(error)")")
            }
            sleep(Self.restSeconds)
        }
    }

    private var settings: Scrub.Settings {
        Scrub.Settings(
            bytesPerSecond: assembly.settings.scrubBytesPerSecond, holder: assembly.settings.holder,
            lockSeconds: Int(Self.restSeconds) * 3)
    }

    private func pause(_ nanoseconds: UInt64) -> Bool {
        var time = timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
        if nanoseconds > 0 { nanosleep(&time, nil) }
        return true
    }

    private func report(_ event: Scrub.Event) {
        switch event {
        case .read(let bytes):
            metrics.add(.scrubbedImages)
            metrics.add(.scrubbedBytes, UInt64(clamping: bytes))
        case .damaged(let id, let how):
            assembly.log.error("an image is damaged", ["image": id.text, "reason": how])
        case .unreadable(let id, let reason):
            metrics.add(.scrubFailures)
            assembly.log.error(
                "an image could not be read, and the scrub passed over it", ["image": id.text, "reason": reason])
        case .healed(let id):
            assembly.log.info("an image that was damaged is whole again", ["image": id.text])
        }
    }
}
