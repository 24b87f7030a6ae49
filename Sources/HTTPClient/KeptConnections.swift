import Sockets
import Synchronization

/// Connections between exchanges.
///
/// `@unchecked Sendable`: a connection is taken out under the lock, and then in one thread's hands.
final class KeptConnections: @unchecked Sendable {
    /// Servers close what is idle, OpenStack Swift after 60 seconds.
    private static let secondsMax = 30
    private static let countMax = 32

    private struct Kept: @unchecked Sendable {
        let connection: HTTPConnection
        let origin: Origin
        let deadline: Deadline
    }

    private struct Origin: Equatable {
        let isSecure: Bool
        let host: String
        let port: UInt16

        init(_ server: ServerURL) {
            (isSecure, host, port) = (server.isSecure, server.host, server.port)
        }
    }

    private let all = Mutex<[Kept]>([])

    /// The connection to that server that was used last; nil where there is none that is still good.
    func take(_ server: ServerURL) -> HTTPConnection? {
        let origin = Origin(server)
        while let kept = all.withLock({ all in
            all.removeAll { $0.deadline.isPast }
            return all.lastIndex { $0.origin == origin }.map { all.remove(at: $0) }
        }) {
            if !kept.connection.isStale { return kept.connection }
        }
        return nil
    }

    func put(_ connection: HTTPConnection, for server: ServerURL) {
        let kept = Kept(
            connection: connection, origin: Origin(server), deadline: Deadline(seconds: Self.secondsMax))
        all.withLock { all in
            if all.count >= Self.countMax { all.removeFirst() }
            all.append(kept)
        }
    }
}
