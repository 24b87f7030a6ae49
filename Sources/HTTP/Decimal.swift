/// Digits and nothing else, as HTTP's own grammar and this API write whole numbers: no sign, no blank. Nil also where the
/// number does not fit 63 bits.
package func decimalNumber(_ text: some StringProtocol) -> Int64? {
    guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
        return nil
    }
    return Int64(text)
}
