/// The name of an image store, as settings and metadata say it: `file`, for one.
package struct StoreName: Hashable, Sendable, CustomStringConvertible {
    package static let file = StoreName("file")
    package static let swift = StoreName("swift")
    /// Every store that images may be in, whether this service offers it or not.
    package static let known = [file, swift]

    package let text: String

    package init(_ text: String) {
        self.text = text
    }

    package var description: String { text }
}

/// The place of one image's bytes within its store: the server's own name, never a client's text. Each attempt to store
/// data has a location that no other attempt ever has.
package struct Location: Hashable, Sendable {
    package let text: String

    package init(_ text: String) {
        self.text = text
    }
}

/// Whether the bytes of `one` come before those of `other`, as registries and stores list what they have.
package func bytesPrecede(_ one: String, _ other: String) -> Bool {
    one.utf8.lexicographicallyPrecedes(other.utf8)
}

/// SHA-256 of something: 64 lower-case hexadecimal digits.
package struct SHA256Digest: Hashable, Sendable, CustomStringConvertible {
    package let text: String

    /// Takes capital digits too.
    package init?(_ text: String) {
        let lower = text.lowercased()
        guard lower.utf8.count == 64,
            lower.utf8.allSatisfy({
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            })
        else { return nil }
        self.text = lower
    }

    /// From a record: taken as it is.
    package init(recorded text: String) {
        self.text = text
    }

    package var description: String { text }
}
