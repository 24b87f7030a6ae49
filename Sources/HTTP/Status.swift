/// An HTTP status code and its standard phrase (RFC 9110, section 15).
package struct Status: Equatable, Sendable {
    package let code: Int
    package let phrase: String

    package static let ok = Status(code: 200, phrase: "OK")
    package static let partialContent = Status(code: 206, phrase: "Partial Content")
    package static let notModified = Status(code: 304, phrase: "Not Modified")
    package static let badRequest = Status(code: 400, phrase: "Bad Request")
    package static let unauthorized = Status(code: 401, phrase: "Unauthorized")
    package static let forbidden = Status(code: 403, phrase: "Forbidden")
    package static let notFound = Status(code: 404, phrase: "Not Found")
    package static let methodNotAllowed = Status(code: 405, phrase: "Method Not Allowed")
    package static let requestTimeout = Status(code: 408, phrase: "Request Timeout")
    package static let conflict = Status(code: 409, phrase: "Conflict")
    package static let preconditionFailed = Status(code: 412, phrase: "Precondition Failed")
    package static let contentTooLarge = Status(code: 413, phrase: "Content Too Large")
    package static let unsupportedMediaType = Status(code: 415, phrase: "Unsupported Media Type")
    package static let rangeNotSatisfiable = Status(code: 416, phrase: "Range Not Satisfiable")
    package static let misdirectedRequest = Status(code: 421, phrase: "Misdirected Request")
    package static let internalServerError = Status(code: 500, phrase: "Internal Server Error")
    package static let badGateway = Status(code: 502, phrase: "Bad Gateway")
    package static let serviceUnavailable = Status(code: 503, phrase: "Service Unavailable")
    package static let insufficientStorage = Status(code: 507, phrase: "Insufficient Storage")
}
