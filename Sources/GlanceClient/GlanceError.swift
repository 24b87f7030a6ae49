import GlanceWire
import HTTP
import HTTPClient

/// Everything that can go wrong between a program and a Glance, by what the program can do about it.
public enum GlanceError: Error, Equatable, Sendable {
    // The server answered, and refused.

    /// 400 and its like: a field, a size, a digest or a parameter is not right. (The documentation's `BadRequest`.)
    case badRequest(Refusal)
    /// 401: the server wants credentials, or does not take these.
    case loginNeeded(Refusal)
    /// 403: the image is somebody else's.
    case notAllowed(Refusal)
    /// 404: there is no such image, or none with data, or none for this user. (The documentation's `NotFound`.)
    case notFound(Refusal)
    /// 409: the id is taken, the data are there already, or the image has changed since it was read.
    /// (The documentation's `Duplicate`.)
    case conflict(Refusal)
    /// 412: a condition does not hold.
    case preconditionFailed(Refusal)
    /// 413: the image is larger than the server takes, or than its owner may still add.
    case tooLarge(Refusal)
    /// 507: the server has no room for it.
    case noSpace(Refusal)
    /// 503, 429 or 408: not now; `Refusal.retryAfterSeconds` may say when.
    case unavailable(Refusal)
    /// 500, 502 and their like: the operator's business.
    case serverFailed(Refusal)

    // There was no answer, or none that can be trusted.

    /// No connection to the server, or none whose certificate is right.
    case unreachable(String)
    /// The server was silent for too long, or not done in time.
    case timedOut(String)
    /// The connection ended before everything had passed.
    case brokenOff(String)
    /// What answers is no Glance, or a broken one.
    case malformed(String)
    /// The bytes are not those of the image: their number or their SHA-256 is another.
    case damaged(String)

    // It never got that far.

    /// What was to be sent is not right.
    case invalid(field: String, problem: String)
    /// A file here could not be read or written.
    case file(String)
    /// The task that wanted it was cancelled.
    case cancelled
}

/// A server's refusal.
public struct Refusal: Equatable, Sendable {
    /// The HTTP status code (RFC 9110, section 15).
    public let status: Int
    /// The server's own line: what, why and what to do.
    public let message: String
    /// By which the server's operator finds the request in the log; nil where the server gave none.
    public let requestID: String?
    /// Seconds after which the same request may fare better; nil where the server said nothing.
    public let retryAfterSeconds: Int?

    public init(status: Int, message: String, requestID: String? = nil, retryAfterSeconds: Int? = nil) {
        self.status = status
        self.message = message
        self.requestID = requestID
        self.retryAfterSeconds = retryAfterSeconds
    }
}

extension GlanceError {
    /// The server's refusal, where it was one.
    public var refusal: Refusal? {
        switch self {
        case .badRequest(let refusal), .loginNeeded(let refusal), .notAllowed(let refusal), .notFound(let refusal),
            .conflict(let refusal), .preconditionFailed(let refusal), .tooLarge(let refusal), .noSpace(let refusal),
            .unavailable(let refusal), .serverFailed(let refusal):
            refusal
        case .unreachable, .timedOut, .brokenOff, .malformed, .damaged, .invalid, .file, .cancelled: nil
        }
    }

    /// The server's table of failures and statuses (`FailureKind`), read backwards.
    init(_ refusal: Refusal) {
        self =
            switch FailureKind(status: refusal.status) {
            case .badRequest: .badRequest(refusal)
            case .loginNeeded: .loginNeeded(refusal)
            case .notAllowed: .notAllowed(refusal)
            case .notFound: .notFound(refusal)
            case .conflict: .conflict(refusal)
            case .preconditionFailed: .preconditionFailed(refusal)
            case .tooLarge: .tooLarge(refusal)
            case .noSpace: .noSpace(refusal)
            case .unavailable, .clientSilent: .unavailable(refusal)
            case .unforeseen, .badGateway: .serverFailed(refusal)
            case nil: .malformed("its status \(refusal.status) is none of this API. \(refusal.message)")
            }
    }

    init(_ error: HTTPClientError, of server: ServerURL, _ settings: GlanceClient.Settings) {
        self =
            switch error {
            case .unreachable(let reason): .unreachable(reason)
            case .timedOut: .timedOut("\(server.authority) was \(settings.lateness)")
            case .closed, .unwanted: .brokenOff("\(server.authority) ended the connection before everything had passed")
            case .malformed(let problem): .malformed("\(server.authority) does not answer as a Glance does: \(problem)")
            }
    }
}

extension GlanceClient.Settings {
    /// What a server was that was given up. Which of two bounds it was is not always known.
    fileprivate var lateness: String {
        let isSilent = "silent for too long"
        guard let requestSecondsMax else { return isSilent }
        let isLate = "not done within \(requestSecondsMax) seconds"
        return requestSecondsMax > idleSecondsMax ? "\(isSilent), or \(isLate)" : isLate
    }
}

extension GlanceError: CustomStringConvertible {
    /// One line, without a credential in it.
    public var description: String {
        switch self {
        case .badRequest(let refusal), .loginNeeded(let refusal), .notAllowed(let refusal), .notFound(let refusal),
            .conflict(let refusal), .preconditionFailed(let refusal), .tooLarge(let refusal), .noSpace(let refusal),
            .unavailable(let refusal), .serverFailed(let refusal):
            refusal.message
        case .unreachable(let text), .timedOut(let text), .brokenOff(let text), .malformed(let text),
            .damaged(let text), .file(let text):
            text
        case .invalid(let field, let problem): "the \(field) is not right: \(problem)"
        case .cancelled: "cancelled"
        }
    }
}
