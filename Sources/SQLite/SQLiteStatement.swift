/// A value that goes into a statement or comes out of one.
package enum SQLiteValue: Equatable, Sendable {
    case integer(Int64)
    case text(String)
    case null
}

/// A prepared statement: compiled once for its connection, run many times.
final class SQLiteStatement {
    let library: SQLiteLibrary
    let handle: SQLiteLibrary.StatementHandle
    private unowned let connection: SQLiteConnection

    /// Tells SQLite to copy the text at once (SQLITE_TRANSIENT).
    private static let copied = unsafeBitCast(-1, to: SQLiteLibrary.Destructor.self)

    init(_ sql: String, on connection: SQLiteConnection) throws(SQLiteError) {
        self.connection = connection
        library = connection.library
        var prepared: SQLiteLibrary.StatementHandle?
        let code = library.prepare(connection.handle, sql, -1, SQLiteCode.preparePersistent, &prepared, nil)
        guard code == SQLiteCode.ok, let prepared else { throw connection.error(code) }
        handle = prepared
    }

    deinit {
        _ = library.finalize(handle)
    }

    func bind(_ values: [SQLiteValue]) throws(SQLiteError) {
        for (index, value) in values.enumerated() {
            let position = Int32(index + 1)
            let code =
                switch value {
                case .integer(let number): library.bindInteger(handle, position, number)
                case .text(let text): bind(text, at: position)
                case .null: library.bindNull(handle, position)
                }
            guard code == SQLiteCode.ok else { throw connection.error(code) }
        }
    }

    private func bind(_ text: String, at position: Int32) -> Int32 {
        var text = text
        return text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { characters in
                // A nil address would bind NULL where the text is empty.
                guard let address = characters.baseAddress else {
                    return library.bindText(handle, position, "", 0, nil)
                }
                return library.bindText(handle, position, address, Int32(characters.count), Self.copied)
            }
        }
    }

    /// True while there is a row to look at.
    func step() throws(SQLiteError) -> Bool {
        switch library.step(handle) {
        case SQLiteCode.row: return true
        case SQLiteCode.done: return false
        case let code: throw connection.error(code)
        }
    }

    func reset() {
        _ = library.reset(handle)
        _ = library.clearBindings(handle)
    }
}

/// The row that a statement stands on; columns count from 0.
package struct SQLiteRow {
    let statement: SQLiteStatement

    package func integer(_ column: Int) -> Int64 {
        statement.library.columnInteger(statement.handle, Int32(column))
    }

    package func optionalInteger(_ column: Int) -> Int64? {
        isNull(column) ? nil : integer(column)
    }

    package func text(_ column: Int) -> String {
        guard let bytes = statement.library.columnText(statement.handle, Int32(column)) else { return "" }
        let count = Int(statement.library.columnBytes(statement.handle, Int32(column)))
        return String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
    }

    package func optionalText(_ column: Int) -> String? {
        isNull(column) ? nil : text(column)
    }

    private func isNull(_ column: Int) -> Bool {
        statement.library.columnType(statement.handle, Int32(column)) == SQLiteCode.typeNull
    }
}
