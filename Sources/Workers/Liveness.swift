/// When the supervisor says of itself that it lives: while some worker of its own comes round to take connections. One
/// that is busy does so with each request, one at rest whenever its bounded wait for one is over.
///
/// A service whose workers are all stuck, or die at once, falls silent, and the service manager starts it anew.
struct Liveness {
    /// Longer than two of a worker's waits at rest.
    static let silenceMillisecondsMax: Int64 = 12_000

    private let intervalMilliseconds: Int64?
    private var lastSignAt: Int64
    private var nextAt: Int64

    /// Twice in each of the manager's intervals, as sd_watchdog_enabled(3) advises.
    init(watchdogMilliseconds: Int64?, now: Int64) {
        intervalMilliseconds = watchdogMilliseconds.map { max(1, $0 / 2) }
        lastSignAt = now
        nextAt = now
    }

    /// When to look the next time.
    var dueAt: Int64? { intervalMilliseconds.map { _ in nextAt } }

    mutating func sawSign(at now: Int64) {
        lastSignAt = now
    }

    /// Whether it is time to say so.
    mutating func isToBeTold(at now: Int64) -> Bool {
        guard let intervalMilliseconds, now >= nextAt else { return false }
        nextAt = now + intervalMilliseconds
        return now - lastSignAt <= Self.silenceMillisecondsMax
    }
}
