import SystemLibrary

/// What SQLite answered when a call failed: the extended result code and its message.
package struct SQLiteError: Error, Equatable, CustomStringConvertible {
    package let code: Int32
    package let message: String

    /// Another connection held the lock for longer than the busy time-out.
    package var isBusy: Bool { code & 0xFF == SQLiteCode.busy }
    package var isFull: Bool { code & 0xFF == SQLiteCode.full }

    package var description: String { "SQLite: \(message) (\(code))" }

    init(code: Int32, message: String) {
        self.code = code
        self.message = message
    }

    init(_ missing: SystemLibraryError) {
        self.init(code: 0, message: missing.description)
    }
}
