import HTTP
import Testing

@Suite struct RangeRequestTests {
    @Test(arguments: [
        ("bytes=0-0", 0...0), ("bytes=0-99", 0...99), ("bytes=10-19", 10...19), ("bytes=90-", 90...99),
        ("bytes=0-", 0...99), ("bytes=99-", 99...99), ("bytes=90-1000", 90...99), ("bytes=-1", 99...99),
        ("bytes=-100", 0...99), ("bytes=-1000", 0...99), ("BYTES=1-2", 1...2), ("bytes= 1 - 2 ", 1...2),
        ("bytes=0-9223372036854775807", 0...99), ("bytes=-9223372036854775807", 0...99), ("bytes=007-008", 7...8),
    ])
    func `one range of bytes is a part`(field: String, bytes: ClosedRange<Int64>) {
        let range = ByteRange(first: bytes.lowerBound, last: bytes.upperBound)

        #expect(RangeRequest(field, size: 100) == .part(range))
    }

    @Test(arguments: [
        nil, "", "bytes=", "items=0-1", "0-1", "bytes 0-1", "bytes=0-1,2-3", "bytes=0-1, 5-", "bytes=-1,-2",
    ])
    func `no range, several, and another unit are the whole`(field: String?) {
        #expect(RangeRequest(field, size: 100) == .whole)
    }

    @Test(arguments: [
        "bytes=100-", "bytes=100-200", "bytes=5-4", "bytes=-0", "bytes=-", "bytes=x", "bytes=a-b", "bytes=1",
        "bytes=1-2-3", "bytes=--1", "bytes=+1-2", "bytes=1-x", "bytes=0x1-2", "bytes=1.0-2",
        "bytes=9223372036854775808-", "bytes=0-9223372036854775808", "bytes=-9223372036854775808", "bytes=١-٢",
    ])
    func `a range with no byte in it, or that makes no sense, cannot be satisfied`(field: String) {
        #expect(RangeRequest(field, size: 100) == .unsatisfiable)
    }

    @Test(arguments: ["bytes=0-0", "bytes=-1", "bytes=5-", "bytes=x"])
    func `an empty representation is always whole`(field: String) {
        #expect(RangeRequest(field, size: 0) == .whole)
    }

    @Test func `sizes beyond 32 bits are counted exactly`() {
        let size: Int64 = 5 << 40

        #expect(
            RangeRequest("bytes=5497558138878-", size: size)
                == .part(ByteRange(first: 5_497_558_138_878, last: 5_497_558_138_879)))
        #expect(RangeRequest("bytes=5497558138880-", size: size) == .unsatisfiable)
        #expect(
            RangeRequest("bytes=-9223372036854775807", size: .max)
                == .part(ByteRange(first: 0, last: 9_223_372_036_854_775_806)))
    }

    @Test func `a range says its length and its place`() {
        let range = ByteRange(first: 10, last: 19)

        #expect(range.count == 10)
        #expect(range.contentRange(of: 100) == "bytes 10-19/100")
    }
}
