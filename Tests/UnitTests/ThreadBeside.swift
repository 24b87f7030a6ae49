import Dispatch
import Synchronization

/// A thread beside the test's own, for the other end of a conversation.
final class ThreadBeside<Value: Sendable>: Sendable {
    private let result = Mutex<Value?>(nil)
    private let isDone = DispatchSemaphore(value: 0)

    init(_ body: @escaping @Sendable () -> Value) {
        DispatchQueue(label: "beside").async {
            let value = body()
            self.result.withLock { $0 = value }
            self.isDone.signal()
        }
    }

    /// What the thread ended with; nil where it did not end in 30 seconds. To be called once.
    func value() -> Value? {
        guard isDone.wait(timeout: .now() + 30) == .success else { return nil }
        return result.withLock { $0 }
    }
}
