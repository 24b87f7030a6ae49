import Bytes
import HTTP
import Sockets

/// One connection to a server, and what has come in on it but was not asked for yet.
final class HTTPConnection {
    private static let bufferBytes = 16 * 1024
    /// What is sent between two looks at the clock.
    private static let pieceBytes = 64 * 1024
    private static let interimMax = 16
    /// Between two looks at whether anybody still waits for the answer.
    private static let lookSeconds = 1

    private let channel: any Channel
    private let idleSecondsMax: Int
    /// Who may end the present exchange; told before the socket is closed.
    private var cancellation: Cancellation?
    /// Who waits for the present answer.
    var recipient: Recipient?
    /// When the present exchange has to be over; nil: whenever.
    private var deadline: Deadline?
    /// The bound of the next wait for the server.
    private var silenceSecondsMax: Int
    private let buffer = Chunk(count: bufferBytes)
    private var pending = 0..<0
    /// True once anything of an answer has come.
    private(set) var hasAnswered = false
    /// Interim answers of the present exchange.
    private var interimCount = 0

    init(_ channel: any Channel, idleSecondsMax: Int) {
        self.channel = channel
        self.idleSecondsMax = idleSecondsMax
        silenceSecondsMax = idleSecondsMax
    }

    deinit {
        cancellation?.watch(nil)
    }

    func begin(for request: ClientRequest, deadline: Deadline?) throws(HTTPClientError) {
        self.deadline = deadline
        cancellation = request.cancellation
        recipient = request.recipient
        cancellation?.watch(channel.number)
        hasAnswered = false
        interimCount = 0
        silenceSecondsMax = idleSecondsMax
        try bound()
    }

    /// To be called when an exchange is over and both sides keep the connection. False where more has come than was asked
    /// for: such a connection is of no use.
    func end() -> Bool {
        cancellation?.watch(nil)
        recipient = nil
        defer { cancellation = nil }
        return pending.isEmpty && cancellation?.isCancelled != true
    }

    /// Whether the server has closed, or said something unasked, while nobody used the connection.
    var isStale: Bool {
        do { return try channel.readNow(into: buffer.bytes) != nil } catch { return true }
    }

    func write(_ bytes: [UInt8]) throws(HTTPClientError) {
        var sent = 0
        while sent < bytes.count {
            let piece = bytes[sent..<min(bytes.count, sent + Self.pieceBytes)]
            try bound()
            channel.idleSeconds = silenceSecondsMax
            try catching { try piece.withUnsafeBytes(channel.write) }
            sent += piece.count
        }
    }

    /// Sends all of `bytes`, looking at what comes in meanwhile: false, and perhaps not all of them, once `isAnswered`.
    func write(
        _ bytes: UnsafeRawBufferPointer, orUntil isAnswered: () throws(HTTPClientError) -> Bool
    ) throws(HTTPClientError) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            guard try !isAnswered() else { return false }
            try bound()
            channel.idleSeconds = silenceSecondsMax
            let count = try catching { try channel.writePart(rest) }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
        return true
    }

    /// The next head of an answer. An interim one is an answer too, of which an exchange has only so many.
    func readHead() throws(HTTPClientError) -> AnswerHead {
        var parser = AnswerHeadParser()
        while true {
            if let head = try parse(&parser) {
                if head.status < 200 { interimCount += 1 }
                guard interimCount <= Self.interimMax else {
                    throw .malformed("it has more than \(Self.interimMax) interim answers before it")
                }
                return head
            }
            guard try fill() else { throw .closed }
        }
    }

    /// The next head of an answer if it has begun to come; nil where nothing has.
    func readHeadNow() throws(HTTPClientError) -> AnswerHead? {
        if pending.isEmpty {
            let come = try catching { try channel.readNow(into: buffer.bytes) }
            guard let count = come else { return nil }
            guard count > 0 else { throw .closed }
            pending = 0..<count
        }
        return try readHead()
    }

    /// Waits up to `secondsMax` for an answer to begin: false where none does.
    func waitForAnswer(secondsMax: Int) throws(HTTPClientError) -> Bool {
        guard pending.isEmpty else { return true }
        silenceSecondsMax = min(secondsMax, try secondsLeft())
        defer { silenceSecondsMax = idleSecondsMax }
        do throws(HTTPClientError) {
            guard try receive() else { throw .closed }
            return true
        } catch .timedOut {
            return false
        }
    }

    /// Bytes of a body as they come; 0 when the server has closed.
    func read(into room: UnsafeMutableRawBufferPointer) throws(HTTPClientError) -> Int {
        guard pending.isEmpty else {
            let count = min(room.count, pending.count)
            room.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer.bytes[pending.prefix(count)]))
            pending = pending.dropFirst(count)
            return count
        }
        try bound()
        return try receive(into: room)
    }

    /// Bytes of a chunked body.
    func read(_ decoder: inout ChunkedDecoder, into room: UnsafeMutableRawBufferPointer) throws(HTTPClientError) -> Int
    {
        while !decoder.isAtEnd {
            let input = UnsafeRawBufferPointer(rebasing: buffer.bytes[pending])
            let (consumed, produced) = try decoder.decode(input, into: room)
            pending = pending.dropFirst(consumed)
            if produced > 0 { return produced }
            if pending.isEmpty, !decoder.isAtEnd {
                guard try fill() else { throw .closed }
            }
        }
        return 0
    }

    private func parse(_ parser: inout AnswerHeadParser) throws(HTTPClientError) -> AnswerHead? {
        let piece = UnsafeRawBufferPointer(rebasing: buffer.bytes[pending])
        if !piece.isEmpty { hasAnswered = true }
        switch try parser.consume(piece) {
        case .needMore:
            pending = 0..<0
            return nil
        case .complete(let head, let consumed):
            pending = pending.dropFirst(consumed)
            return head
        }
    }

    /// Reads more into the buffer, which is empty; false at the end.
    private func fill() throws(HTTPClientError) -> Bool {
        try bound()
        return try receive()
    }

    private func receive() throws(HTTPClientError) -> Bool {
        let count = try receive(into: buffer.bytes)
        pending = 0..<count
        return count > 0
    }

    private func receive(into room: UnsafeMutableRawBufferPointer) throws(HTTPClientError) -> Int {
        try blocking { () throws(HTTPClientError) in try wait(into: room) }
    }

    /// One wait for the server, broken now and then by a look at whoever waits for its answer.
    private func wait(into room: UnsafeMutableRawBufferPointer) throws(HTTPClientError) -> Int {
        channel.idleSeconds = recipient == nil ? silenceSecondsMax : min(silenceSecondsMax, Self.lookSeconds)
        guard let recipient else { return try catching { try channel.read(into: room) } }
        let end = Deadline(seconds: silenceSecondsMax)
        while true {
            do throws(HTTPClientError) {
                return try catching { try channel.read(into: room) }
            } catch .timedOut {
                guard !recipient.isGone() else { throw .unwanted }
                guard !end.isPast else { throw .timedOut }
            }
        }
    }

    private func bound() throws(HTTPClientError) {
        if deadline != nil { silenceSecondsMax = min(idleSecondsMax, try secondsLeft()) }
    }

    private func secondsLeft() throws(HTTPClientError) -> Int {
        guard let deadline else { return idleSecondsMax }
        guard !deadline.isPast else { throw .timedOut }
        return (Int(deadline.milliseconds) + 999) / 1000
    }

    private func catching<Value>(_ body: () throws -> Value) throws(HTTPClientError) -> Value {
        do {
            return try body()
        } catch StreamError.timedOut {
            throw .timedOut
        } catch {
            throw .closed
        }
    }
}
