import HTTPClient
import Synchronization
import Testing

@testable import Keystone

/// Whose a token is: what is asked of Keystone, and what of its answers counts.
struct KeystoneUserTests {
    private static let body = """
        {"token": {"methods": ["password"], "user": {"domain": {"id": "default"}, "id": "4b5c", "name": "ann"},
          "roles": [{"id": "1", "name": "member"}, {"id": "2", "name": "reader"}],
          "expires_at": "2026-11-24T05:00:00.000000Z", "issued_at": "2026-11-24T04:00:00.000000Z"}}
        """

    private func user(_ answer: String, status: Int, token: String = "tok") throws -> (
        KeystoneUser?, KeystoneError?, [String]
    ) {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.answer(answer, status: status)
        }
        do throws(KeystoneError) {
            let user = try KeystoneClient(server.url, client: HTTPClient()).user(of: token)
            return (user, nil, server.story())
        } catch {
            return (nil, error, server.story())
        }
    }

    @Test func `a token asks about itself`() throws {
        let (user, _, story) = try user(Self.body, status: 200)

        #expect(user == KeystoneUser(id: "4b5c", roles: ["member", "reader"], expiresAt: 1_795_496_400))
        #expect(story == ["[GET /auth/tokens?nocatalog HTTP/1.1|X-Auth-Token: tok|X-Subject-Token: tok]"])
    }

    @Test func `a token for no project has no roles`() throws {
        let body = #"{"token": {"user": {"id": "u"}, "expires_at": "2026-11-24T05:00:00.000000Z"}}"#

        #expect(try user(body, status: 200).0?.roles == [])
    }

    @Test(arguments: [400, 401, 403, 404, 413, 414, 431])
    func `a token that Keystone does not take is refused`(status: Int) throws {
        #expect(try user("{}", status: status).1 == .refused)
    }

    @Test(arguments: [429, 500, 503]) func `a Keystone that cannot work is away`(status: Int) throws {
        guard case .away = try user("", status: status).1 else {
            Issue.record("not away")
            return
        }
    }

    @Test(arguments: [
        (200, ""), (200, "{}"), (200, #"{"token": {"user": {"id": ""}, "expires_at": "2026-11-24T05:00:00Z"}}"#),
        (200, #"{"token": {"user": {"id": "u"}, "expires_at": "soon"}}"#), (300, ""), (204, ""),
    ])
    func `an answer that names nobody is none`(status: Int, body: String) throws {
        #expect(try user(body, status: status).1 == .malformed)
    }

    @Test(arguments: ["", "a b", "a\r\nX: y", "\u{FC}", String(repeating: "x", count: 2049)])
    func `what cannot be a token is never sent`(token: String) throws {
        let server = try ScriptedServer { try $0.readHead() }
        let client = KeystoneClient(server.url, client: HTTPClient())

        #expect(throws: KeystoneError.refused) { try client.user(of: token) }
        #expect(server.story() == [])
    }
}

/// For how long an answer is believed.
struct KeystoneUsersTests {
    /// A clock and a Keystone that do as they are told.
    private final class World: Sendable {
        private struct State {
            var now: Int64 = 1000
            var asked: [String] = []
            var answer: Result<Int64, KeystoneError> = .success(1_000_000)
        }

        private let state = Mutex(State())

        var asked: [String] { state.withLock { $0.asked } }

        func pass(_ seconds: Int64) { state.withLock { $0.now += seconds } }
        func answer(_ answer: Result<Int64, KeystoneError>) { state.withLock { $0.answer = answer } }

        func users() -> KeystoneUsers {
            KeystoneUsers(
                now: { self.state.withLock { $0.now } }, uptime: { self.state.withLock { $0.now } },
                ask: { token throws(KeystoneError) in
                    let answer = self.state.withLock { state in
                        state.asked.append(token)
                        return state.answer
                    }
                    return KeystoneUser(id: "user of \(token)", roles: [], expiresAt: try answer.get())
                })
        }
    }

    @Test func `Keystone is asked once a minute`() throws {
        let world = World()
        let users = world.users()

        #expect(try users.user(of: "a").id == "user of a")
        #expect(try users.user(of: "b").id == "user of b")
        world.pass(59)
        #expect(try users.user(of: "a").id == "user of a")
        #expect(world.asked == ["a", "b"])
        world.pass(1)
        #expect(try users.user(of: "a").id == "user of a")
        #expect(world.asked == ["a", "b", "a"])
    }

    @Test func `nothing is believed past the token's end`() throws {
        let world = World()
        let users = world.users()
        world.answer(.success(1010))
        _ = try users.user(of: "a")
        world.pass(9)
        _ = try users.user(of: "a")
        #expect(world.asked.count == 1)

        world.pass(1)

        #expect(throws: KeystoneError.refused) { try users.user(of: "a") }
        #expect(world.asked.count == 2)
    }

    @Test func `a token that was refused is asked about anew`() throws {
        let world = World()
        let users = world.users()
        world.answer(.failure(.refused))
        #expect(throws: KeystoneError.refused) { try users.user(of: "a") }

        world.answer(.success(2000))

        #expect(try users.user(of: "a").id == "user of a")
    }

    @Test func `a Keystone that is away is not asked by all, and those who are known are served`() throws {
        let world = World()
        let users = world.users()
        _ = try users.user(of: "known")
        world.answer(.failure(.away("told to")))

        for token in ["a", "b", "a"] {
            #expect(throws: KeystoneError.away("told to")) { try users.user(of: token) }
        }
        #expect(world.asked == ["known", "a"])
        #expect(try users.user(of: "known").id == "user of known")

        world.pass(2)
        world.answer(.success(2000))
        #expect(try users.user(of: "b").id == "user of b")
    }

    @Test(arguments: [KeystoneError.malformed, .refused])
    func `what one token is answered keeps no other out`(error: KeystoneError) throws {
        let world = World()
        let users = world.users()
        world.answer(.failure(error))
        #expect(throws: error) { try users.user(of: "a") }

        world.answer(.success(2000))

        #expect(try users.user(of: "b").id == "user of b")
    }

    @Test func `no more than a thousand are remembered, and each is right`() throws {
        let world = World()
        let users = world.users()

        for number in 0..<2500 { #expect(try users.user(of: "\(number)").id == "user of \(number)") }
        let asked = world.asked.count
        #expect(try users.user(of: "2499").id == "user of 2499")
        #expect(world.asked.count == asked)
        _ = try users.user(of: "0")

        #expect(world.asked.count == asked + 1)
    }
}
