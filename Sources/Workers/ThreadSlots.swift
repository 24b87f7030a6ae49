import Dispatch
import Glibc
import Synchronization

/// By what each thread of a pool can be reached, wherever it waits, without a lock.
final class ThreadSlots: @unchecked Sendable {
    // Safe to share: every field of a slot is atomic, and the slots live as long as this object.
    private struct Slot: ~Copyable {
        let thread = Atomic<pthread_t>(0)
        let isWaiting = Atomic<Bool>(false)
        /// The socket of the connection in hand; -1 for none.
        let socket = Atomic<Int32>(-1)
        let gate = DispatchSemaphore(value: 0)
    }

    private let slots: UnsafeMutablePointer<Slot>
    private let count: Int

    init(count: Int) {
        self.count = count
        slots = .allocate(capacity: count)
        for number in 0..<count { (slots + number).initialize(to: Slot()) }
    }

    deinit {
        slots.deinitialize(count: count)
        slots.deallocate()
    }

    /// The calling thread has number `number` from here on.
    func enter(_ number: Int) {
        slots[number].thread.store(pthread_self(), ordering: .sequentiallyConsistent)
    }

    func beginWaiting(_ number: Int) {
        slots[number].isWaiting.store(true, ordering: .sequentiallyConsistent)
    }

    /// The wait is over, with a connection on `socket` or nil.
    func endWaiting(_ number: Int, socket: Int32?) {
        slots[number].isWaiting.store(false, ordering: .sequentiallyConsistent)
        slots[number].socket.store(socket ?? -1, ordering: .sequentiallyConsistent)
    }

    /// To be called before the connection in hand is closed: its socket's number may be another file's after that.
    func endServing(_ number: Int) {
        slots[number].socket.store(-1, ordering: .sequentiallyConsistent)
    }

    /// Waits for `unpark`: true once that came, false when `secondsMax` ran out.
    func park(_ number: Int, secondsMax: Int) -> Bool {
        slots[number].gate.wait(timeout: .now() + .seconds(secondsMax)) == .success
    }

    /// Counts even where the thread is only on its way to `park`.
    func unpark(_ number: Int) { slots[number].gate.signal() }

    /// Breaks the wait of each thread that waits. None of them may end meanwhile.
    func interruptWaits() {
        for number in 0..<count where slots[number].isWaiting.load(ordering: .sequentiallyConsistent) {
            pthread_kill(slots[number].thread.load(ordering: .sequentiallyConsistent), SIGUSR1)
        }
    }

    /// Ends every connection in hand.
    func shutDownConnections() {
        for number in 0..<count {
            let socket = slots[number].socket.load(ordering: .sequentiallyConsistent)
            if socket >= 0 { shutdown(socket, Int32(SHUT_RDWR)) }
        }
    }
}
