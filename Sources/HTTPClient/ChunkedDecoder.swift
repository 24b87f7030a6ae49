import HTTP

/// Undoes the chunked transfer coding (RFC 9112, section 7.1) on pieces of any size.
struct ChunkedDecoder {
    private static let lineBytesMax = 4096
    private static let trailerBytesMax = 16 * 1024

    private enum Phase {
        case size(digits: Int, value: Int64)
        /// Behind the size, up to the line's end: extensions, which mean nothing here.
        case sizeLine(value: Int64, count: Int)
        case data(Int64)
        /// The line's end behind the data, of which the carriage return may have come.
        case dataEnd(hasReturn: Bool)
        /// Lines behind the last chunk; `lineCount` bytes of the present one so far.
        case trailer(lineCount: Int, count: Int)
        case end
    }

    private var phase = Phase.size(digits: 0, value: 0)

    var isAtEnd: Bool { if case .end = phase { true } else { false } }

    /// Decodes from `input` into `output` until one of them is used up, or the body ends. How much of each was used.
    mutating func decode(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) throws(HTTPClientError) -> (consumed: Int, produced: Int) {
        var (consumed, produced) = (0, 0)
        while consumed < input.count, !isAtEnd {
            guard case .data(let rest) = phase else {
                try take(input[consumed])
                consumed += 1
                continue
            }
            let count = Int(clamping: min(rest, Int64(min(input.count - consumed, output.count - produced))))
            guard count > 0 else { break }
            UnsafeMutableRawBufferPointer(rebasing: output[produced...])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: input[consumed..<(consumed + count)]))
            consumed += count
            produced += count
            phase = rest == Int64(count) ? .dataEnd(hasReturn: false) : .data(rest - Int64(count))
        }
        return (consumed, produced)
    }

    /// One byte of what surrounds the data.
    private mutating func take(_ byte: UInt8) throws(HTTPClientError) {
        let isLineEnd = byte == UInt8(ascii: "\n")
        switch phase {
        case .size(let digits, let value):
            if let digit = hexadecimalValue(byte) {
                guard digits < 15 else { throw .malformed("a chunk is too large") }
                phase = .size(digits: digits + 1, value: value << 4 | Int64(digit))
            } else {
                guard digits > 0 else { throw .malformed("a chunk has no size") }
                phase = .sizeLine(value: value, count: 0)
                try take(byte)
            }
        case .sizeLine(let value, let count):
            guard count < Self.lineBytesMax else { throw .malformed("a chunk's first line does not end") }
            guard count > 0 || isLineEnd || "\r; \t".utf8.contains(byte) else {
                throw .malformed("a chunk's size is no number")
            }
            phase = isLineEnd ? afterSize(value) : .sizeLine(value: value, count: count + 1)
        case .dataEnd(let hasReturn):
            let isReturn = byte == UInt8(ascii: "\r") && !hasReturn
            guard isLineEnd || isReturn else { throw .malformed("a chunk is longer than its size") }
            phase = isReturn ? .dataEnd(hasReturn: true) : .size(digits: 0, value: 0)
        case .trailer(let lineCount, let count):
            guard count < Self.trailerBytesMax else { throw .malformed("its trailer does not end") }
            if isLineEnd {
                phase = lineCount == 0 ? .end : .trailer(lineCount: 0, count: count + 1)
            } else {
                phase = .trailer(lineCount: lineCount + (byte == UInt8(ascii: "\r") ? 0 : 1), count: count + 1)
            }
        case .data, .end:
            break
        }
    }

    private func afterSize(_ value: Int64) -> Phase { value == 0 ? .trailer(lineCount: 0, count: 0) : .data(value) }
}
