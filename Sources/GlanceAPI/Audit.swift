import GlanceModel
import GlanceWire
import HTTP

/// What became of a request that would change something, and who asked for it: one a request, whether it was done or not.
package struct Audit: Sendable {
    package enum Action: String, Sendable {
        case add, data, update, delete
    }

    package let requestID: String
    /// Nil where nobody could find out.
    package let identity: Identity?
    package let action: Action
    /// Empty where the client named none, and none was made.
    package let image: String
    package let status: Status

    /// Nil for a request that changes nothing.
    init?(_ request: Request, by identity: Identity?, failure: Failure?, response: Response) {
        guard request.listener == .public, let segments = request.target.segments, segments.first == "images",
            let action = Self.action(of: request)
        else { return nil }
        requestID = request.id
        self.identity = identity
        self.action = action
        status = response.status
        image = excerpt(segments.count > 1 ? segments[1] : Self.added(request, failure, response))
    }

    private static func action(of request: Request) -> Action? {
        switch request.method {
        case .post: .add
        case .put: ImageSubmission.hasData(request) ? .data : .update
        case .delete: .delete
        case .get, .head, .other: nil
        }
    }

    /// The id that a POST was given, or else asked for.
    private static func added(_ request: Request, _ failure: Failure?, _ response: Response) -> String {
        if let uri = response.headers["location"] { return uri.split(separator: "/").last.map(String.init) ?? "" }
        if case .idTaken(let id) = failure { return id.text }
        return request.headers["x-image-meta-id"] ?? ""
    }

    /// What kind of caller it was: `operator`, `nobody`, `user`, `admin`, or `unknown`.
    package var role: String {
        switch identity {
        case .theOperator: "operator"
        case .anonymous: "nobody"
        case .user: "user"
        case .admin: "admin"
        case nil: "unknown"
        }
    }
}
