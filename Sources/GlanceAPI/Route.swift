import GlanceModel
import GlanceWire
import HTTP

extension GlanceAPI {
    /// Finds the verb for a path and a method.
    func route(_ request: Request) throws -> Response {
        guard let segments = request.target.segments else { throw RequestFailure.unknownPath }
        if request.listener == .health { return try operators.respond(to: request, at: segments) }
        switch (segments.first, segments.count) {
        case (nil, _): return try collection(request, posts: false)
        case ("images", 1): return try collection(request, posts: true)
        case ("images", 2) where segments[1] == "detail":
            guard request.method.reads else { throw Self.notAllowed(["GET", "HEAD"]) }
            return try list(request, detailed: true)
        case ("images", 2): return try image(request, id: segments[1])
        default: throw RequestFailure.unknownPath
        }
    }

    private func collection(_ request: Request, posts: Bool) throws -> Response {
        switch request.method {
        case .get, .head: return try list(request, detailed: false)
        case .post where posts: return try addImage(request)
        default: throw Self.notAllowed(posts ? ["GET", "HEAD", "POST"] : ["GET", "HEAD"])
        }
    }

    private func image(_ request: Request, id: String) throws -> Response {
        switch request.method {
        case .get, .head: return try showImage(request, id: try known(id))
        case .put: return try changeImage(request, id: try known(id))
        case .delete: return try deleteImage(request, id: try known(id))
        case .post: throw Self.notAllowed(["GET", "HEAD", "PUT", "DELETE"], hint: Self.postHint)
        case .other: throw Self.notAllowed(["GET", "HEAD", "PUT", "DELETE"])
        }
    }

    /// A text that cannot be an id names no image.
    private func known(_ text: String) throws(Failure) -> ImageID {
        guard let id = ImageID(text) else { throw .notFound(text) }
        return id
    }

    private static let postHint =
        "; to add an image, POST to /images (curl -T puts the file's name behind a slash: write the URL without one)"

    private static func notAllowed(_ methods: [String], hint: String = "") -> RequestFailure {
        .methodNotAllowed(allowed: methods, hint: hint)
    }
}

extension Request.Method {
    var reads: Bool { self == .get || self == .head }
}
