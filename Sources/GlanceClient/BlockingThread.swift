import Bytes
import Glibc
import HTTPClient
import Synchronization

/// A thread for work that blocks, which tasks must not do on theirs: what it is given it does in order, and it ends when
/// it is let go of.
final class BlockingThread: Sendable {
    private let queue = WorkQueue()

    init() throws(GlanceError) {
        var thread = pthread_t()
        let context = Unmanaged.passRetained(queue)
        let code = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<WorkQueue>.fromOpaque(context).takeRetainedValue().work()
                return nil
            }, context.toOpaque())
        guard code == 0 else {
            context.release()
            throw .file(PosixError("pthread_create", code: code).description)
        }
        pthread_detach(thread)
    }

    deinit {
        queue.end()
    }

    /// Does `body` on the thread while the task waits. Where the task is cancelled so is `cancellation`, which ends `body`.
    func run<Value: Sendable>(
        _ cancellation: Cancellation, _ body: @escaping @Sendable () throws(GlanceError) -> Value
    ) async throws(GlanceError) -> Value {
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Result<Value, GlanceError>, Never>) in
                queue.add {
                    continuation.resume(returning: Result { () throws(GlanceError) in try body() })
                }
            }
        } onCancel: {
            cancellation.cancel()
        }
        return try result.get()
    }
}

/// What a thread has still to do.
private final class WorkQueue: @unchecked Sendable {
    // `lock` and `changed` are made once and used through these addresses alone; the rest is touched under the lock.
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var jobs: [@Sendable () -> Void] = []
    private var hasEnded = false

    init() {
        pthread_mutex_init(lock, nil)
        pthread_cond_init(changed, nil)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(lock)
        changed.deallocate()
        lock.deallocate()
    }

    func add(_ job: @escaping @Sendable () -> Void) {
        pthread_mutex_lock(lock)
        jobs.append(job)
        pthread_cond_signal(changed)
        pthread_mutex_unlock(lock)
    }

    func end() {
        pthread_mutex_lock(lock)
        hasEnded = true
        pthread_cond_signal(changed)
        pthread_mutex_unlock(lock)
    }

    func work() {
        while let job = next() { job() }
    }

    private func next() -> (@Sendable () -> Void)? {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        while jobs.isEmpty {
            if hasEnded { return nil }
            pthread_cond_wait(changed, lock)
        }
        return jobs.removeFirst()
    }
}
