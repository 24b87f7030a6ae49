import HTTP

/// What only this side knows of a record in another service, as one line of text: pairs as in a URL's query, which any
/// header takes.
struct RemoteTruth {
    /// Few enough to be looked through one after the other.
    private var pairs: [(name: String, value: String)] = []

    init() {}

    /// Nil where it is no such line.
    init?(_ text: String) {
        guard let pairs = queryPairs(text[...]) else { return nil }
        self.pairs = pairs
    }

    var text: String {
        pairs.map { "\($0.name)=\(percentEncoded($0.value))" }.joined(separator: "&")
    }

    subscript(_ key: String) -> String? {
        get { pairs.first { $0.name == key }?.value }
        set {
            pairs.removeAll { $0.name == key }
            if let newValue { pairs.append((key, newValue)) }
        }
    }

    subscript(number key: String) -> Int64? {
        get { self[key].flatMap { Int64($0) } }
        set { self[key] = newValue.map { String($0) } }
    }

    subscript(flag key: String) -> Bool {
        get { self[key] == "yes" }
        set { self[key] = newValue ? "yes" : nil }
    }
}
