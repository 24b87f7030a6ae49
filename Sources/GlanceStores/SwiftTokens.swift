import GlanceModel
import HTTP
import HTTPClient
import Keystone
import Synchronization

/// Where an account's objects are, and what opens it for a while.
struct SwiftToken: Sendable {
    let text: String
    let storage: ServerURL
    /// Seconds on the clock that nobody sets.
    let fetchedAt: Int64
    let expiresAt: Int64

    /// When to ask for another one: ahead of the end, yet not all the time. OpenStack Swift's own authentication gives the
    /// same token again for as long as it lives.
    var renewsAt: Int64 { max(expiresAt - min(60, (expiresAt - fetchedAt) / 5), fetchedAt + 1) }
}

/// The one token that all threads of this process use, fetched by one of them at a time.
final class SwiftTokens: Sendable {
    /// Seconds in which a failure stands for all who ask: a service that is down is not asked by every thread in turn.
    private static let failureSeconds: Int64 = 2

    private static let lifeSecondsMin: Int64 = 2

    private struct State {
        var token: SwiftToken?
        var failure: (failure: Failure, at: Int64)?
        /// A renewal ahead of time that failed is not tried again before.
        var renewsAt: Int64 = 0
    }

    private let state = Mutex(State())
    private let uptime: @Sendable () -> Int64
    private let pause: @Sendable (_ seconds: Int) -> Void
    private let fetch: @Sendable () throws(Failure) -> SwiftToken

    init(
        uptime: @escaping @Sendable () -> Int64, pause: @escaping @Sendable (_ seconds: Int) -> Void,
        fetch: @escaping @Sendable () throws(Failure) -> SwiftToken
    ) {
        self.uptime = uptime
        self.pause = pause
        self.fetch = fetch
    }

    /// A token that is good for all that is known. Threads that come while it is fetched wait for it.
    func current() throws(Failure) -> SwiftToken {
        try state.withLock { state throws(Failure) in
            let now = uptime()
            guard let token = state.token, now < token.expiresAt else { return try renew(&state, at: now) }
            guard now >= max(token.renewsAt, state.renewsAt) else { return token }
            do throws(Failure) {
                return try renew(&state, at: now)
            } catch {
                // It is still good; whoever has nothing better goes on with it.
                state.renewsAt = uptime() + Self.failureSeconds
                return token
            }
        }
    }

    /// Another token than `refused`, which the storage did not take.
    func renewed(after refused: SwiftToken) throws(Failure) -> SwiftToken {
        try state.withLock { state throws(Failure) in
            let now = uptime()
            if let token = state.token, token.text != refused.text { return token }
            guard now > refused.fetchedAt || state.token?.fetchedAt != refused.fetchedAt else { throw Self.useless }
            return try renew(&state, at: now)
        }
    }

    /// Whoever comes next gets another one.
    func forget() {
        state.withLock { $0.token = nil }
    }

    private static let useless = Failure.storeAway(
        .swift, reason: "it refuses the token that its authentication has just given: is its memcached running?")

    private func renew(_ state: inout State, at now: Int64) throws(Failure) -> SwiftToken {
        if let (failure, at) = state.failure, now < at + Self.failureSeconds { throw failure }
        do throws(Failure) {
            var token = try fetch()
            if token.expiresAt - token.fetchedAt < Self.lifeSecondsMin {
                // The old one again, which is about to die; then there is a new one.
                pause(Int(Self.lifeSecondsMin))
                token = try fetch()
            }
            state.token = token
            state.failure = nil
            return token
        } catch {
            state.failure = (error, uptime())
            throw error
        }
    }
}
