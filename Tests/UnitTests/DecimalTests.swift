import HTTP
import Testing

@Suite struct DecimalTests {
    @Test(
        arguments: [
            ("0", 0), ("7", 7), ("007", 7), ("9223372036854775807", .max), ("00000000000000000000000012", 12),
        ] as [(String, Int64)])
    func `digits are a number`(text: String, number: Int64) {
        #expect(decimalNumber(text) == number)
        #expect(decimalNumber(" \(text)".dropFirst()) == number)
    }

    @Test(arguments: [
        "", " 7", "7 ", "+7", "-7", "0x7", "7.", "٧", "9223372036854775808", "9223372036854775810",
        "92233720368547758070", "18446744073709551616", "99999999999999999999999",
    ])
    func `anything else is none, nor is what takes more than 63 bits`(text: String) {
        #expect(decimalNumber(text) == nil)
    }
}
