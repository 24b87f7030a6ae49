/// Free properties of an image: keys of lower-case letters, digits and `_`, each with one value.
package struct ImageProperties: Equatable, Sendable {
    /// In the order of their keys.
    package private(set) var pairs: [(key: String, value: String)] = []

    package init() {}

    /// Adds one. Throws where the key is empty or there already, or where the value has a control character or a blank
    /// at either end.
    package mutating func add(_ name: String, _ value: String) throws(Failure) {
        let key = Self.key(name)
        guard !key.isEmpty else {
            throw .invalid(field: "properties", problem: "a property needs a name: nothing is left of “\(name)”")
        }
        guard isPlainText(value) else {
            throw .invalid(
                field: "property \(key)", problem: "its value has a control character, or a blank at its start or end")
        }
        guard self[key] == nil else {
            throw .invalid(
                field: "property \(key)", problem: "it was given twice (names that differ in case or marks are one)")
        }
        insert(key, value)
    }

    /// Puts `other`'s properties over these.
    package mutating func merge(_ other: ImageProperties) {
        for (key, value) in other.pairs {
            pairs.removeAll { $0.key == key }
            insert(key, value)
        }
    }

    package subscript(_ key: String) -> String? {
        pairs.first { $0.key == key }?.value
    }

    /// The key that a property's name folds to: lower case, `_` for whatever is no letter of ASCII, digit or `_`.
    package static func key(_ name: String) -> String {
        String(
            name.unicodeScalars.map { scalar in
                switch scalar {
                case "a"..."z", "0"..."9", "_": Character(scalar)
                case "A"..."Z": Character(Unicode.Scalar(UInt8(scalar.value) | 0x20))
                default: "_"
                }
            })
    }

    private mutating func insert(_ key: String, _ value: String) {
        let place = pairs.firstIndex { $0.key > key } ?? pairs.endIndex
        pairs.insert((key, value), at: place)
    }

    package static func == (one: ImageProperties, other: ImageProperties) -> Bool {
        one.pairs.elementsEqual(other.pairs, by: ==)
    }
}

extension ImageProperties {
    /// From records that passed `add` when they were made: taken as they are.
    package init(recorded pairs: [(key: String, value: String)]) {
        self.pairs = pairs.sorted { $0.key < $1.key }
    }
}
