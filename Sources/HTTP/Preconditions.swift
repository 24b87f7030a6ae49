/// Conditional requests (RFC 9110, section 13): what the client's `If-…` fields say about what is there now.
package enum Preconditions: Equatable, Sendable {
    case proceed
    /// GET and HEAD: the client has it already (304).
    case notModified
    /// Nothing is to be done (412).
    case failed

    /// Evaluates in the order of section 13.2.2. `etag` is the strong tag with its quotes, nil where there is none;
    /// `lastModified` is in seconds since 1970. `exists` is false where there is nothing yet that could match.
    package static func evaluate(
        _ request: Request, etag: String?, lastModified: Int64?, exists: Bool = true
    ) -> Preconditions {
        let headers = request.headers
        if let wanted = headers.joined("if-match") {
            guard matches(wanted, etag, weakly: false, anyMatches: exists) else { return .failed }
        } else if let limit = headers["if-unmodified-since"].flatMap(HTTPDate.seconds), let lastModified {
            guard lastModified <= limit else { return .failed }
        }
        let reads = request.method == .get || request.method == .head
        if let known = headers.joined("if-none-match") {
            guard !matches(known, etag, weakly: true, anyMatches: etag != nil) else {
                return reads ? .notModified : .failed
            }
        } else if reads, let since = headers["if-modified-since"].flatMap(HTTPDate.seconds), let lastModified {
            guard lastModified > since else { return .notModified }
        }
        return .proceed
    }

    /// Whether a range may be answered (section 13.1.5): true without `If-Range`, and where it names what is there.
    package static func rangeApplies(_ request: Request, etag: String?, lastModified: Int64?) -> Bool {
        guard let condition = request.headers["if-range"] else { return true }
        if condition.hasPrefix("\"") { return condition == etag }
        guard let date = HTTPDate.seconds(condition) else { return false }
        return date == lastModified
    }

    private static func matches(_ list: String, _ etag: String?, weakly: Bool, anyMatches: Bool) -> Bool {
        if list == "*" { return anyMatches }
        guard let etag else { return false }
        return list.split(separator: ",").contains { candidate in
            let tag = candidate.drop { $0 == " " }.trimmingSuffix { $0 == " " }
            return tag == etag || weakly && tag == "W/" + etag
        }
    }
}

extension Substring {
    fileprivate func trimmingSuffix(while drops: (Character) -> Bool) -> Substring {
        var rest = self
        while let last = rest.last, drops(last) { rest.removeLast() }
        return rest
    }
}
