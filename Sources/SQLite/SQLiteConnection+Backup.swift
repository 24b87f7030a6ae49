extension SQLiteConnection {
    /// Finds SQLite's library.
    package static func load() throws(SQLiteError) {
        do { _ = try SQLiteLibrary.loaded.get() } catch { throw SQLiteError(error) }
    }

    /// Copies the whole database, as it is at one moment, into a new file at `path`, while others go on writing
    /// (https://www.sqlite.org/backup.html).
    package func copy(to path: String) throws(SQLiteError) {
        var opened: SQLiteLibrary.Handle?
        let flags = SQLiteCode.openReadWrite | SQLiteCode.openCreate | SQLiteCode.openNoMutex
        let code = library.open(path, &opened, flags, nil)
        defer { _ = library.close(opened) }
        guard code == SQLiteCode.ok, let opened else {
            throw SQLiteError(code: code, message: "\(path): it cannot be opened")
        }
        guard let backup = library.backupBegin(opened, "main", handle, "main") else {
            throw SQLiteError(code: library.extendedErrorCode(opened), message: "\(path): the copy cannot begin")
        }
        let stepped = library.backupStep(backup, -1)
        let finished = library.backupFinish(backup)
        guard stepped == SQLiteCode.done, finished == SQLiteCode.ok else {
            let message = library.errorMessage(opened).map { String(cString: $0) } ?? "unknown"
            throw SQLiteError(code: finished == SQLiteCode.ok ? stepped : finished, message: "\(path): \(message)")
        }
    }
}
