/// When something has to be over that may take several requests.
struct TimeLimit: Sendable {
    private let end: ContinuousClock.Instant?

    /// `seconds` from now; nil: whenever.
    init(seconds: Int?) {
        end = seconds.map { .now + .seconds($0) }
    }

    /// Rounded up; nil: as many as it takes.
    var secondsLeft: Int? {
        guard let end else { return nil }
        let (seconds, attoseconds) = ContinuousClock.Instant.now.duration(to: end).components
        return max(0, Int(seconds) + (attoseconds > 0 ? 1 : 0))
    }
}
