import Bytes
import GlanceModel
import GlanceWire
import HTTP

/// The API of the Glance documentation, in front of the image service: a request in, an answer out. One verb a file;
/// everything that goes wrong on the way is caught here and nowhere else.
package struct GlanceAPI: Sendable {
    package struct Settings: Sendable {
        /// Where clients find this service, without a slash at its end; nil: where the request says it came to.
        package var publicURL: String?
        /// The hosts, with or without a port, that requests may be for, in lower case; empty: any.
        package var hosts: Set<String> = []
        /// Bytes that one image's own fields may take as header lines.
        package var headerBytesMax = 8192
        /// Bytes of a JSON body.
        package var jsonBytesMax: Int64 = 256 * 1024
        /// Seconds in which all of it has to come.
        package var jsonSecondsMax: Int64 = 30

        /// False: they are in another service, and this one cannot keep those of a third, or its own.
        package var keepsRecords = true

        package init() {}
    }

    let images: ImageService
    let settings: Settings
    let operators: OperatorRoutes
    let authenticate: @Sendable (Request) throws(Failure) -> Identity
    /// Nil where nginx has nobody to ask here.
    let identityRoute: IdentityRoute?
    private let report: @Sendable (Report) -> Void
    private let audit: @Sendable (Audit) -> Void

    package init(
        images: ImageService, settings: Settings, operators: OperatorRoutes,
        authenticate: @escaping @Sendable (Request) throws(Failure) -> Identity, identityRoute: IdentityRoute? = nil,
        report: @escaping @Sendable (Report) -> Void, audit: @escaping @Sendable (Audit) -> Void
    ) {
        self.images = images
        self.settings = settings
        self.operators = operators
        self.authenticate = authenticate
        self.identityRoute = identityRoute
        self.report = report
        self.audit = audit
    }

    package func respond(to request: Request) -> Response {
        var (identity, failure): (Identity?, Failure?)
        var response: Response
        do {
            response = try route(request, by: &identity)
        } catch let caught as Failure {
            failure = caught
            if let reason = caught.operatorReason { report(Report(request: request, reason: reason)) }
            response = answer(to: caught, for: request)
        } catch let caught as RequestFailure {
            response = error(caught.status, caught.message, for: request)
            for field in caught.headers.fields { response.headers.add(field.name, field.value) }
        } catch let unforeseen {
            report(Report(request: request, reason: "unforeseen: \(unforeseen)"))
            response = error(.internalServerError, Self.unforeseenMessage, for: request)
        }
        if let line = Audit(request, by: identity, failure: failure, response: response) { audit(line) }
        return finished(consume response, for: request)
    }

    private func answer(to failure: Failure, for request: Request) -> Response {
        var response = error(failure.status, failure.message, for: request)
        if let seconds = failure.retryAfterSeconds { response.headers.add("Retry-After", String(seconds)) }
        if failure == .loginNeeded, let challenge = request.login?.challenge, !challenge.isEmpty {
            response.headers.add("WWW-Authenticate", challenge)
        }
        return response
    }

    /// The answer where the gateway sent what is no request.
    package func respond(toMalformed reason: String, id: String) -> Response {
        let request = Request(method: .get, target: RequestTarget("/"), id: id)
        return finished(error(.badRequest, printable(reason), for: request), for: request)
    }

    private static let unforeseenMessage = "Something unforeseen happened here: tell the operator the request id."

    private func error(_ status: Status, _ message: String, for request: Request) -> Response {
        ErrorBody.response(
            status, message, requestID: request.id, asJSON: prefersJSON(request.headers.joined("accept")))
    }

    private func finished(_ response: consuming Response, for request: Request) -> Response {
        response.headers.add("X-Request-Id", request.id)
        response.headers.add("X-Content-Type-Options", "nosniff")
        if case .bytes(let bytes) = response.body { response.headers.add("Content-Length", String(bytes.count)) }
        if case .stream(_, let length) = response.body { response.headers.add("Content-Length", String(length)) }
        if request.method == .head { response.body = .none }
        return response
    }
}

/// Something that the operator should know.
package struct Report: Sendable {
    package let requestID: String
    package let reason: String

    init(request: Request, reason: String) {
        requestID = request.id
        self.reason = reason
    }
}
