/// The name of an image in this service: what a client chose, or a number that the registry gave.
package struct ImageID: Hashable, Sendable, CustomStringConvertible {
    package static let charactersMax = 255
    /// Names that a route has taken.
    private static let reserved: Set<String> = ["detail"]

    package let text: String

    /// Letters, digits, `.`, `_` and `-`, the first a letter or a digit, at most 255 of them; case matters.
    package init?(_ text: String) {
        guard let first = text.utf8.first, Self.isAlphanumeric(first), text.utf8.count <= Self.charactersMax,
            text.utf8.allSatisfy({ Self.isAlphanumeric($0) || ".-_".utf8.contains($0) }), !Self.reserved.contains(text)
        else { return nil }
        self.text = text
    }

    /// A number from the registry's counter.
    package init(generated number: Int64) {
        text = String(number)
    }

    /// From a record: taken as it is.
    package init(recorded text: String) {
        self.text = text
    }

    package var description: String { text }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }
}
