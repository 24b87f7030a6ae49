import GlanceModel
import GlanceWire
import HTTP

extension GlanceAPI {
    /// Who asks, whether here, and then what for. `identity` becomes known on the way.
    func route(_ request: Request, by identity: inout Identity?) throws -> Response {
        guard let segments = request.target.segments else { throw RequestFailure.unknownPath }
        switch request.listener {
        case .health: return try operators.respond(to: request, at: segments)
        case .identity: return try identities(request)
        case .public: break
        }
        try checkHost(of: request)
        guard settings.keepsRecords || request.headers[ReservedProperty.requestHeader] == nil else {
            throw RequestFailure.keepsNoRecords
        }
        let caller = try authenticate(request)
        identity = caller
        // Before anything is read: what is read may be newer than that, never older.
        let state = tellsState(request, to: caller) ? images.registry.state : nil
        var response = try verb(request, at: segments, for: caller)
        if let state { response.headers.add(ReservedProperty.stateHeader, state) }
        return response
    }

    /// Another Glance that keeps its records here is told what the registry is at; nobody else is.
    private func tellsState(_ request: Request, to caller: Identity) -> Bool {
        request.headers[ReservedProperty.requestHeader] != nil && caller.mayEverything
    }

    /// Finds the verb for a path and a method.
    private func verb(_ request: Request, at segments: [String], for caller: Identity) throws -> Response {
        switch (segments.first, segments.count) {
        case (nil, _): return try collection(request, posts: false, for: caller)
        case ("images", 1): return try collection(request, posts: true, for: caller)
        case ("images", 2) where segments[1] == "detail":
            guard request.method.reads else { throw Self.notAllowed(["GET", "HEAD"]) }
            return try list(request, detailed: true, for: caller)
        case ("images", 2): return try image(request, id: segments[1], for: caller)
        default: throw RequestFailure.unknownPath
        }
    }

    private func identities(_ request: Request) throws(Failure) -> Response {
        guard let route = identityRoute else {
            throw .gatewayUnready(reason: "nginx asks whose token it was given, and keystone_url is not set")
        }
        return try route.respond(to: request)
    }

    private func collection(_ request: Request, posts: Bool, for caller: Identity) throws -> Response {
        switch request.method {
        case .get, .head: return try list(request, detailed: false, for: caller)
        case .post where posts: return try addImage(request, for: caller)
        default: throw Self.notAllowed(posts ? ["GET", "HEAD", "POST"] : ["GET", "HEAD"])
        }
    }

    private func image(_ request: Request, id: String, for caller: Identity) throws -> Response {
        switch request.method {
        case .get, .head: return try showImage(request, id: try known(id), for: caller)
        case .put: return try changeImage(request, id: try known(id), for: caller)
        case .delete: return try deleteImage(request, id: try known(id), for: caller)
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
