/// Free properties of an image: keys of lower-case letters, digits and `_`, each with one value.
package struct ImageProperties: Equatable, Sendable {
    /// In the order of their keys.
    package private(set) var pairs: [(key: String, value: String)] = []

    package init() {}

    /// From a record or an answer: taken as they are, whatever their keys. Of one key the last value counts.
    package init(recorded pairs: [(key: String, value: String)]) {
        // Nearly always. Sorted, there may be any number of them.
        if zip(pairs, pairs.dropFirst()).allSatisfy({ $0.key < $1.key }) {
            self.pairs = pairs
            return
        }
        self.pairs.reserveCapacity(pairs.count)
        for pair in pairs.sorted(by: { $0.key < $1.key }) {
            if self.pairs.last?.key == pair.key { self.pairs.removeLast() }
            self.pairs.append(pair)
        }
    }

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
        pairs.insert((key, value), at: place(of: key))
    }

    /// Puts `other`'s properties over these.
    package mutating func merge(_ other: ImageProperties) {
        for (key, value) in other.pairs {
            let place = place(of: key)
            if place < pairs.endIndex, pairs[place].key == key {
                pairs[place].value = value
            } else {
                pairs.insert((key, value), at: place)
            }
        }
    }

    /// Removes one; returns its value.
    package mutating func take(_ key: String) -> String? {
        let value = self[key]
        if value != nil { pairs.remove(at: place(of: key)) }
        return value
    }

    /// Those whose keys begin with other bytes.
    package func without(prefix: String) -> ImageProperties {
        var rest = ImageProperties()
        rest.pairs = pairs.filter { !$0.key.utf8.starts(with: prefix.utf8) }
        return rest
    }

    package subscript(_ key: String) -> String? {
        let place = place(of: key)
        return place < pairs.endIndex && pairs[place].key == key ? pairs[place].value : nil
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

    /// Where a key is, or would be. Found by halves: a body of JSON can have tens of thousands.
    private func place(of key: String) -> Int {
        var (low, high) = (pairs.startIndex, pairs.endIndex)
        while low < high {
            let middle = (low + high) / 2
            if pairs[middle].key < key { low = middle + 1 } else { high = middle }
        }
        return low
    }

    package static func == (one: ImageProperties, other: ImageProperties) -> Bool {
        one.pairs.elementsEqual(other.pairs) { $0.key == $1.key && sameBytes($0.value, $1.value) }
    }
}
