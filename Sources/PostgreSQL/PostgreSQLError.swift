import SystemLibrary

/// Why a call to PostgreSQL failed, in words that hold no password.
package struct PostgreSQLError: Error, Equatable, CustomStringConvertible {
    /// What the failure says of the statement that it befell.
    package enum Kind: Sendable {
        /// There was no connection: nothing was done.
        case notConnected
        /// The server refused the statement: nothing was done.
        case refused
        /// The connection broke, or no answer came in time: nobody here knows whether it was done.
        case lost
    }

    package let kind: Kind
    /// Five characters (https://www.postgresql.org/docs/15/errcodes-appendix.html); empty where no server said any.
    package let sqlState: String
    package let message: String

    package var description: String {
        sqlState.isEmpty ? "PostgreSQL: \(message)" : "PostgreSQL: \(message) (\(sqlState))"
    }

    /// Two transactions were in each other's way, and this one gave in: it may be tried again as it was.
    package var isConflict: Bool { sqlState == "40001" || sqlState == "40P01" }

    /// It waited for longer than the server allows.
    package var isBusy: Bool { sqlState == "55P03" || isCancelled }

    /// It was given up because somebody wished so, or took longer than the server allows.
    var isCancelled: Bool { sqlState == "57014" }

    package var isFull: Bool { sqlState == "53100" }

    /// A text is longer than an entry of an index may be.
    package var isTooLong: Bool { sqlState == "54000" }

    /// The server takes no changes: a standby, or one that was a primary before.
    package var isReadOnly: Bool { sqlState == "25006" }

    init(_ kind: Kind, sqlState: String = "", _ message: String) {
        self.kind = kind
        self.sqlState = sqlState
        self.message = message.split { $0.isWhitespace }.joined(separator: " ")
    }

    init(_ missing: SystemLibraryError) {
        self.init(.notConnected, missing.description)
    }
}
