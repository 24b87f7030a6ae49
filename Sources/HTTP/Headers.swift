/// Header fields in the order they came. Names are matched without regard to case, and `-` and `_` are the same:
/// a gateway folds them together anyway.
package struct Headers: Sendable {
    package struct Field: Equatable, Sendable {
        /// As it was given; `Headers.folded` is the form to compare.
        package let name: String
        package let value: String
        /// False where the bytes that came were no UTF-8: then `value` holds replacement characters.
        package let isUTF8: Bool
    }

    package private(set) var fields: [Field] = []

    package init() {}

    package init(_ fields: KeyValuePairs<String, String>) {
        for (name, value) in fields { add(name, value) }
    }

    package mutating func add(_ name: String, _ value: String, isUTF8: Bool = true) {
        fields.append(Field(name: name, value: value, isUTF8: isUTF8))
    }

    package mutating func remove(_ name: String) {
        let folded = Self.folded(name)
        fields.removeAll { Self.folded($0.name) == folded }
    }

    package mutating func reserve(_ count: Int) {
        fields.reserveCapacity(count)
    }

    /// The first field's value; nil when there is none.
    package subscript(_ name: String) -> String? {
        fields.first { Self.same($0.name, name) }?.value
    }

    /// Every value of that name, in order.
    package func all(_ name: String) -> [Field] {
        fields.filter { Self.same($0.name, name) }
    }

    /// A list-valued field whose lines count as one (RFC 9110, section 5.3).
    package func joined(_ name: String) -> String? {
        let values = all(name)
        return values.isEmpty ? nil : values.map(\.value).joined(separator: ", ")
    }

    /// The form of a name that two equal names share: lower case, `_` for `-`.
    package static func folded(_ name: String) -> String {
        String(decoding: name.utf8.map(fold), as: UTF8.self)
    }

    /// What of a name, in that form, is behind `prefix`, which is in that form too; nil where the name begins otherwise.
    package static func folded(_ name: String, behind prefix: String) -> String? {
        var (name, prefix) = (name, prefix)
        return name.withUTF8 { name in
            prefix.withUTF8 { prefix in
                guard name.count >= prefix.count, prefix.indices.allSatisfy({ fold(name[$0]) == prefix[$0] }) else {
                    return nil
                }
                return String(unsafeUninitializedCapacity: name.count - prefix.count) { room in
                    for index in prefix.count..<name.count {
                        room[index - prefix.count] = fold(name[index])
                    }
                    return name.count - prefix.count
                }
            }
        }
    }

    private static func same(_ one: String, _ other: String) -> Bool {
        one.utf8.count == other.utf8.count && zip(one.utf8, other.utf8).allSatisfy { fold($0) == fold($1) }
    }

    private static func fold(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte | 0x20
        case UInt8(ascii: "-"): UInt8(ascii: "_")
        default: byte
        }
    }
}
