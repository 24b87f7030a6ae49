/// Why an exchange with a server came to nothing.
package enum HTTPClientError: Error, Equatable, Sendable, CustomStringConvertible {
    /// There was no connection, or none that can be trusted.
    case unreachable(String)
    /// The server was silent for too long, or not done in time.
    case timedOut
    /// The connection ended before the answer was whole.
    case closed
    /// The answer is no HTTP/1.1, or more of it than is allowed.
    case malformed(String)
    /// Nobody waits for the answer any more.
    case unwanted

    package var description: String {
        switch self {
        case .unreachable(let reason): reason
        case .timedOut: "the server was silent for too long"
        case .closed: "the server ended the connection before its answer was whole"
        case .malformed(let problem): "the server's answer is not right: \(problem)"
        case .unwanted: "nobody waits for the answer any more"
        }
    }
}
