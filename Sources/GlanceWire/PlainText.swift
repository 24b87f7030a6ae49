/// How many bytes at the start of a text are characters of ASCII that stand for themselves in a string of JSON: neither
/// control characters nor `"` nor `\`. Found eight at a time.
func plainCount(_ text: UnsafeBufferPointer<UInt8>) -> Int {
    let bytes = UnsafeRawBufferPointer(text)
    var count = 0
    while count + 8 <= bytes.count {
        let other = PlainText.others(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: count, as: UInt64.self)))
        if other != 0 { return count + other.trailingZeroBitCount / 8 }
        count += 8
    }
    while count < bytes.count, PlainText.others(UInt64(bytes[count]) | PlainText.blanks << 8) == 0 { count += 1 }
    return count
}

private enum PlainText {
    static let ones: UInt64 = 0x0101_0101_0101_0101
    static let blanks = ones * UInt64(UInt8(ascii: " "))

    /// The highest bit of the lowest byte that is not plain, and perhaps of bytes above it; 0 where all are.
    static func others(_ word: UInt64) -> UInt64 {
        let controls = (word &- blanks) & ~word
        let marks = zeros(word ^ ones * UInt64(UInt8(ascii: "\""))) | zeros(word ^ ones * UInt64(UInt8(ascii: "\\")))
        return (controls | marks | zeros(word ^ ones * 0x7F) | word) & ones << 7
    }

    private static func zeros(_ word: UInt64) -> UInt64 { (word &- ones) & ~word }
}
