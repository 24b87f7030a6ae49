import SystemLibrary

/// The functions of SQLite's C interface (https://www.sqlite.org/c3ref/funclist.html) that this project calls.
struct SQLiteLibrary: @unchecked Sendable {
    // Safe to share: C function pointers, never changed; a connection is used by one thread at a time.
    typealias Handle = OpaquePointer
    typealias StatementHandle = OpaquePointer
    typealias Destructor = @convention(c) (UnsafeMutableRawPointer?) -> Void

    let open:
        @convention(c) (UnsafePointer<CChar>?, UnsafeMutablePointer<Handle?>, Int32, UnsafePointer<CChar>?) -> Int32
    let close: @convention(c) (Handle?) -> Int32
    let busyTimeout: @convention(c) (Handle?, Int32) -> Int32
    let extendedErrorCode: @convention(c) (Handle?) -> Int32
    let errorMessage: @convention(c) (Handle?) -> UnsafePointer<CChar>?
    let changes: @convention(c) (Handle?) -> Int32
    let isAutocommit: @convention(c) (Handle?) -> Int32
    let fileControl: @convention(c) (Handle?, UnsafePointer<CChar>?, Int32, UnsafeMutableRawPointer?) -> Int32
    let backupBegin: @convention(c) (Handle?, UnsafePointer<CChar>?, Handle?, UnsafePointer<CChar>?) -> OpaquePointer?
    let backupStep: @convention(c) (OpaquePointer?, Int32) -> Int32
    let backupFinish: @convention(c) (OpaquePointer?) -> Int32
    let prepare:
        @convention(c) (
            Handle?, UnsafePointer<CChar>?, Int32, UInt32, UnsafeMutablePointer<StatementHandle?>,
            UnsafeMutablePointer<UnsafePointer<CChar>?>?
        ) -> Int32
    let step: @convention(c) (StatementHandle?) -> Int32
    let reset: @convention(c) (StatementHandle?) -> Int32
    let finalize: @convention(c) (StatementHandle?) -> Int32
    let clearBindings: @convention(c) (StatementHandle?) -> Int32
    let bindInteger: @convention(c) (StatementHandle?, Int32, Int64) -> Int32
    let bindText: @convention(c) (StatementHandle?, Int32, UnsafePointer<CChar>?, Int32, Destructor?) -> Int32
    let bindNull: @convention(c) (StatementHandle?, Int32) -> Int32
    let columnType: @convention(c) (StatementHandle?, Int32) -> Int32
    let columnInteger: @convention(c) (StatementHandle?, Int32) -> Int64
    let columnText: @convention(c) (StatementHandle?, Int32) -> UnsafePointer<UInt8>?
    let columnBytes: @convention(c) (StatementHandle?, Int32) -> Int32

    static let loaded: Result<SQLiteLibrary, SystemLibraryError> = Result { () throws(SystemLibraryError) in
        try SQLiteLibrary()
    }

    private init() throws(SystemLibraryError) {
        let library = try SystemLibrary(anyOf: ["libsqlite3.so.0"], package: "libsqlite3-0")
        open = try library.function("sqlite3_open_v2")
        close = try library.function("sqlite3_close_v2")
        busyTimeout = try library.function("sqlite3_busy_timeout")
        extendedErrorCode = try library.function("sqlite3_extended_errcode")
        errorMessage = try library.function("sqlite3_errmsg")
        changes = try library.function("sqlite3_changes")
        isAutocommit = try library.function("sqlite3_get_autocommit")
        fileControl = try library.function("sqlite3_file_control")
        backupBegin = try library.function("sqlite3_backup_init")
        backupStep = try library.function("sqlite3_backup_step")
        backupFinish = try library.function("sqlite3_backup_finish")
        prepare = try library.function("sqlite3_prepare_v3")
        step = try library.function("sqlite3_step")
        reset = try library.function("sqlite3_reset")
        finalize = try library.function("sqlite3_finalize")
        clearBindings = try library.function("sqlite3_clear_bindings")
        bindInteger = try library.function("sqlite3_bind_int64")
        bindText = try library.function("sqlite3_bind_text")
        bindNull = try library.function("sqlite3_bind_null")
        columnType = try library.function("sqlite3_column_type")
        columnInteger = try library.function("sqlite3_column_int64")
        columnText = try library.function("sqlite3_column_text")
        columnBytes = try library.function("sqlite3_column_bytes")
    }
}

/// Result codes and flags (https://www.sqlite.org/rescode.html, https://www.sqlite.org/c3ref/open.html).
enum SQLiteCode {
    static let ok: Int32 = 0
    static let busy: Int32 = 5
    static let full: Int32 = 13
    static let row: Int32 = 100
    static let done: Int32 = 101
    static let openReadWrite: Int32 = 0x2
    static let openCreate: Int32 = 0x4
    static let openNoMutex: Int32 = 0x8000
    static let preparePersistent: UInt32 = 0x1
    static let typeNull: Int32 = 5
}
