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

    @Test func `a list is read once a state, and not taken for one of another`() throws {
        let answers = RemoteAnswers()
        let states = Mutex(["one", "one", nil, "two", "two"])
        let reads = Mutex(0)
        func images(_ state: String?) throws -> Int {
            let found = try answers.images("q") {
                states.withLock { $0.removeFirst() }
            } read: { () throws(Failure) in
                reads.withLock { $0 += 1 }
                return ([], state)
            }
            #expect(found == [])
            return reads.withLock { $0 }
        }

        // Nothing is known, so nothing is asked.
        #expect(try images("one") == 1)
        #expect(try images("one") == 1)
        #expect(try images("one") == 1)
        // The state could not be had.
        #expect(try images("one") == 2)
        #expect(try images("two") == 3)
        #expect(try images("two") == 3)
        #expect(states.withLock { $0 } == [])
    }

    @Test func `answers are kept up to their bytes, and those of another state are forgotten`() {
        let answers = AnswersOfState<String, Int>(bytesMax: 1000)

        answers.keep(1, of: "a", at: "one", bytes: 400)
        answers.keep(2, of: "b", at: nil, bytes: 1)
        answers.keep(3, of: "c", at: "one", bytes: 1000)
        #expect(answers["a"]?.answer == 1)
        #expect(answers["a"]?.state == "one")
        #expect(answers["b"] == nil)
        #expect(answers["c"] == nil)
        answers.keep(4, of: "d", at: "one", bytes: 1)
        #expect(answers["a"]?.answer == 1)
        // One of no bytes takes some too.
        answers.keep(5, of: "e", at: "one", bytes: 0)
        #expect(answers["a"] == nil)
        #expect(answers["e"]?.answer == 5)
        answers.keep(6, of: "f", at: "two", bytes: 1)
        #expect(answers["e"] == nil)
        #expect(answers["f"]?.state == "two")
        answers.keep(7, of: String(repeating: "g", count: 1000), at: "two", bytes: 0)
        #expect(answers["f"]?.answer == 6)
    }
}
