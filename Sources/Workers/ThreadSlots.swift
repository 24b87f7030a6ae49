import Glibc
import Synchronization

/// What each thread of a pool is at, where the others see it without a lock: every request changes it twice, and at ten
/// thousand requests a second threads that meet at a lock each time cost a tenth of them.
final class ThreadSlots: @unchecked Sendable {
    // Safe to share: every field of a slot is atomic, and the slots live as long as this object.
    private struct Slot: ~Copyable {
        let thread = Atomic<pthread_t>(0)
        let isWaiting = Atomic<Bool>(false)
        /// The socket of the connection in hand; -1 for none.
        let socket = Atomic<Int32>(-1)
    }

    private let slots: UnsafeMutablePointer<Slot>
    private let count: Int
    private let waiting = Atomic<Int>(0)

    init(count: Int) {
        self.count = count
        slots = .allocate(capacity: count)
        for number in 0..<count { (slots + number).initialize(to: Slot()) }
    }

    deinit {
        slots.deinitialize(count: count)
        slots.deallocate()
    }

    var isAnyWaiting: Bool { waiting.load(ordering: .sequentiallyConsistent) > 0 }

    /// The calling thread has number `number` from here on.
    func enter(_ number: Int) {
        slots[number].thread.store(pthread_self(), ordering: .sequentiallyConsistent)
    }

    func beginWaiting(_ number: Int) {
        waiting.add(1, ordering: .sequentiallyConsistent)
        slots[number].isWaiting.store(true, ordering: .sequentiallyConsistent)
    }

    /// The wait is over, with a connection on `socket` or nil. True where no other thread waits now.
    func endWaiting(_ number: Int, socket: Int32?) -> Bool {
        slots[number].isWaiting.store(false, ordering: .sequentiallyConsistent)
        slots[number].socket.store(socket ?? -1, ordering: .sequentiallyConsistent)
        return waiting.subtract(1, ordering: .sequentiallyConsistent).newValue == 0
    }

    /// To be called before the connection in hand is closed: its socket's number may be another file's after that.
    func endServing(_ number: Int) {
        slots[number].socket.store(-1, ordering: .sequentiallyConsistent)
    }

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
