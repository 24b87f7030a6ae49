import Bytes
import Glibc
import Sockets
import Synchronization

/// The threads of one worker: each accepts on the one socket and serves what it got to its end. There are a few at rest,
/// and one more whenever all are busy, up to a bound; what is too many goes after a while of idleness.
final class ThreadPool: Sendable {
    struct Limits: Sendable {
        var threadsMin = 4
        var threadsMax: Int
    }

    /// Serves one connection; `thread` is a number from 0 that no other thread of the process has at that time.
    typealias Serve = @Sendable (_ connection: Connection, _ chunk: Chunk, _ thread: Int) -> Void

    private struct State {
        /// Numbers that no thread has.
        var free: [Int]
        var running = 0

        mutating func end(_ number: Int) {
            running -= 1
            free.append(number)
        }
    }

    private let listener: Listener
    private let limits: Limits
    private let serve: Serve
    private let onTurn: @Sendable () -> Void
    private let onError: @Sendable (PosixError) -> Void
    /// Threads begin and end under this lock.
    private let state: Mutex<State>
    private let slots: ThreadSlots
    private let isDraining = Atomic<Bool>(false)

    /// `onTurn` is called whenever a thread is about to wait for a connection.
    init(
        _ listener: consuming Listener, limits: Limits, onError: @escaping @Sendable (PosixError) -> Void,
        onTurn: @escaping @Sendable () -> Void = {}, serve: @escaping Serve
    ) {
        self.listener = listener
        self.limits = limits
        self.onError = onError
        self.serve = serve
        self.onTurn = onTurn
        state = Mutex(State(free: Array((0..<limits.threadsMax).reversed())))
        slots = ThreadSlots(count: limits.threadsMax)
    }

    func start() {
        interruptWaits()
        for _ in 0..<min(limits.threadsMin, limits.threadsMax) { addThread() }
    }

    /// Accepts nothing more, and waits until every request in hand is done: true, or false when `secondsMax` ran out.
    func drain(secondsMax: Int) -> Bool {
        let deadline = Deadline(seconds: secondsMax)
        var pause = Self.drainPauseMicrosecondsMin
        isDraining.store(true, ordering: .sequentiallyConsistent)
        while !deadline.isPast {
            let running = state.withLock { state in
                // A thread may just be on its way into `accept`, so the signal is given again until all have gone.
                slots.interruptWaits()
                return state.running
            }
            if running == 0 { return true }
            usleep(pause)
            pause = min(pause * 2, Self.drainPauseMicrosecondsMax)
        }
        return false
    }

    /// Ends the connections that are still in hand, so that whoever serves them notices, and takes back what is not whole.
    /// Always false: something was broken off.
    func breakOff() -> Bool {
        slots.shutDownConnections()
        _ = drain(secondsMax: Self.breakOffSecondsMax)
        return false
    }

    private static let breakOffSecondsMax = 2
    private static let drainPauseMicrosecondsMin: UInt32 = 1_000
    private static let drainPauseMicrosecondsMax: UInt32 = 100_000
    private static let errorPauseMicroseconds: UInt32 = 100_000

    /// One thread's life.
    private func run(_ number: Int) {
        Signals.unblock([SIGUSR1])
        slots.enter(number)
        let chunk = Chunk()
        while true {
            onTurn()
            slots.beginWaiting(number)
            let connection = isDraining.load(ordering: .sequentiallyConsistent) ? nil : accept()
            let isLast = slots.endWaiting(number, socket: connection?.number)
            if let connection {
                if isLast { addThread() }
                serve(connection, chunk, number)
                slots.endServing(number)
            } else if ends(number) {
                return
            }
        }
    }

    private func accept() -> Connection? {
        do {
            return try listener.accept()
        } catch {
            // Out of descriptors or memory: what is being served will free some.
            onError(error)
            usleep(Self.errorPauseMicroseconds)
            return nil
        }
    }

    /// Asked after a wait that brought nothing: the pool is to end, or has a thread too many. Deciding and leaving are one
    /// step: threads whose waits end together would otherwise all find themselves one too many.
    private func ends(_ number: Int) -> Bool {
        state.withLock { state in
            let isOneTooMany = state.running > limits.threadsMin && slots.isAnyWaiting
            guard isOneTooMany || isDraining.load(ordering: .sequentiallyConsistent) else { return false }
            state.end(number)
            return true
        }
    }

    private func addThread() {
        let number = state.withLock { state -> Int? in
            guard !isDraining.load(ordering: .sequentiallyConsistent), let number = state.free.popLast() else {
                return nil
            }
            state.running += 1
            return number
        }
        guard let number else { return }
        let code = Thread.start { self.run(number) }
        guard code != 0 else { return }
        onError(PosixError("pthread_create", code: code))
        state.withLock { state in
            state.running -= 1
            state.free.append(number)
        }
    }

    /// Makes SIGUSR1 break a wait and do nothing else.
    private func interruptWaits() {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in }
        sigaction(SIGUSR1, &action, nil)
    }
}

/// A thread of the system's own: the request path blocks, and must not do so on Swift's cooperative pool.
package enum Thread {
    private static let stackBytes = 512 * 1024

    private final class Body {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) {
            self.run = run
        }
    }

    /// Starts `body` on a new thread; the error number where there is none to be had, else 0.
    package static func start(_ body: @escaping @Sendable () -> Void) -> Int32 {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, stackBytes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        let context = Unmanaged.passRetained(Body(body))
        var thread = pthread_t()
        let code = pthread_create(
            &thread, &attributes,
            { context in
                guard let context else { return nil }
                Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, context.toOpaque())
        if code != 0 { context.release() }
        return code
    }
}
