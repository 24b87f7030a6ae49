import Dispatch
import Synchronization

/// Asks a server to give up the statement that a connection waits for. libpq does so over a connection of its own, and
/// waits there without a bound: hence on another thread.
struct PostgreSQLCancellation: @unchecked Sendable {
    // Safe to share: libpq allows this handle in any thread, and only the block below ends it.
    private let handle: PostgreSQLLibrary.CancelHandle
    private let library: PostgreSQLLibrary

    /// Threads that a server which does not even take such a wish may hold up.
    private static let underWayMax = 4
    private static let underWay = Mutex(0)

    /// Nil where there is no connection, or enough of them hang already.
    init?(_ connection: PostgreSQLLibrary.Handle, of library: PostgreSQLLibrary) {
        let isAllowed = Self.underWay.withLock { count in
            guard count < Self.underWayMax else { return false }
            count += 1
            return true
        }
        guard isAllowed else { return nil }
        guard let handle = library.getCancel(connection) else {
            Self.underWay.withLock { $0 -= 1 }
            return nil
        }
        (self.handle, self.library) = (handle, library)
    }

    func send() {
        DispatchQueue.global().async {
            withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { said in
                _ = library.cancel(handle, said.baseAddress, Int32(said.count))
            }
            library.freeCancel(handle)
            Self.underWay.withLock { $0 -= 1 }
        }
    }
}
