import Bytes

/// Bytes in both directions between this process and one peer, used by one thread at a time. Every wait has a bound.
package protocol Channel: ByteSource, ByteSink {
    /// The bound of each wait for the peer, in either direction; a peer that is silent for longer is
    /// `StreamError.timedOut`.
    var idleSeconds: Int { get set }

    /// Sends as much as there is room for and returns how much that was. Waits for room, but not once something comes in:
    /// then it is 0, because a peer that answers may have stopped taking anything.
    func writePart(_ bytes: UnsafeRawBufferPointer) throws -> Int

    /// The socket below, for whoever ends the connection from another thread.
    var number: Int32 { get }

    /// What has come in already, without waiting: nil where nothing has, 0 at the end.
    func readNow(into buffer: UnsafeMutableRawBufferPointer) throws -> Int?
}
