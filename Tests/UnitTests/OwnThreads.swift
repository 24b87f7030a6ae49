import Dispatch
import Foundation
import Synchronization

/// Runs tasks of a test on threads of their own: on those that all tests share, others block.
func onOwnThreads<Value: Sendable>(
    _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withTaskExecutorPreference(ThreadsExecutor.shared) { try await body() }
}

final class ThreadsExecutor: TaskExecutor {
    static let shared = ThreadsExecutor(count: 8)

    private let jobs = Mutex<[UnownedJob]>([])
    private let hasJob = DispatchSemaphore(value: 0)

    init(count: Int) {
        for _ in 0..<count {
            Thread.detachNewThread {
                while true { self.runNext() }
            }
        }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
        hasJob.signal()
    }

    private func runNext() {
        hasJob.wait()
        let job = jobs.withLock { $0.removeFirst() }
        job.runSynchronously(on: asUnownedTaskExecutor())
    }
}
