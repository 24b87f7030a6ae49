import SystemLibrary

/// The functions of libpq (https://www.postgresql.org/docs/15/libpq.html) that this project calls.
struct PostgreSQLLibrary: @unchecked Sendable {
    // Safe to share: C function pointers, never changed; a connection is used by one thread at a time.
    typealias Handle = OpaquePointer
    typealias ResultHandle = OpaquePointer
    typealias CancelHandle = OpaquePointer
    typealias Texts = UnsafePointer<UnsafePointer<CChar>?>
    typealias NoticeProcessor = @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<CChar>?) -> Void

    let connect: @convention(c) (Texts?, Texts?, Int32) -> Handle?
    let startConnecting: @convention(c) (Texts?, Texts?, Int32) -> Handle?
    let options: @convention(c) (Handle?) -> UnsafeMutableRawPointer?
    let freeOptions: @convention(c) (UnsafeMutableRawPointer?) -> Void
    let finish: @convention(c) (Handle?) -> Void
    let status: @convention(c) (Handle?) -> Int32
    let errorMessage: @convention(c) (Handle?) -> UnsafePointer<CChar>?
    let socket: @convention(c) (Handle?) -> Int32
    let setNonblocking: @convention(c) (Handle?, Int32) -> Int32
    let setNoticeProcessor:
        @convention(c) (Handle?, NoticeProcessor?, UnsafeMutableRawPointer?) ->
            NoticeProcessor?
    let sendQuery:
        @convention(c) (
            Handle?, UnsafePointer<CChar>?, Int32, UnsafePointer<UInt32>?, Texts?, UnsafePointer<Int32>?,
            UnsafePointer<Int32>?, Int32
        ) -> Int32
    let flush: @convention(c) (Handle?) -> Int32
    let consumeInput: @convention(c) (Handle?) -> Int32
    let isBusy: @convention(c) (Handle?) -> Int32
    let nextResult: @convention(c) (Handle?) -> ResultHandle?
    let resultStatus: @convention(c) (ResultHandle?) -> Int32
    let resultErrorField: @convention(c) (ResultHandle?, Int32) -> UnsafePointer<CChar>?
    let clear: @convention(c) (ResultHandle?) -> Void
    let rowCount: @convention(c) (ResultHandle?) -> Int32
    let changedRows: @convention(c) (ResultHandle?) -> UnsafePointer<CChar>?
    let value: @convention(c) (ResultHandle?, Int32, Int32) -> UnsafePointer<CChar>?
    let valueLength: @convention(c) (ResultHandle?, Int32, Int32) -> Int32
    let valueIsNull: @convention(c) (ResultHandle?, Int32, Int32) -> Int32
    let getCancel: @convention(c) (Handle?) -> CancelHandle?
    let cancel: @convention(c) (CancelHandle?, UnsafeMutablePointer<CChar>?, Int32) -> Int32
    let freeCancel: @convention(c) (CancelHandle?) -> Void

    static let loaded: Result<PostgreSQLLibrary, SystemLibraryError> = Result { () throws(SystemLibraryError) in
        try PostgreSQLLibrary()
    }

    private init() throws(SystemLibraryError) {
        let library = try SystemLibrary(anyOf: ["libpq.so.5"], package: "libpq5")
        connect = try library.function("PQconnectdbParams")
        startConnecting = try library.function("PQconnectStartParams")
        options = try library.function("PQconninfo")
        freeOptions = try library.function("PQconninfoFree")
        finish = try library.function("PQfinish")
        status = try library.function("PQstatus")
        errorMessage = try library.function("PQerrorMessage")
        socket = try library.function("PQsocket")
        setNonblocking = try library.function("PQsetnonblocking")
        setNoticeProcessor = try library.function("PQsetNoticeProcessor")
        sendQuery = try library.function("PQsendQueryParams")
        flush = try library.function("PQflush")
        consumeInput = try library.function("PQconsumeInput")
        isBusy = try library.function("PQisBusy")
        nextResult = try library.function("PQgetResult")
        resultStatus = try library.function("PQresultStatus")
        resultErrorField = try library.function("PQresultErrorField")
        clear = try library.function("PQclear")
        rowCount = try library.function("PQntuples")
        changedRows = try library.function("PQcmdTuples")
        value = try library.function("PQgetvalue")
        valueLength = try library.function("PQgetlength")
        valueIsNull = try library.function("PQgetisnull")
        getCancel = try library.function("PQgetCancel")
        cancel = try library.function("PQcancel")
        freeCancel = try library.function("PQfreeCancel")
    }
}

/// Values of libpq's enumerations and of its error fields.
enum PostgreSQLCode {
    static let connectionOK: Int32 = 0
    static let commandOK: Int32 = 1
    static let tuplesOK: Int32 = 2
    static let fieldSQLState = Int32(UInt8(ascii: "C"))
    static let fieldMessage = Int32(UInt8(ascii: "M"))
}
