/// An image's name for people: 1 to 255 Unicode scalars, none of them a control character. Not unique.
package struct ImageName: Hashable, Sendable, CustomStringConvertible {
    package static let scalarsMax = 255

    package let text: String

    /// A name whose first or last character is a blank could not travel in a header, so there is none.
    package init?(_ text: String) {
        guard (1...Self.scalarsMax).contains(text.unicodeScalars.count), isPlainText(text) else { return nil }
        self.text = text
    }

    /// From a record: taken as it is.
    package init(recorded text: String) {
        self.text = text
    }

    package var description: String { text }

    package static func == (one: ImageName, other: ImageName) -> Bool { sameBytes(one.text, other.text) }
}

/// Whether two texts are the same to everybody else: to Swift two ways to write an ü are equal.
package func sameBytes(_ one: String, _ other: String) -> Bool { one.utf8.elementsEqual(other.utf8) }

/// True where `text` can stand in a header's value and come back as it was: no control characters
/// (U+0000–1F, U+007F–9F), and no blank at either end.
package func isPlainText(_ text: String) -> Bool {
    let blanks: [UInt8?] = [UInt8(ascii: " "), UInt8(ascii: "\t")]
    guard !blanks.contains(text.utf8.first), !blanks.contains(text.utf8.last) else { return false }
    return text.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) }
}
