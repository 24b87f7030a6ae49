import Synchronization

/// The users behind the tokens that were seen of late, so that Keystone is not asked at every request. A token that was
/// taken back is believed for `rememberedSecondsMax` more; one that ran out is not.
package final class KeystoneUsers: Sendable {
    package static let rememberedSecondsMax: Int64 = 60
    static let rememberedMax = 1000
    /// Seconds in which a service that is away is so for all who ask: it is not waited for by every thread in turn. Any
    /// other failure may be one token's alone.
    private static let awaySeconds: Int64 = 2

    private struct Known {
        let user: KeystoneUser
        /// On the clock that nobody sets.
        let endsAt: Int64
    }

    private struct State {
        var known: [String: Known] = [:]
        var away: (error: KeystoneError, endsAt: Int64)?
    }

    private let state = Mutex(State())
    private let now: @Sendable () -> Int64
    private let uptime: @Sendable () -> Int64
    private let ask: @Sendable (_ token: String) throws(KeystoneError) -> KeystoneUser

    /// `now` in seconds since 1970, `uptime` in seconds on the clock that nobody sets.
    package init(
        now: @escaping @Sendable () -> Int64, uptime: @escaping @Sendable () -> Int64,
        ask: @escaping @Sendable (_ token: String) throws(KeystoneError) -> KeystoneUser
    ) {
        self.now = now
        self.uptime = uptime
        self.ask = ask
    }

    /// Throws `refused` where nobody has this token, and something else where nobody knows.
    package func user(of token: String) throws(KeystoneError) -> KeystoneUser {
        if let user = try remembered(token) { return user }
        let user: KeystoneUser
        do throws(KeystoneError) {
            user = try ask(token)
        } catch {
            if case .away = error { state.withLock { $0.away = (error, uptime() + Self.awaySeconds) } }
            throw error
        }
        guard now() < user.expiresAt else { throw .refused }
        remember(token, user)
        return user
    }

    private func remembered(_ token: String) throws(KeystoneError) -> KeystoneUser? {
        try state.withLock { state throws(KeystoneError) in
            if let known = state.known[token] {
                if uptime() < known.endsAt, now() < known.user.expiresAt { return known.user }
                state.known[token] = nil
            }
            if let away = state.away, uptime() < away.endsAt { throw away.error }
            return nil
        }
    }

    private func remember(_ token: String, _ user: KeystoneUser) {
        let time = uptime()
        state.withLock { state in
            state.away = nil
            if state.known.count >= Self.rememberedMax { state.known = state.known.filter { $0.value.endsAt > time } }
            // All of them in use: whoever is forgotten costs one more question.
            if state.known.count >= Self.rememberedMax { state.known.removeAll() }
            state.known[token] = Known(user: user, endsAt: time + Self.rememberedSecondsMax)
        }
    }
}
