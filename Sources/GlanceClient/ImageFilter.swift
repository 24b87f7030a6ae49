import HTTP

/// Which images a list holds, and in what order. Text compares by bytes.
public struct ImageFilter: Equatable, Sendable {
    public enum Visibility: String, Sendable {
        case publicOnly = "true"
        /// The caller's own; an admin's: everybody's.
        case privateOnly = "false"
        case all = "none"
    }

    public enum SortKey: String, CaseIterable, Sendable {
        case id, name, type, size, status
        case createdAt = "created_at"
        case updatedAt = "updated_at"
    }

    public var name: String?
    public var kind: ImageMetadata.Kind?
    public var status: ImageMetadata.Status?
    public var store: String?
    /// Bytes, both bounds included.
    public var sizeMin: Int64?
    public var sizeMax: Int64?
    /// Each with the value that it must have.
    public var properties: [String: String] = [:]
    public var visibility = Visibility.publicOnly
    /// Nil: in the order in which they were added.
    public var sortKey: SortKey?
    public var isDescending = false
    /// Images at the most; nil: all.
    public var limit: Int?
    /// The id of an image behind which the list begins.
    public var after: String?

    public init() {}

    /// As a query, for `count` images behind `marker`.
    package func query(count: Int, marker: String?) -> String {
        var pairs: [(String, String?)] = [
            ("name", name), ("type", kind?.rawValue), ("status", status?.rawValue), ("store", store),
            ("size_min", sizeMin.map { String($0) }), ("size_max", sizeMax.map { String($0) }),
            ("is_public", visibility == .publicOnly ? nil : visibility.rawValue), ("sort_key", sortKey?.rawValue),
            ("sort_dir", isDescending ? "desc" : nil), ("limit", String(count)), ("marker", marker),
        ]
        for (key, value) in properties.sorted(by: { $0.key < $1.key }) { pairs.append(("property-\(key)", value)) }
        return pairs.compactMap { name, value in value.map { "\(percentEncoded(name))=\(percentEncoded($0))" } }
            .joined(separator: "&")
    }
}
