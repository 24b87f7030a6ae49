import HTTP

/// Reads an answer's status line and fields from pieces of any size: where the pieces are cut changes nothing.
struct AnswerHeadParser {
    struct Limits: Sendable {
        var headBytesMax = 64 * 1024
        var fieldsMax = 512
    }

    enum Progress {
        case needMore
        /// `consumed` bytes of the piece just given belong to the head; the body follows.
        case complete(AnswerHead, consumed: Int)
    }

    private let limits: Limits
    private var line: [UInt8] = []
    private var bytesCount = 0
    private var start: (status: Int, isVersion11: Bool)?
    private var headers = Headers()

    init(limits: Limits = Limits()) {
        self.limits = limits
    }

    /// Takes the next piece. Throws `malformed`; the parser is spent then, and after `complete`.
    mutating func consume(_ piece: UnsafeRawBufferPointer) throws(HTTPClientError) -> Progress {
        var index = 0
        while index < piece.count {
            let rest = UnsafeRawBufferPointer(rebasing: piece[index...])
            let lineEnd = rest.firstIndex(of: UInt8(ascii: "\n"))
            let count = lineEnd.map { $0 + 1 } ?? rest.count
            index += count
            bytesCount += count
            guard bytesCount <= limits.headBytesMax else {
                throw .malformed("its header is longer than \(limits.headBytesMax) bytes")
            }
            line.append(contentsOf: UnsafeRawBufferPointer(rebasing: rest[..<(lineEnd ?? rest.count)]))
            guard lineEnd != nil else { return .needMore }
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            if let head = try endLine() { return .complete(head, consumed: index) }
            line.removeAll(keepingCapacity: true)
        }
        return .needMore
    }

    /// The whole head, once the line that has just ended is the empty one behind it.
    private mutating func endLine() throws(HTTPClientError) -> AnswerHead? {
        guard let start else {
            self.start = try Self.statusLine(line)
            return nil
        }
        if line.isEmpty { return AnswerHead(status: start.status, headers: headers, isVersion11: start.isVersion11) }
        guard headers.fields.count < limits.fieldsMax else {
            throw .malformed("it has more than \(limits.fieldsMax) header fields")
        }
        try addField()
        return nil
    }

    /// `HTTP/1.1 200 OK`.
    private static func statusLine(_ line: [UInt8]) throws(HTTPClientError) -> (Int, Bool) {
        let version = line.prefix(9)
        let code = line.dropFirst(9).prefix(3)
        let isVersion11 = version.elementsEqual("HTTP/1.1 ".utf8)
        guard isVersion11 || version.elementsEqual("HTTP/1.0 ".utf8), code.count == 3,
            line.count == 12 || line[12] == UInt8(ascii: " "),
            let status = decimalNumber(String(decoding: code, as: UTF8.self)), (100...599).contains(status)
        else { throw .malformed("it does not begin with the status line of HTTP/1.1") }
        return (Int(status), isVersion11)
    }

    private mutating func addField() throws(HTTPClientError) {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > 0, line[..<colon].allSatisfy(isTokenByte)
        else { throw .malformed("a header line has no proper name") }
        var (start, end) = (colon + 1, line.count)
        while start < end, isBlank(line[start]) { start += 1 }
        while start < end, isBlank(line[end - 1]) { end -= 1 }
        let value = line[start..<end]
        guard value.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == UInt8(ascii: "\t") }) else {
            throw .malformed("a header value has a control character")
        }
        headers.add(String(decoding: line[..<colon], as: UTF8.self), String(decoding: value, as: UTF8.self))
    }
}

private func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

/// RFC 9110, section 5.6.2.
private func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "_"):
        true
    default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
}
