import HTTP

/// Status and header fields of an answer (RFC 9112, sections 4 and 5).
package struct AnswerHead: Sendable {
    package let status: Int
    package let headers: Headers
    /// False for HTTP/1.0, whose connections end with the answer.
    let isVersion11: Bool
}

/// How an answer's body ends (RFC 9112, section 6.3).
enum BodyFraming: Equatable {
    case none
    case fixed(Int64)
    case chunked
    case untilClose

    /// Throws `malformed` where the fields contradict each other: then nobody knows where the next answer begins.
    init(_ head: AnswerHead, answering method: String) throws(HTTPClientError) {
        if method == "HEAD" || head.status == 204 || head.status == 304 {
            self = .none
            return
        }
        let lengths = Set(head.headers.all("content-length").map(\.value))
        guard let coding = head.headers.joined("transfer-encoding") else {
            guard let length = lengths.first else {
                self = .untilClose
                return
            }
            guard lengths.count == 1, let count = decimalNumber(length) else {
                throw .malformed("its Content-Length is no number, or several")
            }
            self = .fixed(count)
            return
        }
        guard coding.lowercased() == "chunked", lengths.isEmpty else {
            throw .malformed("its Transfer-Encoding is not chunked alone")
        }
        self = .chunked
    }
}

extension AnswerHead {
    /// Whether the server keeps the connection open behind this answer.
    var keepsConnection: Bool {
        guard isVersion11 else { return false }
        let options = headers.joined("connection")?.lowercased().split(separator: ",") ?? []
        return !options.contains { $0.filter { $0 != " " && $0 != "\t" } == "close" }
    }
}
