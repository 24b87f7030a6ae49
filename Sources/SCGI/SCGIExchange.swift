import Bytes
import HTTP
import Sockets

/// One request and its answer on one connection: the thin shell round the parser.
package final class SCGIExchange {
    package struct Limits: Sendable {
        package var header = SCGIHeaderParser.Limits()
        /// Seconds until the whole header block must be there.
        package var requestSecondsMax = 10
        /// Seconds without a byte, in either direction, after which the peer counts as gone.
        package var idleSecondsMax = 60
        /// How much, and for how long, a peer may go on sending a body that nobody wants.
        package var drainBytesMax: Int64 = 1 << 30
        package var drainSecondsMax = 5

        package init() {}
    }

    /// The block is read in pieces of this size, because what of the body comes with the last one is kept until it is
    /// asked for.
    private static let headerPieceBytes = 8 * 1024

    private let connection: Connection
    private let limits: Limits
    private let chunk: Chunk
    private var body: SCGIBody?

    /// `chunk` is the thread's own buffer, used while nothing else of the exchange needs it.
    package init(_ connection: Connection, limits: Limits, chunk: Chunk) {
        self.connection = connection
        self.limits = limits
        self.chunk = chunk
    }

    /// Bytes that have come from the gateway and gone to it so far, heads included.
    package var bytesIn: Int64 { connection.bytesRead }
    package var bytesOut: Int64 { connection.bytesWritten }

    /// Reads the header block. Throws `SCGIDefect` where an answer can still be given, `StreamError` where it cannot.
    package func readRequest() throws -> Request {
        let deadline = Deadline(seconds: limits.requestSecondsMax)
        connection.idleSeconds = limits.requestSecondsMax
        var parser = SCGIHeaderParser(limits: limits.header)
        let room = UnsafeMutableRawBufferPointer(rebasing: chunk.bytes.prefix(Self.headerPieceBytes))
        while true {
            let count = try connection.read(into: room)
            guard count > 0 else { throw StreamError.closed }
            let piece = UnsafeRawBufferPointer(rebasing: room[..<count])
            switch parser.consume(piece) {
            case .needMore:
                guard !deadline.isPast else { throw StreamError.timedOut }
            case .malformed(let defect):
                throw defect
            case .complete(let variables, let consumed):
                connection.idleSeconds = limits.idleSecondsMax
                let rest = UnsafeRawBufferPointer(rebasing: piece[consumed...])
                return try makeRequest(variables, bodyStart: [UInt8](rest))
            }
        }
    }

    private func makeRequest(_ variables: SCGIVariables, bodyStart: [UInt8]) throws(SCGIDefect) -> Request {
        let length = try variables.bodyLength()
        let body = SCGIBody(length: length ?? 0, start: bodyStart, connection: connection)
        self.body = body
        var request = Request(variables, bodyLength: length, body: body)
        request.bodyBytesHere = Int64(bodyStart.count)
        return request
    }

    /// Sends the answer, and ends the exchange so that the peer gets all of it, whatever it is still sending.
    package func send(_ response: Response) throws {
        let head = response.head(prefix: "Status: ")
        switch response.body {
        case .none:
            try write(head)
        case .bytes(let bytes):
            try write(head + bytes)
        case .stream(let source, let length):
            try write(head)
            try copy(source, length: length)
        case .produced(let produce):
            try write(head)
            try produce(connection)
        }
        finish()
    }

    private func write(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes(connection.write)
    }

    private func copy(_ source: any ByteSource, length: Int64) throws {
        var rest = length
        (source as? any WaitingSource)?.serve(Recipient(socket: connection.number))
        while rest > 0 {
            let wanted = UnsafeMutableRawBufferPointer(rebasing: chunk.bytes.prefix(Int(clamping: rest)))
            let count = try source.read(into: wanted)
            guard count > 0 else { throw StreamError.closed }
            try connection.write(UnsafeRawBufferPointer(rebasing: wanted[..<count]))
            rest -= Int64(count)
        }
    }

    private func finish() {
        guard body?.isWhole != true else { return }
        connection.finishWriting()
        connection.drain(secondsMax: limits.drainSecondsMax, bytesMax: limits.drainBytesMax, through: chunk)
    }
}
