import Bytes
import Glibc

/// One connected stream socket, owned by the thread that serves it. Every wait has a bound.
package final class Connection: ByteSource, ByteSink {
    private static let noSignal = Int32(MSG_NOSIGNAL)

    private let descriptor: FileDescriptor

    package init(owning number: Int32) {
        descriptor = FileDescriptor(owning: number)
    }

    /// Bounds each wait for the peer, in either direction; a peer that is silent for longer is `StreamError.timedOut`.
    package func setIdleSeconds(_ seconds: Int) {
        let bound = timeval(tv_sec: seconds, tv_usec: 0)
        setOption(descriptor.number, SOL_SOCKET, SO_RCVTIMEO, bound)
        setOption(descriptor.number, SOL_SOCKET, SO_SNDTIMEO, bound)
    }

    package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        while true {
            let count = recv(descriptor.number, buffer.baseAddress, buffer.count, 0)
            if count >= 0 { return count }
            switch errno {
            case EINTR: continue
            case EAGAIN: throw StreamError.timedOut
            default: throw StreamError.closed
            }
        }
    }

    package func write(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes
        while !rest.isEmpty {
            let count = send(descriptor.number, rest.baseAddress, rest.count, Self.noSignal)
            if count < 0 {
                switch errno {
                case EINTR: continue
                case EAGAIN: throw StreamError.timedOut
                default: throw StreamError.closed
                }
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    /// Says that nothing more will be sent, while the peer may go on sending (shutdown(2)).
    package func finishWriting() {
        _ = shutdown(descriptor.number, Int32(SHUT_WR))
    }

    /// Reads and drops what the peer still sends until it closes, but for `secondsMax` seconds and `bytesMax` bytes at
    /// the most. Closing with unread input would make the peer lose the answer that was just sent.
    package func drain(secondsMax: Int, bytesMax: Int64, through chunk: Chunk) {
        setIdleSeconds(secondsMax)
        let deadline = Deadline(seconds: secondsMax)
        var rest = bytesMax
        while rest > 0, !deadline.isPast, let count = try? read(into: chunk.bytes), count > 0 { rest -= Int64(count) }
    }
}
