import Bytes
import HTTP

/// A server's answer: its head, and a body that is read once. Letting go of it before the body's end closes the
/// connection; at the end the connection goes back to the client that made it.
package final class ClientAnswer: WaitingSource {
    package let head: AnswerHead
    private let framing: BodyFraming
    private var rest: Int64
    private var decoder = ChunkedDecoder()
    /// Nil once the body is at its end, or broken.
    private var connection: HTTPConnection?
    /// What broke the body off, for whoever asks again.
    private var failure: HTTPClientError?
    private let giveBack: (HTTPConnection) -> Void

    package var status: Int { head.status }
    package var headers: Headers { head.headers }

    /// Bytes of the body where the server said how many there are.
    package var contentLength: Int64? { if case .fixed(let count) = framing { count } else { nil } }

    /// For whom the body is read on: where they go away, a wait for more of it ends as `unwanted`.
    package func serve(_ recipient: Recipient) {
        connection?.recipient = recipient
    }

    init(
        _ head: AnswerHead, _ framing: BodyFraming, on connection: HTTPConnection,
        giveBack: @escaping (HTTPConnection) -> Void
    ) {
        self.head = head
        self.framing = framing
        self.connection = connection
        self.giveBack = giveBack
        rest = if case .fixed(let count) = framing { count } else { 0 }
        if framing == .none || framing == .fixed(0) { end() }
    }

    /// Throws `HTTPClientError` where the body breaks off: one that is too short never ends.
    package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        try receive(into: buffer)
    }

    /// As `read`.
    package func receive(into buffer: UnsafeMutableRawBufferPointer) throws(HTTPClientError) -> Int {
        if let failure { throw failure }
        guard let connection, !buffer.isEmpty else { return 0 }
        do throws(HTTPClientError) {
            return try receive(into: buffer, from: connection)
        } catch {
            self.connection = nil
            failure = error
            throw error
        }
    }

    private func receive(
        into buffer: UnsafeMutableRawBufferPointer, from connection: HTTPConnection
    ) throws(HTTPClientError) -> Int {
        switch framing {
        case .none: return 0
        case .fixed:
            let room = UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(Int(clamping: rest)))
            let count = try connection.read(into: room)
            guard count > 0 else { throw .closed }
            rest -= Int64(count)
            if rest == 0 { end() }
            return count
        case .chunked:
            let count = try connection.read(&decoder, into: buffer)
            if decoder.isAtEnd { end() }
            return count
        case .untilClose:
            let count = try connection.read(into: buffer)
            if count == 0 { self.connection = nil }
            return count
        }
    }

    private func end() {
        guard let connection else { return }
        self.connection = nil
        if head.keepsConnection { giveBack(connection) }
    }

    /// The whole body, which is short. Throws `malformed` where it has more than `bytesMax`.
    package func bytes(bytesMax: Int = 1 << 20) throws(HTTPClientError) -> [UInt8] {
        var all: [UInt8] = []
        let chunk = Chunk(count: 16 * 1024)
        while case let count = try receive(into: chunk.bytes), count > 0 {
            all += chunk.bytes[..<count]
            guard all.count <= bytesMax else { throw .malformed("its body is longer than \(bytesMax) bytes") }
        }
        return all
    }
}
