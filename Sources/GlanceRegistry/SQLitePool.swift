import GlanceModel
import SQLite
import Synchronization

/// The connections of one process to one database file.
///
/// `@unchecked Sendable`: a connection is in the hands of one thread at a time, because it is taken out of `idle` under
/// its lock, or used under the lock of `writer`.
final class SQLitePool: @unchecked Sendable {
    /// Connections that are kept while nobody reads.
    private static let idleMax = 8

    private let path: String
    private let busySecondsMax: Int
    private let idle = Mutex<[Lent]>([])
    private let writer: Mutex<Lent>

    private struct Lent: @unchecked Sendable {
        let connection: SQLiteConnection
    }

    init(path: String, busySecondsMax: Int) throws(Failure) {
        self.path = path
        self.busySecondsMax = busySecondsMax
        writer = Mutex(Lent(connection: try Self.connect(path, busySecondsMax)))
    }

    /// Runs `body` on a connection that reads. There is one for every thread that reads at this moment.
    func read<Value>(_ body: (SQLiteConnection) throws(SQLiteError) -> Value) throws(Failure) -> Value {
        let lent =
            if let kept = idle.withLock({ $0.popLast() }) { kept } else {
                Lent(connection: try Self.connect(path, busySecondsMax))
            }
        defer { idle.withLock { if $0.count < Self.idleMax { $0.append(lent) } } }
        return try asFailure { () throws(SQLiteError) in try body(lent.connection) }
    }

    /// Runs `body` in a transaction that writes. SQLite lets one writer in at a time: threads of this process queue here,
    /// and only processes meet at SQLite's own lock, where waiting is polling.
    func write<Value: Sendable>(_ body: (SQLiteConnection) throws(Failure) -> Value) throws(Failure) -> Value {
        try writer.withLock { lent throws(Failure) in
            let connection = lent.connection
            return try connection.write { () throws(Failure) in
                try body(connection)
            } failure: {
                Failure($0)
            }
        }
    }

    private static func connect(_ path: String, _ busySecondsMax: Int) throws(Failure) -> SQLiteConnection {
        try asFailure { () throws(SQLiteError) in
            try SQLiteConnection(path: path, busySecondsMax: busySecondsMax, create: false)
        }
    }
}
