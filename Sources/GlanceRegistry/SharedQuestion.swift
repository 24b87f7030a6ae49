import Bytes
import Dispatch
import Synchronization

/// A question that many threads have at a time. Whoever comes while it is being asked waits until it is asked anew, once
/// for all who wait by then: so an answer is never older than the question.
final class SharedQuestion<Answer: Sendable>: Sendable {
    /// A thread that waits: for its turn to ask, or for what somebody else was answered.
    private final class Waiter: Sendable {
        let isOver = DispatchSemaphore(value: 0)
        let answer = Mutex<Answer?>(nil)
    }

    private struct State {
        var isBeingAsked = false
        var waiting: [Waiter] = []
    }

    private let state = Mutex(State())

    /// Asks by `body`, or waits for what another thread is answered that asks later than now.
    func ask(_ body: () -> Answer) -> Answer {
        if let waiter = wait() {
            blocking { waiter.isOver.wait() }
            if let answer = waiter.answer.withLock({ $0 }) { return answer }
        }
        let others = state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting
        }
        let answer = body()
        for other in others {
            other.answer.withLock { $0 = answer }
            other.isOver.signal()
        }
        passOn()
        return answer
    }

    /// Nil where nobody asks, so that the caller does.
    private func wait() -> Waiter? {
        state.withLock { state in
            guard state.isBeingAsked else {
                state.isBeingAsked = true
                return nil
            }
            let waiter = Waiter()
            state.waiting.append(waiter)
            return waiter
        }
    }

    /// Whoever has waited longest asks next.
    private func passOn() {
        let next = state.withLock { state -> Waiter? in
            state.isBeingAsked = !state.waiting.isEmpty
            return state.isBeingAsked ? state.waiting.removeFirst() : nil
        }
        next?.isOver.signal()
    }
}
