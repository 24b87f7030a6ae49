/// Digits and nothing else, as HTTP's own grammar and this API write whole numbers: no sign, no blank. Nil also where the
/// number does not fit 63 bits.
package func decimalNumber(_ text: Substring) -> Int64? {
    guard !text.isEmpty else { return nil }
    var number: Int64 = 0
    for byte in text.utf8 {
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
        let (tenfold, isTooLarge) = number.multipliedReportingOverflow(by: 10)
        let (sum, isBeyond) = tenfold.addingReportingOverflow(Int64(byte - UInt8(ascii: "0")))
        guard !isTooLarge, !isBeyond else { return nil }
        number = sum
    }
    return number
}

package func decimalNumber(_ text: String) -> Int64? { decimalNumber(text[...]) }

/// What a hexadecimal digit stands for; nil for anything else.
package func hexadecimalValue(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
}
