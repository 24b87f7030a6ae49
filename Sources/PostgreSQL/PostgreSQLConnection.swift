import Glibc

/// One connection to a PostgreSQL server, or to a PgBouncer before it, used by one thread at a time. It leaves nothing
/// behind in the session: no prepared statement, no setting, no lock that outlives its transaction. So it does not matter
/// whether the next statement goes to the same session.
package final class PostgreSQLConnection {
    private let library: PostgreSQLLibrary
    private let handle: PostgreSQLLibrary.Handle
    private let secrets: PostgreSQLSecrets
    private let secondsMax: Int
    /// True once an answer may still be under way that nobody waits for.
    private var isAbandoned = false

    /// Connects as `uri` says, which is handed to libpq as it is. Each host that it names is given `secondsMax` seconds,
    /// unless something that libpq looks at says `connect_timeout`; each statement has as many to be answered in.
    package init(_ uri: String, secondsMax: Int) throws(PostgreSQLError) {
        let library: PostgreSQLLibrary
        do { library = try PostgreSQLLibrary.loaded.get() } catch { throw PostgreSQLError(error) }
        self.library = library
        secrets = PostgreSQLSecrets(of: uri)
        self.secondsMax = secondsMax
        // What comes later counts: the encoding over all.
        var parameters = [
            ("fallback_application_name", "glance-api"), ("dbname", uri), ("client_encoding", "UTF8"),
        ]
        // Said here it would count for more than what a service file says.
        if !PostgreSQLOptions.say("connect_timeout", with: uri, library) {
            parameters.append(("connect_timeout", String(max(2, secondsMax))))
        }
        let opened = CTexts(parameters.map(\.0)).withPointers { keys in
            CTexts(parameters.map(\.1)).withPointers { values in library.connect(keys, values, 1) }
        }
        guard let opened else { throw PostgreSQLError(.notConnected, "out of memory") }
        handle = opened
        guard library.status(handle) == PostgreSQLCode.connectionOK, library.setNonblocking(handle, 1) == 0 else {
            throw PostgreSQLError(.notConnected, message)
        }
        // Notices would go to standard error, which is the log's.
        _ = library.setNoticeProcessor(handle, { _, _ in }, nil)
    }

    deinit {
        library.finish(handle)
    }

    /// True where no statement can be run any more.
    package var isBroken: Bool { isAbandoned || library.status(handle) != PostgreSQLCode.connectionOK }

    /// True where the server has said or closed something since the last answer: between statements that is its end.
    package var isStale: Bool {
        var entry = pollfd(fd: library.socket(handle), events: Int16(POLLIN), revents: 0)
        return isBroken || poll(&entry, 1, 0) != 0
    }

    /// Runs one statement with `values` for `$1`, `$2`, …, and tells how many rows it changed.
    @discardableResult
    package func execute(
        _ sql: String, _ values: [PostgreSQLValue] = [], secondsMax: Int? = nil
    ) throws(PostgreSQLError) -> Int {
        try run(sql, values, secondsMax ?? self.secondsMax)?.changedRows ?? 0
    }

    /// Runs one statement and makes each row of its answer into a value. The whole answer is here before the first is made.
    package func rows<Value>(
        _ sql: String, _ values: [PostgreSQLValue] = [], secondsMax: Int? = nil, _ make: (PostgreSQLRow) -> Value
    ) throws(PostgreSQLError) -> [Value] {
        guard let result = try run(sql, values, secondsMax ?? self.secondsMax) else { return [] }
        return (0..<result.rowCount).map { make(PostgreSQLRow(result: result, number: Int32($0))) }
    }

    /// Runs `body` in one transaction, of which nothing stays where it throws or `keeps` says so of its value. `begin` may
    /// say more than that it begins.
    package func transaction<Value>(
        _ begin: String = "BEGIN", keeps: (Value) -> Bool = { _ in true }, _ body: () throws(PostgreSQLError) -> Value
    ) throws(PostgreSQLError) -> Value {
        try execute(begin)
        do {
            let value = try body()
            try execute(keeps(value) ? "COMMIT" : "ROLLBACK")
            return value
        } catch {
            // A ROLLBACK that fails leaves the transaction to the connection's end, which rolls it back.
            if !isBroken, (try? execute("ROLLBACK")) == nil { isAbandoned = true }
            throw error
        }
    }

    private func run(
        _ sql: String, _ values: [PostgreSQLValue], _ secondsMax: Int
    ) throws(PostgreSQLError) -> PostgreSQLResult? {
        var wait = Wait(deadline: monotonicMilliseconds() + Int64(secondsMax) * 1000)
        let isSent = CTexts(values.map(\.literal)).withPointers { pointers in
            library.sendQuery(handle, sql, Int32(values.count), nil, pointers, nil, nil, 0) == 1
        }
        guard isSent else { throw lost() }
        var last: PostgreSQLResult?
        var refusal: PostgreSQLError?
        while let next = try nextResult(&wait) {
            let result = PostgreSQLResult(next, of: library)
            last = result
            if !result.isGood, refusal == nil { refusal = error(in: result) }
        }
        // Where the connection ended before the server said that it is ready for more, a commit may have been on its way.
        guard library.status(handle) == PostgreSQLCode.connectionOK else { throw lost(refusal) }
        if let refusal { throw wait.isOver && refusal.isCancelled ? PostgreSQLError(.refused, Self.tooLate) : refusal }
        return last
    }

    private static let tooLate = "the server did not answer a statement in time"

    /// How long a statement's answer is waited for: until the deadline, and then once more, for what the server says to
    /// the wish that it give the statement up. Else one that waits for a lock would be done after its client was told
    /// that it was not.
    private struct Wait {
        static let graceMilliseconds: Int64 = 2000

        var deadline: Int64
        var isOver = false
    }

    /// The next result of the statement that was sent; nil after the last. Nothing else here waits.
    private func nextResult(_ wait: inout Wait) throws(PostgreSQLError) -> PostgreSQLLibrary.ResultHandle? {
        var unsent = library.flush(handle)
        while unsent == 1 || library.isBusy(handle) == 1 {
            let rest = wait.deadline - monotonicMilliseconds()
            let events = Int16(POLLIN) | (unsent == 1 ? Int16(POLLOUT) : 0)
            var entry = pollfd(fd: library.socket(handle), events: events, revents: 0)
            let count = rest > 0 ? poll(&entry, 1, Int32(clamping: rest)) : 0
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                // Also where an answer comes now: the wish may reach the server late, and meet the next statement.
                isAbandoned = true
                guard !wait.isOver, let wish = PostgreSQLCancellation(handle, of: library) else {
                    throw PostgreSQLError(.lost, Self.tooLate)
                }
                wish.send()
                (wait.deadline, wait.isOver) = (wait.deadline + Wait.graceMilliseconds, true)
                continue
            }
            // Fails where the connection is gone; what the server said before that can still be taken.
            guard library.consumeInput(handle) == 1 else { break }
            unsent = library.flush(handle)
        }
        return library.nextResult(handle)
    }

    private func error(in result: PostgreSQLResult) -> PostgreSQLError {
        let said = result.errorField(PostgreSQLCode.fieldMessage)
        return PostgreSQLError(
            .refused, sqlState: result.errorField(PostgreSQLCode.fieldSQLState),
            said.isEmpty ? message : secrets.hidden(in: said))
    }

    private func lost(_ refusal: PostgreSQLError? = nil) -> PostgreSQLError {
        isAbandoned = true
        return PostgreSQLError(.lost, sqlState: refusal?.sqlState ?? "", refusal?.message ?? message)
    }

    private var message: String {
        secrets.hidden(in: library.errorMessage(handle).map { String(cString: $0) } ?? "unknown")
    }
}

private func monotonicMilliseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
}

/// Texts as C wants them: an array of addresses with a nil at its end.
struct CTexts {
    private let texts: [String?]

    init(_ texts: [String?]) {
        self.texts = texts
    }

    func withPointers<Value>(_ body: (PostgreSQLLibrary.Texts?) -> Value) -> Value {
        let copies = texts.map { $0.flatMap { strdup($0) } }
        defer { for copy in copies { free(copy) } }
        let pointers = copies.map { $0.map { UnsafePointer($0) } } + [nil]
        return pointers.withUnsafeBufferPointer { body($0.baseAddress) }
    }
}
