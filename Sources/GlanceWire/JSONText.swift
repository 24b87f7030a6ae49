/// JSON text (RFC 8259) as it is written out: bytes, in order, with no tree in memory.
package struct JSONText {
    package private(set) var bytes: [UInt8] = []
    /// True: every character beyond ASCII is escaped, so that the text can stand in a header.
    private let asciiOnly: Bool

    package init(asciiOnly: Bool = false, capacity: Int = 1024) {
        self.asciiOnly = asciiOnly
        bytes.reserveCapacity(capacity)
    }

    /// Structure: brackets, commas, and whatever else needs no escape.
    package mutating func raw(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// `"key": `
    package mutating func key(_ key: String) {
        string(key)
        raw(": ")
    }

    package mutating func string(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { append($0) }
        bytes.append(UInt8(ascii: "\""))
    }

    package mutating func integer(_ number: Int64) {
        bytes.append(contentsOf: String(number).utf8)
    }

    package mutating func boolean(_ value: Bool) {
        if value { raw("true") } else { raw("false") }
    }

    /// Most texts have nothing to escape, and go in one piece.
    private mutating func append(_ utf8: UnsafeBufferPointer<UInt8>) {
        if !hasEscapes(utf8) {
            bytes.append(contentsOf: utf8)
        } else if asciiOnly {
            for unit in String(decoding: utf8, as: UTF8.self).utf16 { append(unit) }
        } else {
            for byte in utf8 { append(byte) }
        }
    }

    private func hasEscapes(_ utf8: UnsafeBufferPointer<UInt8>) -> Bool {
        utf8[plainCount(utf8)...].contains { byte in
            byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
                || byte > 0x7E && (asciiOnly || byte == 0x7F)
        }
    }

    private mutating func append(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            bytes.append(UInt8(ascii: "\\"))
            bytes.append(byte)
        case 0..<0x20, 0x7F:
            escape(UInt16(byte))
        default:
            bytes.append(byte)
        }
    }

    private mutating func append(_ unit: UInt16) {
        if unit < 0x80 { append(UInt8(unit)) } else { escape(unit) }
    }

    private mutating func escape(_ unit: UInt16) {
        let digits = String(unit, radix: 16)
        bytes.append(contentsOf: "\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".utf8)
    }
}
