import GlanceModel
import HTTPClient
import Synchronization
import Testing

@testable import GlanceStores

/// When another token is asked for, and when the old one does.
struct SwiftTokensTests {
    /// A clock and an authentication that do as they are told.
    private final class World: Sendable {
        private struct State {
            var now: Int64 = 1000
            var fetched = 0
            var answers: [Result<(String, Int64), Failure>] = []
        }

        private let state = Mutex(State())

        var now: Int64 { state.withLock { $0.now } }
        var fetched: Int { state.withLock { $0.fetched } }

        func pass(_ seconds: Int64) { state.withLock { $0.now += seconds } }

        /// The next token, and the seconds that it lives.
        func next(_ text: String, seconds: Int64) { state.withLock { $0.answers.append(.success((text, seconds))) } }
        func fail() { state.withLock { $0.answers.append(.failure(Self.away)) } }

        static let away = Failure.storeAway(.swift, reason: "told to")

        func tokens() -> SwiftTokens {
            SwiftTokens(
                uptime: { self.now }, pause: { self.pass(Int64($0)) },
                fetch: { () throws(Failure) in
                    let (now, answer) = self.state.withLock { state in
                        state.fetched += 1
                        return (state.now, state.answers.isEmpty ? .failure(Self.away) : state.answers.removeFirst())
                    }
                    let (text, seconds) = try answer.get()
                    return SwiftToken(
                        text: text, storage: ServerURL("http://swift/v1/a")!, fetchedAt: now, expiresAt: now + seconds)
                })
        }
    }

    @Test func `one token serves until shortly before its end`() throws {
        let world = World()
        world.next("first", seconds: 1000)
        world.next("second", seconds: 1000)
        let tokens = world.tokens()

        #expect(try tokens.current().text == "first")
        world.pass(939)
        #expect(try tokens.current().text == "first")
        #expect(world.fetched == 1)
        world.pass(1)
        #expect(try tokens.current().text == "second")
        #expect(world.fetched == 2)
    }

    @Test func `a renewal ahead of time that fails costs nothing while the old token lives`() throws {
        let world = World()
        world.next("first", seconds: 1000)
        let tokens = world.tokens()
        _ = try tokens.current()
        world.pass(950)
        world.fail()

        #expect(try tokens.current().text == "first")
        #expect(try tokens.current().text == "first")
        #expect(world.fetched == 2, "asked again only after a while")
        world.pass(3)
        world.next("second", seconds: 1000)
        #expect(try tokens.current().text == "second")
    }

    @Test func `an old token that comes back about to die is waited out`() throws {
        let world = World()
        world.next("old", seconds: 1)
        world.next("new", seconds: 1000)

        #expect(try world.tokens().current().text == "new")
        #expect(world.fetched == 2)
    }

    @Test func `a token that is refused is replaced once for all who had it`() throws {
        let world = World()
        world.next("first", seconds: 1000)
        world.next("second", seconds: 1000)
        let tokens = world.tokens()
        let refused = try tokens.current()
        world.pass(10)

        #expect(try tokens.renewed(after: refused).text == "second")
        #expect(try tokens.renewed(after: refused).text == "second")
        #expect(world.fetched == 2)
    }

    @Test func `a token that is refused as soon as it was given is asked for no more`() throws {
        let world = World()
        world.next("first", seconds: 1000)
        let tokens = world.tokens()
        let refused = try tokens.current()

        #expect(throws: Failure.self) { try tokens.renewed(after: refused) }
        #expect(world.fetched == 1)
    }

    @Test func `a failure stands for all who ask within the next seconds`() throws {
        let world = World()
        let tokens = world.tokens()

        for _ in 0..<10 { #expect(throws: World.away) { try tokens.current() } }
        #expect(world.fetched == 1)
        world.pass(2)
        world.next("first", seconds: 1000)
        #expect(try tokens.current().text == "first")
    }

    @Test func `no token is used beyond its end`() throws {
        let world = World()
        world.next("first", seconds: 100)
        let tokens = world.tokens()
        _ = try tokens.current()
        world.pass(100)

        #expect(throws: World.away) { try tokens.current() }
    }
}
