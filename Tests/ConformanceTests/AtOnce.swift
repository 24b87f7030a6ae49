import Dispatch
import Foundation

/// Does `body` so many times at the same time, on a thread each: a queue would have as many as there are cores.
func atOnce(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    let all = DispatchGroup()
    for number in 0..<count {
        all.enter()
        Thread.detachNewThread {
            body(number)
            all.leave()
        }
    }
    all.wait()
}
