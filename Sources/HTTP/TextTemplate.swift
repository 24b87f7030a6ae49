/// Text of a fixed length with places to fill in, as dates are: written byte by byte, which costs a fifth of
/// interpolation.
package struct TextTemplate {
    private let bytes: UnsafeMutableBufferPointer<UInt8>

    /// `template` after `fill` has overwritten its places with ASCII.
    package static func filled(_ template: StaticString, _ fill: (TextTemplate) -> Void) -> String {
        let count = template.utf8CodeUnitCount
        return String(unsafeUninitializedCapacity: count) { bytes in
            let source = UnsafeBufferPointer(start: template.utf8Start, count: count)
            for index in 0..<count { bytes[index] = source[index] }
            fill(TextTemplate(bytes: bytes))
            return count
        }
    }

    /// Writes a number's digits so that the last of them stands before `end`; places to their left stay as they are.
    package func write(_ number: Int32, before end: Int) {
        var (rest, place) = (number, end - 1)
        while rest > 0, place >= 0 {
            bytes[place] = UInt8(ascii: "0") + UInt8(rest % 10)
            (rest, place) = (rest / 10, place - 1)
        }
    }

    func write(_ text: String, at start: Int) {
        var place = start
        for byte in text.utf8 {
            bytes[place] = byte
            place += 1
        }
    }
}
