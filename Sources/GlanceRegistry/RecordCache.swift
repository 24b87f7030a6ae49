import GlanceModel
import SQLite

/// The records that one connection has read since anybody committed anything: a service is asked for the same few images
/// again and again, and a read of SQLite costs more than all the rest of the answer.
final class RecordCache {
    private static let recordsMax = 32

    private var mark: SQLiteChangeMark?
    private var records: [ImageID: ImageRecord] = [:]

    /// The record as it is now: remembered where nothing can have changed, else by `read`.
    func record(
        _ id: ImageID, on connection: SQLiteConnection, read: () throws(SQLiteError) -> ImageRecord?
    ) throws(SQLiteError) -> ImageRecord? {
        // Taken before the read: what is read may be newer than its mark, never older.
        guard let now = connection.changeMark else { return try read() }
        if now == mark, let known = records[id] { return known }
        let record = try read()
        if mark != now || records.count >= Self.recordsMax { records.removeAll(keepingCapacity: true) }
        mark = now
        records[id] = record
        return record
    }
}
