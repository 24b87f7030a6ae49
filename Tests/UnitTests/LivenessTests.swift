import Testing

@testable import Workers

@Suite struct LivenessTests {
    /// Which of these moments it is told at; there is a sign of life at each of `signs`.
    private func told(_ moments: [Int64], watchdogMilliseconds: Int64?, signs: Set<Int64> = []) -> [Int64] {
        var liveness = Liveness(watchdogMilliseconds: watchdogMilliseconds, now: 0)
        var told: [Int64] = []
        for moment in moments {
            if signs.contains(moment) { liveness.sawSign(at: moment) }
            if liveness.isToBeTold(at: moment) { told.append(moment) }
        }
        return told
    }

    @Test func `where nobody looks nothing is ever due`() {
        #expect(Liveness(watchdogMilliseconds: nil, now: 0).dueAt == nil)
        #expect(told([0, 1_000_000], watchdogMilliseconds: nil) == [])
    }

    @Test func `it is told twice in each interval`() {
        #expect(Liveness(watchdogMilliseconds: 4000, now: 100).dueAt == 100)
        #expect(told([0, 1999, 2000, 2001, 3999, 4000], watchdogMilliseconds: 4000) == [0, 2000, 4000])
    }

    @Test func `after a silence that is too long it is told no more, until there is a sign`() {
        let end = Liveness.silenceMillisecondsMax
        let moments = [0, end, end + 2000, end + 4000, end + 6000]

        #expect(told(moments, watchdogMilliseconds: 4000) == [0, end])
        #expect(told(moments, watchdogMilliseconds: 4000, signs: [end + 4000]) == [0, end, end + 4000, end + 6000])
    }
}
