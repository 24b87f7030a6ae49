import Dispatch
import Foundation
import Synchronization

/// Something that goes on while the test does, on a thread of its own: queues share a bounded number of threads, and many
/// tests block at a time.
final class ThreadBeside<Value: Sendable>: Sendable {
    private let result = Mutex<Value?>(nil)
    private let isDone = DispatchSemaphore(value: 0)

    init(_ body: @escaping @Sendable () -> Value) {
        Thread.detachNewThread {
            let value = body()
            self.result.withLock { $0 = value }
            self.isDone.signal()
        }
    }

    /// What the thread ended with; nil where it did not end in a minute. To be called once.
    func value() -> Value? {
        guard isDone.wait(timeout: .now() + 60) == .success else { return nil }
        return result.withLock { $0 }
    }
}
