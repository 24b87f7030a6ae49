import Bytes
import Sockets

/// A request's body: what came behind the header block, then what the connection still brings, of a length that the
/// gateway has counted.
final class SCGIBody: ByteSource {
    private var rest: Int64
    private let start: MemorySource
    private let connection: Connection

    init(length: Int64, start: [UInt8], connection: Connection) {
        rest = length
        self.start = MemorySource(start)
        self.connection = connection
    }

    /// True once nothing of it is left to come.
    var isWhole: Bool { rest == 0 }

    /// Throws `StreamError.closed` when the client breaks off before the whole body was here.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard rest > 0 else { return 0 }
        let room = UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(Int(clamping: rest)))
        var count = start.read(into: room)
        if count == 0 { count = try connection.read(into: room) }
        guard count > 0 else { throw StreamError.closed }
        rest -= Int64(count)
        return count
    }
}
