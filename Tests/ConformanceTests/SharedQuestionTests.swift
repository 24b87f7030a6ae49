import Bytes
import Dispatch
import Foundation
import GlanceModel
import Synchronization
import Testing

@testable import GlanceRegistry

/// One asks for all who wait, and later than any of them came.
struct SharedQuestionTests {
    /// A question whose answers are 1, 2, 3 and so on, or failures, each given when it is told to.
    private final class Asked: Sendable {
        private let question = SharedQuestion<String, Int>()
        private let count = Mutex(0)
        private let failure = Mutex<Failure?>(nil)
        private let answers = Mutex<[String: [Int?]]>([:])
        private let parts = Mutex<[[String]]>([])
        private let isBusy = DispatchSemaphore(value: 0)
        private let mayEnd = DispatchSemaphore(value: 0)
        private let all = DispatchGroup()

        /// Threads that begin to ask now; returns when each waits, or asks.
        func begin(_ threads: Int, as wave: String) {
            for _ in 0..<threads {
                all.enter()
                Thread.detachNewThread {
                    PoolThread(stepAside: { self.isBusy.signal() }, comeBack: {}).adopt {
                        let answer = try? self.question.ask(wave, self.next)
                        self.answers.withLock { $0[wave, default: []].append(answer) }
                    }
                    self.all.leave()
                }
                #expect(isBusy.wait(timeout: .now() + 60) == .success)
            }
        }

        private func next(_ parts: [String]) throws(Failure) -> Int {
            self.parts.withLock { $0.append(parts) }
            isBusy.signal()
            _ = mayEnd.wait(timeout: .now() + 60)
            if let failure = failure.withLock({ $0 }) { throw failure }
            return count.withLock { count in
                count += 1
                return count
            }
        }

        /// Lets the present question have its answer, and waits until the next one is being asked.
        func answer(andWaitForNext hasNext: Bool, failure: Failure? = nil) {
            self.failure.withLock { $0 = failure }
            mayEnd.signal()
            if hasNext { #expect(isBusy.wait(timeout: .now() + 60) == .success) }
        }

        /// What each wave was answered, nil for a failure, and what was asked, once all of them were.
        func end() -> (answers: [String: [Int?]], parts: [[String]]) {
            #expect(all.wait(timeout: .now() + 60) == .success)
            return (answers.withLock { $0 }, parts.withLock { $0 })
        }
    }

    @Test func `those who come while it is asked share the next answer`() {
        let asked = Asked()
        asked.begin(1, as: "first")
        asked.begin(8, as: "second")
        asked.answer(andWaitForNext: true)
        asked.begin(4, as: "third")
        asked.answer(andWaitForNext: true)
        asked.begin(1, as: "fourth")
        asked.answer(andWaitForNext: true)
        asked.answer(andWaitForNext: false)

        let end = asked.end()
        #expect(
            end.answers == [
                "first": [1], "second": Array(repeating: 2, count: 8), "third": [3, 3, 3, 3], "fourth": [4],
            ])
        #expect(
            end.parts == [
                ["first"], Array(repeating: "second", count: 8), Array(repeating: "third", count: 4), ["fourth"],
            ])
    }

    @Test func `those who wait while the registry turns out to be away do not wait for the same`() {
        let asked = Asked()
        asked.begin(1, as: "first")
        asked.begin(3, as: "second")
        asked.answer(andWaitForNext: false, failure: .registryAway(reason: ""))
        let failed = asked.end()
        asked.begin(1, as: "third")
        asked.answer(andWaitForNext: false)

        #expect(failed.answers == ["first": [nil], "second": [nil, nil, nil]])
        #expect(asked.end().answers["third"] == [1])
        #expect(asked.end().parts == [["first"], ["third"]])
    }

    @Test func `another failure is theirs alone for whom it was asked`() {
        let asked = Asked()
        asked.begin(1, as: "first")
        asked.begin(2, as: "second")
        asked.answer(andWaitForNext: true, failure: .registryBusy)
        asked.answer(andWaitForNext: false)

        #expect(asked.end().answers == ["first": [nil], "second": [1, 1]])
    }

    @Test func `it is asked anew each time where nobody else asks`() throws {
        let question = SharedQuestion<Int, [Int]>()

        #expect(try (1...3).map { number in try question.ask(number) { $0 } } == [[1], [2], [3]])
    }
}
