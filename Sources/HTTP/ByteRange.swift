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
        let specs = field.dropFirst(6).split(separator: ",", omittingEmptySubsequences: false)
        guard specs.count == 1 else { return .whole }
        let ends = specs[0].filter { $0 != " " }.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard ends.count == 2 else { return .unsatisfiable }
        return bounds(from: ends[0], to: ends[1], size: size)
    }

    private static func bounds(from first: some StringProtocol, to last: some StringProtocol, size: Int64)
        -> RangeRequest
    {
        if first.isEmpty {
            guard let suffix = decimal(last), suffix > 0 else { return .unsatisfiable }
            return .part(ByteRange(first: max(0, size - suffix), last: size - 1))
        }
        guard let start = decimal(first), start < size else { return .unsatisfiable }
        if last.isEmpty { return .part(ByteRange(first: start, last: size - 1)) }
        guard let end = decimal(last), end >= start else { return .unsatisfiable }
        return .part(ByteRange(first: start, last: min(end, size - 1)))
    }

    /// Digits and nothing else; nil also where the number does not fit 63 bits.
    private static func decimal(_ text: some StringProtocol) -> Int64? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        return Int64(text)
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
