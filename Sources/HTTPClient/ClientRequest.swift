import Bytes
import HTTP

/// What is asked of a server.
package struct ClientRequest {
    package var method: String
    /// The path below the server's own, percent-encoded, and the query: `/images/1?x=y`.
    package var target: String
    package var headers: Headers
    /// A body that is at hand; nil for none. One that is not is written to an `HTTPUpload`.
    package var body: [UInt8]?
    /// Whether it may be sent again where nobody knows what became of it; at first what its method says (RFC 9110,
    /// section 9.2.2).
    package var isRepeatable: Bool
    /// By which another thread may end the exchange.
    package var cancellation: Cancellation?
    /// For whom it is asked: where they go away, nobody waits for the answer.
    package var recipient: Recipient?

    package init(_ method: String, _ target: String, headers: Headers = Headers(), body: [UInt8]? = nil) {
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
        isRepeatable = ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"].contains(method)
    }

    /// Whether nobody waits for the answer any more.
    var isCancelled: Bool { cancellation?.isCancelled == true }

    /// How a body's end is told.
    enum BodyLength: Equatable {
        case none
        case fixed(Int64)
        case chunked
    }

    func head(for server: ServerURL, _ length: BodyLength, expectsContinue: Bool = false) -> [UInt8] {
        var all = Headers(["Host": server.authority, "User-Agent": "glance"])
        for field in headers.fields { all.add(field.name, field.value) }
        switch length {
        case .none: break
        case .fixed(let count): all.add("Content-Length", String(count))
        case .chunked: all.add("Transfer-Encoding", "chunked")
        }
        if expectsContinue { all.add("Expect", "100-continue") }
        return messageHead([method, " ", server.path, target, " HTTP/1.1"], all)
    }
}

extension ClientRequest {
    var bodyLength: BodyLength {
        if let body { return .fixed(Int64(body.count)) }
        // A server may insist on a length where the method has a body (RFC 9110, section 8.6).
        return ["PUT", "POST"].contains(method) ? .fixed(0) : .none
    }
}
