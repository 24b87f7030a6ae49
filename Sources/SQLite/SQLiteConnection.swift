import Glibc

/// One connection to a database file, used by one thread at a time.
package final class SQLiteConnection {
    /// A statement's text is one of a few dozen literals; more than this many means that values were not bound.
    private static let statementsMax = 128

    let library: SQLiteLibrary
    let handle: SQLiteLibrary.Handle
    private var statements: [String: SQLiteStatement] = [:]
    private lazy var walIndex = WALIndex(of: handle, library)

    /// Opens `path` in write-ahead-log mode, where a commit is durable before it is answered (`synchronous=FULL`).
    /// A lock that another connection holds is waited for up to `busySecondsMax` seconds.
    package init(path: String, busySecondsMax: Int, create: Bool) throws(SQLiteError) {
        do { library = try SQLiteLibrary.loaded.get() } catch { throw SQLiteError(error) }
        var opened: SQLiteLibrary.Handle?
        let flags = SQLiteCode.openReadWrite | SQLiteCode.openNoMutex | (create ? SQLiteCode.openCreate : 0)
        let code = library.open(path, &opened, flags, nil)
        guard code == SQLiteCode.ok, let opened else {
            let message = opened.flatMap(library.errorMessage).map { String(cString: $0) } ?? "out of memory"
            _ = library.close(opened)
            throw SQLiteError(code: code, message: "\(path): \(message)")
        }
        handle = opened
        _ = library.busyTimeout(handle, Int32(clamping: busySecondsMax * 1000))
        try beginLog(secondsMax: busySecondsMax)
        for pragma in ["synchronous=FULL", "foreign_keys=ON", "cache_size=-1024"] {
            try execute("PRAGMA \(pragma)")
        }
    }

    /// Of several connections that give a new database its log at once SQLite refuses some without waiting, because each
    /// would wait for the other (https://www.sqlite.org/c3ref/busy_handler.html). They try again.
    private func beginLog(secondsMax: Int) throws(SQLiteError) {
        let end = ContinuousClock.now + .seconds(secondsMax)
        while true {
            do throws(SQLiteError) { return try execute("PRAGMA journal_mode=WAL") } catch {
                guard error.isBusy, ContinuousClock.now < end else { throw error }
                usleep(1000)
            }
        }
    }

    deinit {
        statements.removeAll()
        _ = library.close(handle)
    }

    /// What the database is at; nil where it cannot be told at this moment.
    package var changeMark: SQLiteChangeMark? { walIndex?.changeMark }

    /// Rows changed by the statement that ran last.
    package var changes: Int { Int(library.changes(handle)) }

    /// Runs one statement with `values` bound to `?1`, `?2`, … and drops what it returns.
    package func execute(_ sql: String, _ values: [SQLiteValue] = []) throws(SQLiteError) {
        try query(sql, values) { (_: SQLiteRow) throws(SQLiteError) in }
    }

    /// Runs one statement and hands each row to `body`, which must not keep it.
    package func query(
        _ sql: String, _ values: [SQLiteValue] = [], _ body: (SQLiteRow) throws(SQLiteError) -> Void
    ) throws(SQLiteError) {
        let statement = try statement(sql)
        defer { statement.reset() }
        try statement.bind(values)
        while try statement.step() {
            try body(SQLiteRow(statement: statement))
        }
    }

    /// The first row of a statement, made into a value; nil when there is none.
    package func first<Value>(
        _ sql: String, _ values: [SQLiteValue] = [], _ make: (SQLiteRow) throws(SQLiteError) -> Value
    ) throws(SQLiteError) -> Value? {
        let statement = try statement(sql)
        defer { statement.reset() }
        try statement.bind(values)
        return try statement.step() ? try make(SQLiteRow(statement: statement)) : nil
    }

    /// Runs `body` in one transaction that holds the write lock from its start: one that began by reading would
    /// fail at its first write, however long the busy time-out.
    package func write<Value, Failure: Error>(_ body: () throws(Failure) -> Value, failure: (SQLiteError) -> Failure)
        throws(Failure) -> Value
    {
        do { try execute("BEGIN IMMEDIATE") } catch { throw failure(error) }
        do throws(Failure) {
            let value = try body()
            do { try execute("COMMIT") } catch { throw failure(error) }
            return value
        } catch {
            rollBack()
            throw error
        }
    }

    private func rollBack() {
        guard library.isAutocommit(handle) == 0 else { return }
        // A ROLLBACK that fails leaves the transaction to the connection's end, which rolls it back.
        _ = try? execute("ROLLBACK")
    }

    private func statement(_ sql: String) throws(SQLiteError) -> SQLiteStatement {
        if let known = statements[sql] { return known }
        if statements.count >= Self.statementsMax { statements.removeAll() }
        let statement = try SQLiteStatement(sql, on: self)
        statements[sql] = statement
        return statement
    }

    func error(_ code: Int32) -> SQLiteError {
        let message = library.errorMessage(handle).map { String(cString: $0) } ?? "unknown"
        let extended = library.extendedErrorCode(handle)
        return SQLiteError(code: extended == SQLiteCode.ok ? code : extended, message: message)
    }
}
