import Bytes
import Digest
import Dispatch

/// The SHA-256 of a stream, computed beside the thread that sends it: a piece is hashed while it is on its way.
///
/// `@unchecked`: digest and piece are the queue's while `hash` runs, whose caller waits for it, and the caller's otherwise.
final class DigestBeside: @unchecked Sendable {
    /// Enough that to wake the other thread costs little beside the hashing.
    static let pieceBytes = 256 * 1024

    private let digest: StreamDigest
    private let queue = DispatchQueue(label: "digest")
    private let isHashed = DispatchSemaphore(value: 0)

    init() throws(GlanceError) {
        digest = try newDigest()
    }

    /// Hashes `piece` while `body` does what it does with it. Returns when both are done.
    func hash<Value>(
        _ piece: UnsafeRawBufferPointer, while body: () throws(GlanceError) -> Value
    ) throws(GlanceError) -> Value {
        nonisolated(unsafe) let piece = piece
        queue.async {
            self.digest.update(piece)
            self.isHashed.signal()
        }
        defer { isHashed.wait() }
        return try body()
    }

    /// To be called once.
    func finish() -> String { digest.finish() }
}
