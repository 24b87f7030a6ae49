import Bytes

/// An answer: status, fields, and a body that is there already, streams by, or is made while it is sent.
package struct Response {
    package enum Body {
        case none
        case bytes([UInt8])
        /// Exactly `length` bytes of `source`; fewer is a transfer that broke, and the client must see it as one.
        case stream(any ByteSource, length: Int64)
        /// Of a length that nobody knows ahead.
        case produced((any ByteSink) throws -> Void)
    }

    package var status: Status
    package var headers: Headers
    package var body: Body
    /// Bytes that the gateway was told to send in place of a body.
    package var gatewayBytes: Int64 = 0

    package init(_ status: Status, headers: Headers = Headers(), body: Body = .none) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// Status line, fields and the blank line, with `prefix` before the status code (`HTTP/1.1 `, or CGI's `Status: `).
    package func head(prefix: String) -> [UInt8] {
        messageHead([prefix, String(status.code), " ", status.phrase], headers)
    }
}
