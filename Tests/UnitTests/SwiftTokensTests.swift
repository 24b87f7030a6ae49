import Dispatch
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
                uptime: { self.now }, pause: { self.pass(Int64($0)) }, aside: { $0() },
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

        #expect(try tokens.current(secondsMax: 9).text == "first")
        world.pass(939)
        #expect(try tokens.current(secondsMax: 9).text == "first")
        #expect(world.fetched == 1)
        world.pass(1)
        #expect(try tokens.current(secondsMax: 9).text == "first", "it serves until the other one is there")
        #expect(try tokens.current(secondsMax: 9).text == "second")
        #expect(world.fetched == 2)
    }

    @Test func `a renewal ahead of time that fails costs nothing while the old token lives`() throws {
        let world = World()
        world.next("first", seconds: 1000)
        let tokens = world.tokens()
        _ = try tokens.current(secondsMax: 9)
        world.pass(950)
        world.fail()

        #expect(try tokens.current(secondsMax: 9).text == "first")
        #expect(try tokens.current(secondsMax: 9).text == "first")
        #expect(world.fetched == 2, "asked again only after a while")
        world.pass(3)
        world.next("second", seconds: 1000)
        #expect(try tokens.current(secondsMax: 9).text == "first")
        #expect(try tokens.current(secondsMax: 9).text == "second")
    }

    @Test func `an old token that comes back about to die is waited out`() throws {
        let world = World()
        world.next("old", seconds: 1)
        world.next("new", seconds: 1000)

        #expect(try world.tokens().current(secondsMax: 9).text == "new")
        #expect(world.fetched == 2)
    }

    @Test func `a token that is refused is replaced once for all who had it`() throws {
        let world = World()
        world.next("first", seconds: 1000)
        world.next("second", seconds: 1000)
        let tokens = world.tokens()
        let refused = try tokens.current(secondsMax: 9)
        world.pass(10)

        #expect(try tokens.renewed(after: refused, secondsMax: 9).text == "second")
        #expect(try tokens.renewed(after: refused, secondsMax: 9).text == "second")
        #expect(world.fetched == 2)
    }

    @Test func `a token that is refused as soon as it was given is asked for no more`() throws {
        let world = World()
        world.next("first", seconds: 1000)
        let tokens = world.tokens()
        let refused = try tokens.current(secondsMax: 9)

        #expect(throws: Failure.self) { try tokens.renewed(after: refused, secondsMax: 9) }
        #expect(world.fetched == 1)
    }

    @Test func `a failure stands for all who ask within the next seconds`() throws {
        let world = World()
        let tokens = world.tokens()

        for _ in 0..<10 { #expect(throws: World.away) { try tokens.current(secondsMax: 9) } }
        #expect(world.fetched == 1)
        world.pass(2)
        world.next("first", seconds: 1000)
        #expect(try tokens.current(secondsMax: 9).text == "first")
    }

    @Test func `no token is used beyond its end`() throws {
        let world = World()
        world.next("first", seconds: 100)
        let tokens = world.tokens()
        _ = try tokens.current(secondsMax: 9)
        world.pass(100)

        #expect(throws: World.away) { try tokens.current(secondsMax: 9) }
    }
}

/// Many threads, and an authentication that takes its time.
struct SwiftTokensThreadsTests {
    /// Gives one token after the other, each when it is let.
    private final class SlowAuthentication: Sendable {
        private let state = Mutex((now: Int64(1000), fetched: 0))
        private let gate = DispatchSemaphore(value: 0)

        var fetched: Int { state.withLock { $0.fetched } }

        func pass(_ seconds: Int64) { state.withLock { $0.now += seconds } }
        func letOne() { gate.signal() }

        /// They run on threads of their own, as in the service.
        func tokens() -> SwiftTokens {
            SwiftTokens(
                uptime: { self.state.withLock { $0.now } }, pause: { _ in },
                fetch: { () throws(Failure) in
                    let (now, number) = self.state.withLock { state in
                        state.fetched += 1
                        return (state.now, state.fetched)
                    }
                    _ = self.gate.wait(timeout: .now() + 50)
                    return SwiftToken(
                        text: "token \(number)", storage: ServerURL("http://swift/v1/a")!, fetchedAt: now,
                        expiresAt: now + 1000)
                })
        }
    }

    private let world = SlowAuthentication()

    @Test func `sixteen threads that have no token wait for one request`() {
        let tokens = world.tokens()
        let asking = DispatchSemaphore(value: 0)

        let threads = (0..<16).map { _ in
            ThreadBeside {
                asking.signal()
                return try? tokens.current(secondsMax: 50).text
            }
        }
        for _ in threads { _ = asking.wait(timeout: .now() + 50) }
        world.letOne()

        #expect(threads.map { $0.value() } == Array(repeating: "token 1", count: 16))
        #expect(world.fetched == 1)
    }

    @Test func `a renewal that hangs keeps nobody waiting who has a good token`() throws {
        let tokens = world.tokens()
        world.letOne()
        let first = try tokens.current(secondsMax: 50)
        world.pass(950)

        let threads = (0..<16).map { _ in ThreadBeside { try? tokens.current(secondsMax: 50).text } }
        #expect(threads.map { $0.value() } == Array(repeating: "token 1", count: 16))

        world.letOne()
        #expect(try tokens.renewed(after: first, secondsMax: 50).text == "token 2")
        #expect(world.fetched == 2)
    }

    @Test func `nobody waits for a token for longer than they want to`() {
        let tokens = world.tokens()

        #expect(
            throws: Failure.storeAway(.swift, reason: "there is no token: its authentication is silent")
        ) { try tokens.current(secondsMax: 0) }

        world.letOne()
    }
}
