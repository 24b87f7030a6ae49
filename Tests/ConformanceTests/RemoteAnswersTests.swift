import Bytes
import Dispatch
import Foundation
import GlanceModel
import Synchronization
import Testing

@testable import GlanceRegistry

/// What another service has answered holds for as long as its registry is at the same state, and no longer.
@Suite(.scratchDirectory) struct RemoteAnswersTests {
    /// A service that says what state its registry is at, and what it was asked.
    private final class Told: Sendable {
        let state = Mutex("one")
        private let asked = Mutex<[String]>([])

        init(_ stranger: Stranger) {
            stranger.meddle { question, asAlways in
                self.asked.withLock { $0.append("\(question.method) \(question.path)") }
                var answer = question.path == "/images/" ? LoopbackServer.Answer() : asAlways()
                answer.fields.append((name: "x-glance-registry-state", value: self.state.withLock { $0 }))
                return .answer(answer)
            }
        }

        /// What was asked since the last look.
        func takeAsked() -> [String] {
            asked.withLock { asked in
                defer { asked = [] }
                return asked
            }
        }
    }

    private static let question = "HEAD /images/"

    @Test func `a record is asked for once a state`() throws {
        let stranger = try StrangerUnderTest.stranger()
        let registry = RemoteRegistry(try RecordsUnderTest.settings(url: stranger.url))
        let image = try registry.addAvailable(.made(id: "disk"))
        let told = Told(stranger)

        #expect(try registry.found(image.id).image == image)
        #expect(told.takeAsked() == ["HEAD /images/disk"])
        #expect(try registry.found(image.id).image == image)
        #expect(told.takeAsked() == [Self.question])
        told.state.withLock { $0 = "two" }
        #expect(try registry.found(image.id).image == image)
        #expect(told.takeAsked() == [Self.question, "HEAD /images/disk"])
        #expect(try registry.found(image.id).image == image)
        #expect(told.takeAsked() == [Self.question])
    }

    @Test func `a service that does not say its state is asked each time`() throws {
        let stranger = try StrangerUnderTest.stranger()
        let registry = RemoteRegistry(try RecordsUnderTest.settings(url: stranger.url))
        let image = try registry.addAvailable(.made(id: "disk"))
        let asked = Mutex(0)
        stranger.meddle { question, _ in
            if question.path == "/images/disk" { asked.withLock { $0 += 1 } }
            return .asAlways
        }

        for _ in 0..<3 { #expect(try registry.found(image.id).image == image) }

        #expect(asked.withLock { $0 } == 3)
    }

    @Test func `what is known is not shown where the service is away`() throws {
        let stranger = try StrangerUnderTest.stranger()
        let registry = RemoteRegistry(try RecordsUnderTest.settings(url: stranger.url))
        let image = try registry.addAvailable(.made(id: "disk"))
        _ = Told(stranger)
        #expect(try registry.found(image.id).image == image)
        stranger.meddle { _, _ in .hangUp }

        #expect(throws: Failure.self) { try registry.record(image.id) }
    }

    @Test(.enabled(if: !RecordsUnderTest.sites.isEmpty, "GLANCE_TEST_RECORDS names no service"))
    func `what one host has read another one's change overtakes at once`() throws {
        let (here, elsewhere) = (try RecordsUnderTest.registry(), try RecordsUnderTest.registry())
        var image = try elsewhere.addAvailable(.made(id: "disk"))
        for number in 0..<20 {
            #expect(try here.found(image.id).image == image)
            #expect(try here.page(ImageQuery(), after: nil, count: 10).images == [image])
            image = image.renamed("name\(number)")
            #expect(try elsewhere.update(image))
        }
        #expect(try elsewhere.delete(image, at: Timestamp(seconds: 2000)))

        #expect(try here.record(image.id)?.image.status == .deleted)
        #expect(try here.page(ImageQuery(), after: nil, count: 10).images == [])
    }

    @Test func `answers are kept up to their bytes, and those of another state are forgotten`() {
        let answers = AnswersOfState<String, Int>(bytesMax: 100)

        answers.keep(1, of: "a", at: "one", bytes: 60)
        answers.keep(2, of: "b", at: nil, bytes: 1)
        answers.keep(3, of: "c", at: "one", bytes: 101)
        #expect(answers["a"]?.answer == 1)
        #expect(answers["a"]?.state == "one")
        #expect(answers["b"] == nil)
        #expect(answers["c"] == nil)
        answers.keep(4, of: "d", at: "one", bytes: 40)
        #expect(answers["a"]?.answer == 1)
        answers.keep(5, of: "e", at: "one", bytes: 1)
        #expect(answers["a"] == nil)
        #expect(answers["e"]?.answer == 5)
        answers.keep(6, of: "f", at: "two", bytes: 1)
        #expect(answers["e"] == nil)
        #expect(answers["f"]?.state == "two")
    }
}

/// One asks for all who wait, and later than any of them came.
struct SharedQuestionTests {
    /// What the first thread was answered, and those that came while it asked; and how often it was asked.
    private func answers(
        others count: Int, by body: @escaping @Sendable (Int) throws(Failure) -> Int
    ) -> (first: Int?, others: [Int?], asked: Int) {
        let question = SharedQuestion<Int>()
        let asked = Mutex(0)
        let answers = Mutex<[Int?]>([nil])
        let (hasCome, isToEnd, all) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0), DispatchGroup())
        @Sendable func ask() throws(Failure) -> Int {
            let number = asked.withLock { asked in
                asked += 1
                return asked
            }
            if number == 1 {
                hasCome.signal()
                isToEnd.wait()
            }
            return try body(number)
        }
        func beside(_ body: @escaping @Sendable () -> Void) {
            all.enter()
            Thread.detachNewThread {
                // Told when it begins to wait.
                PoolThread(stepAside: { hasCome.signal() }, comeBack: {}).adopt(body)
                all.leave()
            }
            hasCome.wait()
        }

        beside {
            let answer = try? question.ask(ask)
            answers.withLock { $0[0] = answer }
        }
        for _ in 0..<count {
            beside {
                let answer = try? question.ask(ask)
                answers.withLock { $0.append(answer) }
            }
        }
        isToEnd.signal()
        all.wait()
        return (answers.withLock { $0[0] }, answers.withLock { Array($0[1...]) }, asked.withLock { $0 })
    }

    @Test func `those who come while it is asked share the next answer`() {
        let (first, others, asked) = answers(others: 8) { number throws(Failure) in number }

        #expect(first == 1)
        #expect(others == Array(repeating: 2, count: 8))
        #expect(asked == 2)
    }

    @Test func `a failure is that of all who waited for it, and of nobody else`() {
        let (first, others, asked) = answers(others: 3) { number throws(Failure) in
            guard number == 1 else { throw .registryBusy }
            return number
        }

        #expect(first == 1)
        #expect(others == [nil, nil, nil])
        #expect(asked == 2)
    }

    @Test func `it is asked anew each time where nobody else asks`() throws {
        let question = SharedQuestion<Int>()
        var asked = 0

        for number in 1...3 {
            let answer = try question.ask { () throws(Failure) in
                asked += 1
                return asked
            }
            #expect(answer == number)
        }
        #expect(throws: Failure.registryBusy) { try question.ask { () throws(Failure) in throw .registryBusy } }
        #expect(try question.ask { () throws(Failure) in 7 } == 7)
    }
}
