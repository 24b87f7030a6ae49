import HTTP

/// Reads JSON text (RFC 8259) from its start to its end, value by value, without a tree of it in memory: lists of images
/// are long, and read by whoever keeps records in another service. Every step is nil, or false, where the text is not right.
struct JSONScanner {
    /// Values within values.
    private static let depthMax = 64

    private let bytes: UnsafeBufferPointer<UInt8>
    private var place = 0
    private var depth = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    /// What a scalar says, as a header would; nil where it says nothing there: null, a fraction, an object, an array.
    enum Scalar: Equatable {
        case text(String)
        case nothing
    }

    /// True at the end of the text.
    mutating func isAtEnd() -> Bool {
        skipBlanks()
        return place == bytes.count
    }

    /// The byte with which the next value begins.
    mutating func next() -> UInt8? {
        skipBlanks()
        return place < bytes.count ? bytes[place] : nil
    }

    /// An object, whose members `member` reads: it is called with the key of each, which is there for as long as the call
    /// takes, and has to read one value.
    mutating func object(_ member: (inout JSONScanner, UnsafeBufferPointer<UInt8>) -> Bool) -> Bool {
        guard enter(UInt8(ascii: "{")) else { return false }
        defer { depth -= 1 }
        if take(UInt8(ascii: "}")) { return true }
        repeat {
            guard self.member(member) else { return false }
        } while take(UInt8(ascii: ","))
        return take(UInt8(ascii: "}"))
    }

    /// An array, whose values `element` reads.
    mutating func array(_ element: (inout JSONScanner) -> Bool) -> Bool {
        guard enter(UInt8(ascii: "[")) else { return false }
        defer { depth -= 1 }
        if take(UInt8(ascii: "]")) { return true }
        repeat {
            guard element(&self) else { return false }
        } while take(UInt8(ascii: ","))
        return take(UInt8(ascii: "]"))
    }

    /// Any value: what it says if it is a scalar that says something.
    mutating func scalar() -> Scalar? {
        switch next() {
        case UInt8(ascii: "\""): string().map { .text($0) }
        case UInt8(ascii: "{"): object { scanner, _ in scanner.scalar() != nil } ? .nothing : nil
        case UInt8(ascii: "["): array { scanner in scanner.scalar() != nil } ? .nothing : nil
        case UInt8(ascii: "t"): word("true") ? .text("True") : nil
        case UInt8(ascii: "f"): word("false") ? .text("False") : nil
        case UInt8(ascii: "n"): word("null") ? .nothing : nil
        default: number()
        }
    }

    /// Any value: `body` is called with what it says, if it says something. False where it is none.
    mutating func text(_ body: (String) -> Void) -> Bool {
        guard let value = scalar() else { return false }
        if case .text(let text) = value { body(text) }
        return true
    }

    mutating func string() -> String? {
        if let plain = plainString() { return String(decoding: plain, as: UTF8.self) }
        guard take(UInt8(ascii: "\"")) else { return nil }
        let start = place
        while place < bytes.count, bytes[place] >= 0x20 {
            switch bytes[place] {
            case UInt8(ascii: "\""):
                place += 1
                return utf8Text(UnsafeBufferPointer(rebasing: bytes[start..<place - 1]))
            case UInt8(ascii: "\\"): return escapedString(Array(bytes[start..<place]))
            default: place += 1
            }
        }
        return nil
    }

    // MARK: Steps

    private mutating func member(_ body: (inout JSONScanner, UnsafeBufferPointer<UInt8>) -> Bool) -> Bool {
        if let key = plainString() { return take(UInt8(ascii: ":")) && body(&self, key) }
        guard var key = string(), take(UInt8(ascii: ":")) else { return false }
        return key.withUTF8 { body(&self, $0) }
    }

    /// A string of nothing but plain characters, where it stands; nil, and nothing read but blanks, where it is another or none.
    private mutating func plainString() -> UnsafeBufferPointer<UInt8>? {
        guard next() == UInt8(ascii: "\"") else { return nil }
        let rest = UnsafeBufferPointer(rebasing: bytes[(place + 1)...])
        let text = UnsafeBufferPointer(rebasing: rest[..<plainCount(rest)])
        guard text.count < rest.count, rest[text.count] == UInt8(ascii: "\"") else { return nil }
        place += text.count + 2
        return text
    }

    private mutating func skipBlanks() {
        while place < bytes.count, Self.isBlank(bytes[place]) { place += 1 }
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || (0x09...0x0D).contains(byte) && byte != 0x0B && byte != 0x0C
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next() == byte else { return false }
        place += 1
        return true
    }

    private mutating func enter(_ byte: UInt8) -> Bool {
        guard depth < Self.depthMax, take(byte) else { return false }
        depth += 1
        return true
    }

    private mutating func word(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        let word = UnsafeBufferPointer(start: text.utf8Start, count: count)
        guard bytes.count - place >= count, bytes[place..<place + count].elementsEqual(word) else { return false }
        place += count
        return true
    }

    /// Whole numbers of 64 bits say something.
    private mutating func number() -> Scalar? {
        let start = place
        while place < bytes.count, "+-.0123456789Ee".utf8.contains(bytes[place]) { place += 1 }
        let text = String(decoding: bytes[start..<place], as: UTF8.self)
        if let whole = Int64(text), !text.hasPrefix("+") { return .text(String(whole)) }
        return Double(text).map { _ in .nothing }
    }

    /// The rest of a string, behind its first escape.
    private mutating func escapedString(_ start: [UInt8]) -> String? {
        var text = start
        while place < bytes.count, bytes[place] >= 0x20 {
            let byte = bytes[place]
            place += 1
            switch byte {
            case UInt8(ascii: "\""): return text.withUnsafeBufferPointer(utf8Text)
            case UInt8(ascii: "\\"):
                guard let escaped = escape() else { return nil }
                text += Array(String(escaped).utf8)
            default: text.append(byte)
            }
        }
        return nil
    }

    private mutating func escape() -> Unicode.Scalar? {
        guard place < bytes.count else { return nil }
        defer { place += 1 }
        switch bytes[place] {
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(bytes[place])
        case UInt8(ascii: "u"): return codePoint()
        default: return nil
        }
    }

    /// Four digits, or two times four for what lies beyond the first plane; ends on the last digit.
    private mutating func codePoint() -> Unicode.Scalar? {
        guard let high = codeUnit() else { return nil }
        guard (0xD800..<0xDC00).contains(high) else { return Unicode.Scalar(high) }
        guard place + 2 < bytes.count, bytes[place + 1] == UInt8(ascii: "\\"), bytes[place + 2] == UInt8(ascii: "u")
        else { return nil }
        place += 2
        guard let low = codeUnit(), (0xDC00..<0xE000).contains(low) else { return nil }
        return Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
    }

    private mutating func codeUnit() -> UInt32? {
        guard place + 4 < bytes.count else { return nil }
        defer { place += 4 }
        return UInt32(String(decoding: bytes[place + 1...place + 4], as: UTF8.self), radix: 16)
    }
}
