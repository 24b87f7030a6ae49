import Testing

@testable import glance

/// Bytes and seconds, for people and from them.
struct ByteCountTests {
    @Test(
        arguments: [
            (0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"), (8_247_232, "7.9 MiB"),
            (1_048_575, "1.0 MiB"), (1_023 * 1024, "1023.0 KiB"), (1 << 30, "1.0 GiB"), (3 << 40, "3.0 TiB"),
            (Int64.max, "8.0 EiB"),
        ] as [(Int64, String)])
    func `sizes have binary units and one digit behind the point`(bytes: Int64, text: String) {
        #expect(sizeText(bytes) == text)
    }

    @Test(
        arguments: [
            ("0", 0), ("17", 17), ("512K", 512 << 10), ("10M", 10 << 20), ("4G", 4 << 30), ("1T", 1 << 40),
            ("9223372036854775807", Int64.max),
        ] as [(String, Int64)])
    func `sizes are typed as digits, with a binary multiple behind them`(text: String, bytes: Int64) {
        #expect(byteCount(text) == bytes)
    }

    @Test(arguments: ["", "K", "1.5G", "-1", "+1", "1 K", "1k", "1KB", "9223372036854775808", "8388608T", "١"])
    func `anything else is no size`(text: String) {
        #expect(byteCount(text) == nil)
    }

    @Test func `seconds are minutes, and hours where there are any`() {
        #expect(durationText(7) == "0:07")
        #expect(durationText(750) == "12:30")
        #expect(durationText(11_045) == "3:04:05")
    }
}
