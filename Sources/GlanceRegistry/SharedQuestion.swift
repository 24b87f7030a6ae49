import Bytes
import Dispatch
import GlanceModel
import Synchronization

/// A question that many threads have at a time, each with a part of its own. Whoever comes while it is being asked waits
/// until it is asked anew, once with the parts of all who wait by then: so an answer is never older than the question.
final class SharedQuestion<Part: Sendable, Answer: Sendable>: Sendable {
    /// A thread that waits: for its turn to ask, or for what somebody else was answered.
    private final class Waiter: Sendable {
        let part: Part
        let isOver = DispatchSemaphore(value: 0)
        let answer = Mutex<Result<Answer, Failure>?>(nil)

        init(_ part: Part) {
            self.part = part
        }

        func end(_ answer: Result<Answer, Failure>?) {
            self.answer.withLock { $0 = answer }
            isOver.signal()
        }
    }

    private struct State {
        var isBeingAsked = false
        var waiting: [Waiter] = []
    }

    private let state = Mutex(State())

    /// Asks by `body`, or waits for what another thread is answered that asks later than now. That the registry is away is
    /// the answer of all who wait by the time that it is known: each would wait as long for the same.
    func ask(_ part: Part, _ body: ([Part]) throws(Failure) -> Answer) throws(Failure) -> Answer {
        if let waiter = wait(part) {
            blocking { waiter.isOver.wait() }
            if let answer = waiter.answer.withLock({ $0 }) { return try answer.get() }
        }
        let others = takeWaiting()
        let answer = Result { () throws(Failure) in try body([part] + others.map(\.part)) }
        for other in others { other.end(answer) }
        if case .failure(.registryAway) = answer {
            for other in takeWaiting() { other.end(answer) }
        }
        passOn()
        return try answer.get()
    }

    /// Nil where nobody asks, so that the caller does.
    private func wait(_ part: Part) -> Waiter? {
        state.withLock { state in
            guard state.isBeingAsked else {
                state.isBeingAsked = true
                return nil
            }
            let waiter = Waiter(part)
            state.waiting.append(waiter)
            return waiter
        }
    }

    private func takeWaiting() -> [Waiter] {
        state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting
        }
    }

    /// Whoever has waited longest asks next.
    private func passOn() {
        let next = state.withLock { state -> Waiter? in
            state.isBeingAsked = !state.waiting.isEmpty
            return state.isBeingAsked ? state.waiting.removeFirst() : nil
        }
        next?.end(nil)
    }
}
