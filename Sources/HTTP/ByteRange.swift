/// What a `Range` field (RFC 9110, section 14.2) asks of a representation of known size.
package enum RangeRequest: Equatable, Sendable {
    /// No range, several ranges, another unit than bytes, or a range of nothing: the whole.
    case whole
    /// The bytes from `first` to `last`, both included.
    case part(ByteRange)
    /// No byte of the representation lies in the range, or the field makes no sense.
    case unsatisfiable

    /// Decides as nginx does for the files that it sends, so that both answer alike: a malformed range is
    /// unsatisfiable, several ranges are the whole, and an empty representation is always sent whole.
    package init(_ field: String?, size: Int64) {
        self = Self.parse(field, size: size)
    }

    private static func parse(_ field: String?, size: Int64) -> RangeRequest {
        guard let field, field.utf8.count > 6, field.prefix(6).lowercased() == "bytes=", size > 0 else { return .whole }
        let ranges = field.dropFirst(6).split(separator: ",", omittingEmptySubsequences: false).map {
            bounds($0, size: size)
        }
        guard ranges.count > 1 else { return ranges[0] }
        return ranges.contains(.unsatisfiable) ? .unsatisfiable : .whole
    }

    /// One `first-last`, with blanks round each number as nginx allows them.
    private static func bounds(_ spec: Substring, size: Int64) -> RangeRequest {
        let ends = spec.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false).map(trimmed)
        guard ends.count == 2 else { return .unsatisfiable }
        if ends[0].isEmpty {
            guard let suffix = decimalNumber(ends[1]), suffix > 0 else { return .unsatisfiable }
            return .part(ByteRange(first: max(0, size - suffix), last: size - 1))
        }
        guard let start = decimalNumber(ends[0]), start < size else { return .unsatisfiable }
        if ends[1].isEmpty { return .part(ByteRange(first: start, last: size - 1)) }
        guard let end = decimalNumber(ends[1]), end >= start else { return .unsatisfiable }
        return .part(ByteRange(first: start, last: min(end, size - 1)))
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var rest = text.drop { $0 == " " }
        while rest.last == " " { rest.removeLast() }
        return rest
    }
}

/// Bytes `first` to `last` of something, both included, counted from 0.
package struct ByteRange: Equatable, Sendable {
    package let first: Int64
    package let last: Int64

    package init(first: Int64, last: Int64) {
        self.first = first
        self.last = last
    }

    package var count: Int64 { last - first + 1 }

    /// As `Content-Range` says it.
    package func contentRange(of size: Int64) -> String {
        "bytes \(first)-\(last)/\(size)"
    }
}
