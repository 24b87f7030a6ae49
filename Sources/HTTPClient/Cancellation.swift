import Dispatch
import Glibc
import Sockets
import Synchronization

/// Ends an exchange from another thread than the one that waits in it.
package final class Cancellation: Sendable {
    private struct State {
        var isCancelled = false
        /// The socket that the exchange waits for; nil while it has none.
        var socket: Int32?
    }

    private let state = Mutex(State())
    private let hasCome = DispatchSemaphore(value: 0)

    package init() {}

    package var isCancelled: Bool { state.withLock { $0.isCancelled } }

    /// Whoever waits for the peer learns that the connection has ended (shutdown(2)), now and from here on.
    package func cancel() {
        state.withLock { state in
            state.isCancelled = true
            if let socket = state.socket { _ = shutdown(socket, Int32(SHUT_RDWR)) }
        }
        hasCome.signal()
    }

    /// Waits for it; false where it has not come by then.
    package func comes(withinSeconds seconds: Int) -> Bool {
        guard hasCome.wait(timeout: .now() + .seconds(seconds)) == .success else { return isCancelled }
        hasCome.signal()
        return true
    }

    /// To be told while the socket is open; nil before it is closed, or given to others.
    func watch(_ socket: Int32?) {
        state.withLock { state in
            state.socket = socket
            if state.isCancelled, let socket { _ = shutdown(socket, Int32(SHUT_RDWR)) }
        }
    }
}
