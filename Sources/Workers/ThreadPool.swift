import Bytes
import Dispatch
import Glibc
import Sockets
import Synchronization

/// The threads of one worker: each accepts on the one socket and serves what it got to its end.
///
/// Only a few of them run at a time, as many as there are processors for: more would take turns on these, each with cold
/// caches, and serve a quarter less. Whoever blocks steps aside and lets another one take the next request
/// (`blocking`), and so does whoever is at one request for long. So there is always somebody to take a connection, and the
/// others are parked, the one that served last on top.
final class ThreadPool: Sendable {
    struct Limits: Sendable {
        /// Threads that stay when there is nothing to do.
        var threadsMin = 2
        var threadsMax: Int
        /// Threads that run requests at a time, but for those that block.
        var runningMax = 1
    }

    /// Serves one connection; `thread` is a number from 0 that no other thread of the process has at that time.
    typealias Serve = @Sendable (_ connection: Connection, _ chunk: Chunk, _ thread: Int) -> Void

    private let listener: Listener
    private let limits: Limits
    private let serve: Serve
    private let onTurn: @Sendable () -> Void
    private let onError: @Sendable (PosixError) -> Void
    /// What each thread does next is decided under this lock.
    private let state: Mutex<PoolState>
    private let slots: ThreadSlots
    private let isDraining = Atomic<Bool>(false)
    private let watch = DispatchSemaphore(value: 0)

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
        state = Mutex(PoolState(threadsMax: limits.threadsMax, runningMax: limits.runningMax))
        slots = ThreadSlots(count: limits.threadsMax)
    }

    /// Throws where the one thread cannot be had without which nothing is looked after.
    func start() throws(PosixError) {
        interruptWaits()
        let code = Thread.start { self.lookAfterLongRequests() }
        guard code == 0 else { throw PosixError("pthread_create", code: code) }
        for _ in 0..<min(limits.threadsMin, limits.threadsMax) {
            call(state.withLock { $0.callOneMore() })
        }
    }

    /// Accepts nothing more, and waits until every request in hand is done: true, or false when `secondsMax` ran out.
    func drain(secondsMax: Int) -> Bool {
        let deadline = Deadline(seconds: secondsMax)
        var pause = Self.drainPauseMicrosecondsMin
        isDraining.store(true, ordering: .sequentiallyConsistent)
        watch.signal()
        while !deadline.isPast {
            let alive = state.withLock { state in
                for number in state.parked { slots.unpark(number) }
                // A thread may just be on its way into `accept`, so the signal is given again until all have gone.
                slots.interruptWaits()
                return state.alive
            }
            if alive == 0 { return true }
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
    /// After so long without work a parked thread that is one too many ends.
    private static let parkedSecondsMax = 5

    // MARK: One thread's life

    private func run(_ number: Int) {
        Signals.unblock([SIGUSR1])
        slots.enter(number)
        let chunk = Chunk()
        let thread = PoolThread(
            stepAside: { if !self.isEnding { self.call(self.state.withLock { $0.stepAside(number) }) } },
            comeBack: { self.state.withLock { $0.comeBack(number) } })
        thread.adopt {
            while takeTurn(number, chunk) { thread.reset() }
        }
    }

    /// One wait for a connection and, where one came, what it asks for; false where the thread is to end.
    private func takeTurn(_ number: Int, _ chunk: Chunk) -> Bool {
        guard serveNext(number, chunk) else {
            return !state.withLock { $0.leavesDoor(number, threadsMin: limits.threadsMin, isEnding: isEnding) }
        }
        return state.withLock { $0.endServing(number) } || park(number)
    }

    /// False where no connection came. One that did is closed when this returns.
    private func serveNext(_ number: Int, _ chunk: Chunk) -> Bool {
        onTurn()
        slots.beginWaiting(number)
        let connection = isEnding ? nil : accept()
        slots.endWaiting(number, socket: connection?.number)
        guard let connection else { return false }
        let (next, isAlone) = state.withLock { ($0.beginServing(number), $0.needsWatch()) }
        call(next)
        if isAlone { watch.signal() }
        serve(connection, chunk, number)
        slots.endServing(number)
        return true
    }

    private var isEnding: Bool { isDraining.load(ordering: .sequentiallyConsistent) }

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

    /// Waits to be called to the door: true. False where the thread is to end.
    private func park(_ number: Int) -> Bool {
        while true {
            if slots.park(number, secondsMax: Self.parkedSecondsMax), state.withLock({ !$0.isParked(number) }) {
                return true
            }
            if state.withLock({ $0.leavesParked(number, threadsMin: limits.threadsMin, isEnding: isEnding) }) {
                return false
            }
        }
    }

    /// Sends to the door whoever was chosen.
    private func call(_ next: PoolState.Call) {
        switch next {
        case .nobody: break
        case .parked(let number): slots.unpark(number)
        case .new(let number):
            let code = Thread.start { self.run(number) }
            guard code != 0 else { return }
            let isAlone = state.withLock { state in
                state.failToStart(number)
                return state.needsWatch()
            }
            if isAlone { watch.signal() }
            onError(PosixError("pthread_create", code: code))
        }
    }

    // MARK: Long requests

    private static let tickMicroseconds: UInt32 = 4_000
    private static let quietTicksMax = 25

    /// Has whoever is still at the request of an earlier tick step aside, as long as nobody waits at the door. Rests while
    /// somebody does.
    private func lookAfterLongRequests() {
        while !isEnding {
            watch.wait()
            var quietTicks = 0
            while quietTicks < Self.quietTicksMax, !isEnding {
                usleep(Self.tickMicroseconds)
                if isEnding { return }
                let next = state.withLock { $0.tick(isLast: quietTicks + 1 == Self.quietTicksMax) }
                quietTicks = next == nil ? quietTicks + 1 : 0
                if let next { call(next) }
            }
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
