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

    @Test func `what is known of a service that counts no versions is read again before it is changed`() throws {
        let stranger = try StrangerUnderTest.stranger()
        let settings = try RecordsUnderTest.settings(url: stranger.url)
        let (here, beside) = (RemoteRegistry(settings), RemoteRegistry(settings))
        let image = try here.addAvailable(.made(id: "disk"))
        _ = Told(stranger)
        #expect(try here.found(image.id).image == image)
        #expect(try beside.update(image.renamed("another's")))

        #expect(try !here.update(image.renamed("changed")))
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
            let found = try answers.images("q", behind: nil, count: 1) {
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

    /// A list of images `a` to `f`, read by parts.
    private final class Alphabet {
        let answers = RemoteAnswers()
        let images: [Image]
        let reads = Mutex(0)

        init() throws {
            images = try "abcdef".map { try .listed(String($0)) }
        }

        /// What is behind `marker`, and whether it had to be read.
        func part(_ list: String = "q", behind marker: String?, _ count: Int) throws -> (ids: String, isRead: Bool) {
            let before = reads.withLock { $0 }
            let start = marker.map { marker in images.firstIndex { $0.id.text == marker }! + 1 } ?? 0
            let found = try answers.images(list, behind: marker, count: count) {
                "state"
            } read: {
                reads.withLock { $0 += 1 }
                return (Array(images[start...].prefix(count)), "state")
            }
            return (found.map(\.id.text).joined(), reads.withLock { $0 } > before)
        }
    }

    @Test func `a part of a list is known once its images are, wherever those began and ended that were read`() throws {
        let list = try Alphabet()

        #expect(try list.part(behind: nil, 2) == ("ab", true))
        #expect(try list.part(behind: "c", 2) == ("de", true))
        #expect(try list.part(behind: "a", 3) == ("bcd", true))
        #expect(try list.part(behind: nil, 5) == ("abcde", false))
        #expect(try list.part(behind: "b", 2) == ("cd", false))
        #expect(try list.part(behind: "d", 0) == ("", false))
        #expect(try list.part("another", behind: "b", 2) == ("cd", true))
        // Nobody knows yet that f is the last.
        #expect(try list.part(behind: "e", 1) == ("f", true))
        #expect(try list.part(behind: nil, 6) == ("abcdef", false))
        #expect(try list.part(behind: nil, 7) == ("abcdef", true))
        #expect(try list.part(behind: "e", 100) == ("f", false))
        #expect(try list.part(behind: "f", 100) == ("", false))
    }

    @Test func `a list that comes back to the same image ends nevertheless`() throws {
        let images = try ["a", "b", "a"].map { try Image.listed($0) }
        var links = ListLinks()

        _ = links.add(images, behind: nil, isToTheEnd: false)

        #expect(links.images(behind: nil, count: 3)?.count == 3)
        #expect(links.images(behind: nil, count: .max) == nil)
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
        // The same again takes nothing besides.
        answers.keep(8, of: "z", at: "two", bytes: 1)
        for _ in 0..<9 { answers.keep(6, of: "f", at: "two", bytes: 400) }
        #expect(answers["z"]?.answer == 8)
        answers.extend("f", at: "two", bytesMax: 100) { known in
            known = known.map { $0 + 10 }
            return 100
        }
        #expect(answers["f"]?.answer == 16)
        answers.extend("h", at: "two", bytesMax: 500) { known in
            known = known ?? 5
            return 500
        }
        #expect(answers["f"] == nil)
        #expect(answers["h"]?.answer == 5)
        answers.extend("i", at: "two", bytesMax: 1000) { _ in 0 }
        #expect(answers["h"]?.answer == 5)
        answers.keep(6, of: "f", at: "three", bytes: 1)
        answers.keep(7, of: String(repeating: "g", count: 1000), at: "three", bytes: 0)
        #expect(answers["f"]?.answer == 6)
    }
}

extension Image {
    fileprivate static func listed(_ id: String) throws -> Image {
        try NewImage.made(id: id).image(#require(ImageID(id)), .available)
    }
}
