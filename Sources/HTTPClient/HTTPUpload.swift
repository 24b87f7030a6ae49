import Bytes
import HTTP

/// A request whose body is on its way: written piece by piece, then finished.
package final class HTTPUpload {
    private let connection: HTTPConnection
    private let method: String
    private let isChunked: Bool
    private var rest: Int64
    private var early: AnswerHead?
    private let giveBack: (HTTPConnection) -> Void

    init(
        on connection: HTTPConnection, method: String, length: Int64?, giveBack: @escaping (HTTPConnection) -> Void
    ) {
        self.connection = connection
        self.method = method
        isChunked = length == nil
        rest = length ?? 0
        self.giveBack = giveBack
    }

    /// Sends more of the body: false once the server has answered without waiting for the rest. Then the rest is of no
    /// use, and `finish` has the answer.
    package func write(_ bytes: UnsafeRawBufferPointer) throws(HTTPClientError) -> Bool {
        guard early == nil else { return false }
        guard !bytes.isEmpty else { return true }
        guard isChunked else {
            rest -= Int64(bytes.count)
            precondition(rest >= 0, "more of a body than its length")
            return try send(bytes)
        }
        let size = Array((String(bytes.count, radix: 16) + "\r\n").utf8)
        guard try send(size), try send(bytes) else { return false }
        return try send(Array("\r\n".utf8))
    }

    /// The server's answer. Where the body is not whole the connection does not outlive it.
    package func finish() throws(HTTPClientError) -> ClientAnswer {
        if isChunked, early == nil { _ = try send(Array("0\r\n\r\n".utf8)) }
        let isWhole = early == nil && rest == 0
        let head = if let early { early } else { try finalHead() }
        let giveBack = isWhole ? giveBack : { _ in }
        return ClientAnswer(head, try BodyFraming(head, answering: method), on: connection, giveBack: giveBack)
    }

    private func send(_ bytes: [UInt8]) throws(HTTPClientError) -> Bool {
        try bytes.withUnsafeBufferPointer { bytes throws(HTTPClientError) in try send(UnsafeRawBufferPointer(bytes)) }
    }

    private func send(_ bytes: UnsafeRawBufferPointer) throws(HTTPClientError) -> Bool {
        do throws(HTTPClientError) {
            return try connection.write(bytes) { () throws(HTTPClientError) in try hasAnswered() }
        } catch .closed {
            // A server that answers and closes: what it said may still be there.
            guard try hasAnswered() else { throw .closed }
            return false
        }
    }

    private func hasAnswered() throws(HTTPClientError) -> Bool {
        while early == nil, let head = try connection.readHeadNow() {
            if head.status >= 200 { early = head }
        }
        return early != nil
    }

    private func finalHead() throws(HTTPClientError) -> AnswerHead {
        try connection.readFinalHead()
    }
}

extension HTTPConnection {
    /// The head of the answer itself: interim ones before it (RFC 9110, section 15.2) say nothing that matters here.
    func readFinalHead() throws(HTTPClientError) -> AnswerHead {
        while true {
            let head = try readHead()
            if head.status >= 200 { return head }
        }
    }
}
