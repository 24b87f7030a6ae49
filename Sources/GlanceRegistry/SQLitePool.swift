import Bytes
import GlanceModel
import Glibc
import SQLite
import Synchronization

/// The connections of one process to one database file.
///
/// `@unchecked Sendable`: a connection is in the hands of one thread at a time, because it is taken off a shelf under
/// its lock, or used under the lock of `writer`.
final class SQLitePool: @unchecked Sendable {
    /// Connections that a shelf keeps while nobody reads.
    private static let idleMax = 2
    /// Each thread has its shelf, so that they seldom meet at a lock.
    private static let shelvesCount = 1 << shelfBits
    private static let shelfBits = 3

    private let path: String
    private let busySecondsMax: Int
    private let shelves = (0..<shelvesCount).map { _ in Shelf() }
    private let writer: Mutex<Writer>

    private struct Writer: @unchecked Sendable {
        let connection: SQLiteConnection
    }

    private struct Reader: @unchecked Sendable {
        let connection: SQLiteConnection
    }

    private final class Shelf: Sendable {
        let idle = Mutex<[Reader]>([])
    }

    init(path: String, busySecondsMax: Int) throws(Failure) {
        self.path = path
        self.busySecondsMax = busySecondsMax
        writer = Mutex(Writer(connection: try Self.connect(path, busySecondsMax)))
    }

    /// Runs `body` on a connection that reads. There is one for every thread that reads at this moment.
    func read<Value>(_ body: (SQLiteConnection) throws(SQLiteError) -> Value) throws(Failure) -> Value {
        let shelf = shelves[Self.shelfNumber]
        let kept = shelf.idle.withLock { $0.popLast() }
        let reader = if let kept { kept } else { Reader(connection: try Self.connect(path, busySecondsMax)) }
        defer { shelf.idle.withLock { if $0.count < Self.idleMax { $0.append(reader) } } }
        return try asFailure { () throws(SQLiteError) in try body(reader.connection) }
    }

    /// The thread's own, by Fibonacci hashing: its low bits say nothing, and stacks lie at even distances.
    private static var shelfNumber: Int {
        Int((UInt64(pthread_self()) >> 12 &* 0x9E37_79B9_7F4A_7C15) >> (64 - shelfBits))
    }

    /// Runs `body` in a transaction that writes. SQLite lets one writer in at a time: threads of this process queue here,
    /// and only processes meet at SQLite's own lock, where waiting is polling.
    func write<Value: Sendable>(_ body: (SQLiteConnection) throws(Failure) -> Value) throws(Failure) -> Value {
        try blocking { () throws(Failure) in
            try writer.withLock { lent throws(Failure) in
                let connection = lent.connection
                return try connection.write { () throws(Failure) in
                    try body(connection)
                } failure: {
                    Failure($0)
                }
            }
        }
    }

    private static func connect(_ path: String, _ busySecondsMax: Int) throws(Failure) -> SQLiteConnection {
        try asFailure { () throws(SQLiteError) in
            try SQLiteConnection(path: path, busySecondsMax: busySecondsMax, create: false)
        }
    }
}
