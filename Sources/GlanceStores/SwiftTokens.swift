import Bytes
import Dispatch
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

/// The one token that all threads of this process use, fetched once for all who need one, and on a thread beside them:
/// who has a good one does not wait, and who has none waits no longer than they want to.
final class SwiftTokens: Sendable {
    /// Seconds in which a failure stands for all who ask: a service that is down is not asked by every thread in turn.
    private static let failureSeconds: Int64 = 2

    private static let lifeSecondsMin: Int64 = 2

    private struct State {
        var token: SwiftToken?
        var failure: (failure: Failure, at: Int64)?
        /// The one that is under way.
        var fetch: Fetch?

        func recentFailure(at now: Int64) -> Failure? {
            failure.flatMap { now < $0.at + SwiftTokens.failureSeconds ? $0.failure : nil }
        }
    }

    private enum Step {
        case take(SwiftToken)
        case begin(Fetch, instead: SwiftToken?)
        case wait(Fetch)
        case fail(Failure)
    }

    private let state = Mutex(State())
    private let uptime: @Sendable () -> Int64
    private let pause: @Sendable (_ seconds: Int) -> Void
    private let aside: @Sendable (_ body: @escaping @Sendable () -> Void) -> Void
    private let fetch: @Sendable () throws(Failure) -> SwiftToken

    /// `aside` runs a body on another thread.
    init(
        uptime: @escaping @Sendable () -> Int64, pause: @escaping @Sendable (_ seconds: Int) -> Void,
        aside: @escaping @Sendable (_ body: @escaping @Sendable () -> Void) -> Void = {
            DispatchQueue.global().async(execute: $0)
        },
        fetch: @escaping @Sendable () throws(Failure) -> SwiftToken
    ) {
        self.uptime = uptime
        self.pause = pause
        self.aside = aside
        self.fetch = fetch
    }

    /// A token that is good for all that is known. Shortly before its end another one is fetched, and the old one serves
    /// until that is there.
    func current(secondsMax: Int) throws(Failure) -> SwiftToken {
        let now = uptime()
        let step = state.withLock { state -> Step in
            guard let token = state.token, now < token.expiresAt else { return Self.fetchStep(&state, at: now) }
            guard now >= token.renewsAt, state.fetch == nil, state.recentFailure(at: now) == nil else {
                return .take(token)
            }
            return Self.fetchStep(&state, at: now, instead: token)
        }
        return try take(step, secondsMax: secondsMax)
    }

    /// Another token than `refused`, which the storage did not take.
    func renewed(after refused: SwiftToken, secondsMax: Int) throws(Failure) -> SwiftToken {
        let now = uptime()
        let step = state.withLock { state -> Step in
            if let token = state.token, token.text != refused.text { return .take(token) }
            guard now > refused.fetchedAt || state.token?.fetchedAt != refused.fetchedAt else {
                return .fail(Self.useless)
            }
            return Self.fetchStep(&state, at: now)
        }
        return try take(step, secondsMax: secondsMax)
    }

    /// Whoever comes next gets another one.
    func forget() {
        state.withLock { $0.token = nil }
    }

    private static let useless = Failure.storeAway(
        .swift, reason: "it refuses the token that its authentication has just given: is its memcached running?")

    private static func fetchStep(_ state: inout State, at now: Int64, instead: SwiftToken? = nil) -> Step {
        if let fetch = state.fetch { return .wait(fetch) }
        if let failure = state.recentFailure(at: now) { return .fail(failure) }
        let fetch = Fetch()
        state.fetch = fetch
        return .begin(fetch, instead: instead)
    }

    private func take(_ step: Step, secondsMax: Int) throws(Failure) -> SwiftToken {
        switch step {
        case .take(let token): return token
        case .fail(let failure): throw failure
        case .wait(let fetch): return try fetch.token(secondsMax: secondsMax)
        case .begin(let fetch, let instead):
            aside { self.run(fetch) }
            if let instead { return instead }
            return try fetch.token(secondsMax: secondsMax)
        }
    }

    private func run(_ fetch: Fetch) {
        let outcome: Result<SwiftToken, Failure>
        do throws(Failure) { outcome = .success(try fetched()) } catch { outcome = .failure(error) }
        let now = uptime()
        state.withLock { state in
            state.fetch = nil
            switch outcome {
            case .success(let token): (state.token, state.failure) = (token, nil)
            case .failure(let failure): state.failure = (failure, now)
            }
        }
        fetch.end(outcome)
    }

    private func fetched() throws(Failure) -> SwiftToken {
        let token = try fetch()
        guard token.expiresAt - token.fetchedAt < Self.lifeSecondsMin else { return token }
        // The old one again, which is about to die; then there is a new one.
        pause(Int(Self.lifeSecondsMin))
        return try fetch()
    }
}

/// One request for a token, and those who wait for what comes of it.
private final class Fetch: Sendable {
    private let outcome = Mutex<Result<SwiftToken, Failure>>(
        .failure(.storeAway(.swift, reason: "there is no token: its authentication is silent")))
    private let hasEnded = DispatchSemaphore(value: 0)

    func end(_ outcome: Result<SwiftToken, Failure>) {
        self.outcome.withLock { $0 = outcome }
        hasEnded.signal()
    }

    func token(secondsMax: Int) throws(Failure) -> SwiftToken {
        // Each wakes the next.
        let isThere = blocking { hasEnded.wait(timeout: .now() + .seconds(secondsMax)) == .success }
        if isThere { hasEnded.signal() }
        return try outcome.withLock { $0 }.get()
    }
}
