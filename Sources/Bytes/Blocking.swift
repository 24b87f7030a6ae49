import Glibc

/// Runs `body`, in which this thread waits for something else than a processor: a disk, a lock, another service. A thread
/// of a pool that serves requests steps aside meanwhile, so that another one takes the next request; any other thread just
/// runs it.
package func blocking<Value, Problem: Error>(_ body: () throws(Problem) -> Value) throws(Problem) -> Value {
    let thread = PoolThread.current
    thread?.beginBlocking()
    defer { thread?.endBlocking() }
    return try body()
}

/// What a pool gives each of its threads, to be told when it blocks. Used by that thread alone.
package final class PoolThread {
    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        pthread_key_create(&key, nil)
        return key
    }()

    /// The calling thread's own; nil where it is no pool's.
    package static var current: PoolThread? {
        pthread_getspecific(key).map { Unmanaged<PoolThread>.fromOpaque($0).takeUnretainedValue() }
    }

    private let stepAside: () -> Void
    private let comeBack: () -> Void
    private var depth = 0

    /// `stepAside` is called when the thread begins to block, `comeBack` when it does no more.
    package init(stepAside: @escaping () -> Void, comeBack: @escaping () -> Void) {
        self.stepAside = stepAside
        self.comeBack = comeBack
    }

    /// Makes this the calling thread's own while `body` runs.
    package func adopt(_ body: () -> Void) {
        pthread_setspecific(Self.key, Unmanaged.passUnretained(self).toOpaque())
        body()
        pthread_setspecific(Self.key, nil)
    }

    package func beginBlocking() {
        depth += 1
        if depth == 1 { stepAside() }
    }

    package func endBlocking() {
        guard depth > 0 else { return }
        depth -= 1
        if depth == 0 { comeBack() }
    }

    /// Between two requests.
    package func reset() {
        depth = 0
    }
}
