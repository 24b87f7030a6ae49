import HTTP

/// What can be wrong with a request before it says anything of an image.
package enum RequestFailure: Error, Equatable, Sendable {
    case unknownPath
    case methodNotAllowed(allowed: [String], hint: String)
    case multipart
    case encodedBody(header: String)
    case jsonBesideHeaders
    case jsonTooLong(limit: Int)
    case badQuery(parameter: String, problem: String)
    case rangeNotSatisfiable(size: Int64)
    case keepsNoRecords
    case foreignHost(String)

    package var status: Status {
        switch self {
        case .unknownPath: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .multipart, .encodedBody: .unsupportedMediaType
        case .jsonBesideHeaders, .badQuery, .keepsNoRecords: .badRequest
        case .jsonTooLong: .contentTooLarge
        case .rangeNotSatisfiable: .rangeNotSatisfiable
        case .foreignHost: .misdirectedRequest
        }
    }

    package var message: String {
        switch self {
        case .unknownPath:
            "There is nothing under this path: images are under /images/."
        case .methodNotAllowed(let allowed, let hint):
            "This path answers \(allowed.joined(separator: ", ")) alone\(hint)."
        case .multipart:
            "A multipart body is not taken: send the image alone as the body, as in curl -T FILE -X POST -H 'x-image-meta-name: NAME' -H 'x-image-meta-type: raw' URL/images"
        case .encodedBody(let header):
            "A body with this \(header) is not taken: send the image's bytes as they are."
        case .jsonBesideHeaders:
            "Metadata came as JSON and as x-image-meta-* headers: send one of the two. (A body of type application/json is metadata; send an image as application/octet-stream.)"
        case .jsonTooLong(let limit):
            "The JSON body is too long: send at most \(limit) bytes. (A body of type application/json is metadata; send an image as application/octet-stream.)"
        case .badQuery(let parameter, let problem):
            "The query parameter \(parameter) is not right: \(problem)."
        case .rangeNotSatisfiable(let size):
            "The image has \(size) bytes, and the range asked for has none of them."
        case .keepsNoRecords:
            "This service keeps its own records in another one, and so cannot be a registry: name that other one."
        case .foreignHost(let host):
            "This service is not “\(excerpt(host))”: use its own name, or have the operator add this one to hosts."
        }
    }

    /// Fields that go with the answer.
    package var headers: Headers {
        switch self {
        case .methodNotAllowed(let allowed, _): Headers(["Allow": allowed.joined(separator: ", ")])
        case .rangeNotSatisfiable(let size): Headers(["Content-Range": "bytes */\(size)"])
        default: Headers()
        }
    }
}
