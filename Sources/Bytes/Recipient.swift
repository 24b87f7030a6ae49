import Glibc

/// Whoever bytes are for, known by the socket on which they go there.
package struct Recipient: Sendable {
    private let socket: Int32

    package init(socket: Int32) {
        self.socket = socket
    }

    /// Waits up to so many milliseconds for the other end to go away: true once it has. Nothing is read.
    package func isGone(withinMilliseconds milliseconds: Int32 = 0) -> Bool {
        var waited = pollfd(fd: socket, events: Self.peerHasEnded, revents: 0)
        return poll(&waited, 1, milliseconds) > 0
    }

    /// POLLRDHUP, which the Glibc module does not import. A gateway does not end half of a connection.
    private static let peerHasEnded: Int16 = 0x2000
}
