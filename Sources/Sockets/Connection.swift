import Bytes
import Glibc

/// One connected stream socket, owned by the thread that serves it. Every wait has a bound.
package final class Connection: Channel {
    /// Tried first without waiting: what nginx sends is usually there already, and room for an answer is too.
    private static let atOnce = Int32(MSG_DONTWAIT | MSG_NOSIGNAL)

    private let descriptor: FileDescriptor
    package var idleSeconds: Int {
        didSet { readsBlock = readsBlock && idleSeconds == oldValue }
    }
    /// True once a read had to wait: the next one will have to as well, and the kernel waits at the least cost.
    private var readsBlock = false

    /// Bytes that have come and gone so far.
    package private(set) var bytesRead: Int64 = 0
    package private(set) var bytesWritten: Int64 = 0

    package init(owning number: Int32, idleSeconds: Int = 60) {
        descriptor = FileDescriptor(owning: number)
        self.idleSeconds = idleSeconds
    }

    package var number: Int32 { descriptor.number }

    package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        while true {
            let count = recv(descriptor.number, buffer.baseAddress, buffer.count, readsBlock ? 0 : Self.atOnce)
            if count >= 0 {
                bytesRead += Int64(count)
                return count
            }
            switch errno {
            case EINTR: continue
            case EAGAIN where !readsBlock:
                setOption(descriptor.number, SOL_SOCKET, SO_RCVTIMEO, timeval(tv_sec: idleSeconds, tv_usec: 0))
                readsBlock = true
            case EAGAIN: throw StreamError.timedOut
            default: throw StreamError.closed
            }
        }
    }

    package func readNow(into buffer: UnsafeMutableRawBufferPointer) throws -> Int? {
        while true {
            let count = recv(descriptor.number, buffer.baseAddress, buffer.count, Self.atOnce)
            if count >= 0 {
                bytesRead += Int64(count)
                return count
            }
            switch errno {
            case EINTR: continue
            case EAGAIN: return nil
            default: throw StreamError.closed
            }
        }
    }

    package func write(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes
        while !rest.isEmpty {
            if let count = try writeNow(rest) {
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            } else {
                _ = try wait(for: POLLOUT)
            }
        }
    }

    package func writePart(_ bytes: UnsafeRawBufferPointer) throws -> Int {
        while true {
            if let count = try writeNow(bytes) { return count }
            if try wait(for: POLLOUT | POLLIN) & Int16(POLLOUT) == 0 { return 0 }
        }
    }

    /// Sends as much as there is room for, without waiting: nil where there is none. A peer that is gone raises no
    /// signal.
    package func writeNow(_ bytes: UnsafeRawBufferPointer) throws -> Int? {
        while true {
            let count = Glibc.send(descriptor.number, bytes.baseAddress, bytes.count, Self.atOnce)
            if count >= 0 {
                bytesWritten += Int64(count)
                return count
            }
            switch errno {
            case EINTR: continue
            case EAGAIN: return nil
            default: throw StreamError.closed
            }
        }
    }

    /// Waits up to `deadline`, which else is `idleSeconds` from now, and returns what has come about (poll(2)).
    package func wait(for events: Int32, until deadline: Deadline? = nil) throws -> Int16 {
        let deadline = deadline ?? Deadline(seconds: idleSeconds)
        var waited = pollfd(fd: descriptor.number, events: Int16(events), revents: 0)
        while true {
            let count = poll(&waited, 1, deadline.milliseconds)
            if count > 0 { return waited.revents }
            if count == 0 { throw StreamError.timedOut }
            guard errno == EINTR else { throw StreamError.closed }
        }
    }

    /// Says that nothing more will be sent, while the peer may go on sending (shutdown(2)).
    package func finishWriting() {
        _ = shutdown(descriptor.number, Int32(SHUT_WR))
    }

    /// Reads and drops what the peer still sends until it closes, but for `secondsMax` seconds and `bytesMax` bytes at
    /// the most. Closing with unread input would make the peer lose the answer that was just sent.
    package func drain(secondsMax: Int, bytesMax: Int64, through chunk: Chunk) {
        idleSeconds = secondsMax
        let deadline = Deadline(seconds: secondsMax)
        var rest = bytesMax
        while rest > 0, !deadline.isPast, let count = try? read(into: chunk.bytes), count > 0 { rest -= Int64(count) }
    }
}
