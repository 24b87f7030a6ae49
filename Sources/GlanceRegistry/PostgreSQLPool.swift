import Bytes
import Dispatch
import GlanceModel
import Glibc
import PostgreSQL
import Synchronization

/// The connections of one process to one database: at most `connectionsMax`, each lent to one thread at a time. Whoever
/// finds none free waits for `busySecondsMax`, and no longer.
///
/// `@unchecked Sendable`: a connection is in the hands of one thread at a time, because it is taken out of `idle` under
/// its lock.
final class PostgreSQLPool: @unchecked Sendable {
    /// How often a transaction that stood in another's way is tried again.
    private static let attemptsMax = 8
    /// Milliseconds of the longest pause before such a try.
    private static let pauseMax: UInt32 = 50
    /// Seconds after which a connection that nobody used is not trusted any more: what stands between, a firewall or a
    /// load balancer, may have forgotten it without a word.
    private static let idleSecondsMax: Int64 = 60

    private let url: String
    private let busySecondsMax: Int
    private let free: DispatchSemaphore
    private let idle = Mutex<[Idle]>([])

    private struct Idle: @unchecked Sendable {
        let connection: PostgreSQLConnection
        let since: Int64
    }

    init(url: String, connectionsMax: Int, busySecondsMax: Int) {
        self.url = url
        self.busySecondsMax = busySecondsMax
        free = DispatchSemaphore(value: connectionsMax)
    }

    /// Runs `body`, which only reads. Where its connection breaks it runs once more, on a new one.
    func read<Value>(_ body: (PostgreSQLConnection) throws(PostgreSQLError) -> Value) throws(Failure) -> Value {
        try run(body) { error throws(Failure) in
            try run(body) { error throws(Failure) in throw Failure(error) }
        }
    }

    /// Runs `body`, one step that changes records and can be repeated: a second time it finds its work done, or does the
    /// same. So it is, once, where its connection broke and nobody knows what became of it.
    func repeatable<Value>(
        _ body: (PostgreSQLConnection) throws(PostgreSQLError) -> Value
    ) throws(Failure) -> Value {
        try read(body)
    }

    /// Runs `body`, one step that changes records. Where its connection breaks nobody knows what became of it: then
    /// `lookUp` finds out, or throws what it is given.
    func write<Value>(
        _ body: (PostgreSQLConnection) throws(PostgreSQLError) -> Value,
        lookUp: (Failure) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        try run(body) { error throws(Failure) in try lookUp(Failure(error)) }
    }

    private func run<Value>(
        _ body: (PostgreSQLConnection) throws(PostgreSQLError) -> Value,
        ifLost: (PostgreSQLError) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        for attempt in 1...Self.attemptsMax {
            switch try blocking({ () throws(Failure) in try onConnection(body) }) {
            case .success(let value): return value
            case .failure(let error) where error.isConflict && error.kind == .refused:
                blocking { _ = usleep(UInt32.random(in: 1...Self.pauseMax) * 1000) }
            // It was a primary when its connection was made: a new one may lead to the server that is one now.
            case .failure(let error) where error.isReadOnly && attempt == 1: dropIdle()
            case .failure(let error) where error.kind == .lost:
                dropIdle()
                return try ifLost(error)
            case .failure(let error): throw Failure(error)
            }
        }
        throw .registryBusy
    }

    /// One try on one connection. Throws where none becomes free in time.
    private func onConnection<Value>(
        _ body: (PostgreSQLConnection) throws(PostgreSQLError) -> Value
    ) throws(Failure) -> Result<Value, PostgreSQLError> {
        guard free.wait(timeout: .now() + .seconds(busySecondsMax)) == .success else { throw .registryBusy }
        defer { free.signal() }
        do throws(PostgreSQLError) {
            let connection = try connection()
            let value = Result { () throws(PostgreSQLError) in try body(connection) }
            if !connection.isBroken { keep(connection) }
            return value
        } catch {
            return .failure(error)
        }
    }

    private func connection() throws(PostgreSQLError) -> PostgreSQLConnection {
        while let kept = idle.withLock({ $0.popLast() }) {
            if now() - kept.since <= Self.idleSecondsMax, !kept.connection.isStale { return kept.connection }
        }
        return try PostgreSQLConnection(url, secondsMax: busySecondsMax)
    }

    private func keep(_ connection: PostgreSQLConnection) {
        idle.withLock { $0.append(Idle(connection: connection, since: now())) }
    }

    /// Where one connection broke, the others are likely to be broken too.
    private func dropIdle() {
        let dropped = idle.withLock { idle in
            defer { idle = [] }
            return idle
        }
        withExtendedLifetime(dropped) {}
    }

    private func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec)
    }
}

extension Failure {
    /// What an error of PostgreSQL means to whoever wanted something from the registry.
    init(_ error: PostgreSQLError) {
        if error.isBusy || error.isConflict {
            self = .registryBusy
        } else if error.isFull {
            self = .noSpace
        } else if error.isTooLong {
            // Nothing else that a client gives to an index is as long.
            self = .invalid(
                field: "properties", problem: "a name among them is longer than this registry keeps (some 2,600 bytes)")
        } else {
            self = .registryAway(reason: error.description)
        }
    }
}
