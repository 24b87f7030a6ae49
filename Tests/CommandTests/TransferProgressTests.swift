import Testing

@testable import glance

/// How far a transfer is, in words.
struct TransferProgressTests {
    private func progress(_ samples: [(seconds: Double, bytes: Int64)], total: Int64? = 100 << 20) -> TransferProgress {
        var progress = TransferProgress("rescue", total: total)
        for sample in samples { progress.note(sample.bytes, at: sample.seconds) }
        return progress
    }

    @Test func `a line says how much, how fast, and how long still`() {
        let progress = progress([(10, 0), (12, 20 << 20)])

        #expect(progress.line(columns: 80) == "rescue  20%  20.0 MiB of 100.0 MiB  10.0 MiB/s  0:08 left")
        #expect(progress.sentence == "rescue: 20.0 MiB of 100.0 MiB, 20%, 10.0 MiB/s, 0:08 left")
    }

    @Test func `where the size is not known it says what there is to say`() {
        #expect(progress([(10, 0), (12, 20 << 20)], total: nil).line(columns: 80) == "rescue  20.0 MiB  10.0 MiB/s")
    }

    @Test(arguments: 1...80) func `a line is never wider than the terminal`(columns: Int) {
        #expect(columnCount(progress([(10, 0), (12, 20 << 20)]).line(columns: columns)) <= columns)
    }

    @Test func `a long name is cut before the numbers are left out`() {
        var progress = TransferProgress("a name that is very long indeed", total: 100 << 20)
        progress.note(0, at: 1)
        progress.note(20 << 20, at: 3)

        #expect(progress.line(columns: 64) == "a name that …  20%  20.0 MiB of 100.0 MiB  10.0 MiB/s  0:08 left")
    }

    @Test func `the rate is that of the last seconds, and what a resumed download had already is no part of it`() {
        #expect(progress([(0, 50 << 20), (1, 60 << 20)]).rate == Double(10 << 20))

        let stalled = progress([(0, 0), (1, 50 << 20), (6, 50 << 20), (11, 50 << 20)])
        #expect(stalled.rate == 0)
        #expect(!stalled.sentence.contains("left"))
    }

    @Test func `an image of no bytes divides nothing by zero`() {
        #expect(progress([(0, 0), (1, 0)], total: 0).line(columns: 80) == "rescue  0 B of 0 B  0 B/s")
    }
}
