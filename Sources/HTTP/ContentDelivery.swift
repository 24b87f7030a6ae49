/// How a representation of known size answers a GET or HEAD: the one decision between 200, 206, 304, 412 and 416,
/// whichever store holds the bytes and whoever sends them.
package enum ContentDelivery: Equatable, Sendable {
    case whole
    case part(ByteRange)
    case notModified
    case preconditionFailed
    case rangeNotSatisfiable

    package init(_ request: Request, size: Int64, etag: String, lastModified: Int64) {
        switch Preconditions.evaluate(request, etag: etag, lastModified: lastModified) {
        case .failed: self = .preconditionFailed
        case .notModified: self = .notModified
        case .proceed: self = Self.range(request, size: size, etag: etag, lastModified: lastModified)
        }
    }

    private static func range(_ request: Request, size: Int64, etag: String, lastModified: Int64) -> ContentDelivery {
        // RFC 9110, section 14.2: Range means something for GET alone.
        guard request.method == .get, Preconditions.rangeApplies(request, etag: etag, lastModified: lastModified) else {
            return .whole
        }
        switch RangeRequest(request.headers["range"], size: size) {
        case .whole: return .whole
        case .part(let range): return .part(range)
        case .unsatisfiable: return .rangeNotSatisfiable
        }
    }
}
