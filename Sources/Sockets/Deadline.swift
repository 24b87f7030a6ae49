import Glibc

/// A moment ahead on the clock that no one can set (CLOCK_MONOTONIC): the bound of a wait that is made of several.
package struct Deadline: Sendable {
    private let moment: Int64

    package init(seconds: Int) {
        moment = Self.now() + Int64(seconds) * 1_000_000_000
    }

    package var isPast: Bool { Self.now() >= moment }

    /// What is left, rounded up; for poll(2).
    package var milliseconds: Int32 { Int32(clamping: max(0, (moment - Self.now() + 999_999) / 1_000_000)) }

    private static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
