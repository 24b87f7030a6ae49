/// What the server answered to one statement.
final class PostgreSQLResult {
    let library: PostgreSQLLibrary
    let handle: PostgreSQLLibrary.ResultHandle

    init(_ handle: PostgreSQLLibrary.ResultHandle, of library: PostgreSQLLibrary) {
        self.handle = handle
        self.library = library
    }

    deinit {
        library.clear(handle)
    }

    var isGood: Bool {
        let status = library.resultStatus(handle)
        return status == PostgreSQLCode.commandOK || status == PostgreSQLCode.tuplesOK
    }

    var rowCount: Int { Int(library.rowCount(handle)) }

    /// Rows that the statement inserted, updated, deleted or returned.
    var changedRows: Int {
        library.changedRows(handle).flatMap { Int(String(cString: $0)) } ?? 0
    }

    func errorField(_ field: Int32) -> String {
        library.resultErrorField(handle, field).map { String(cString: $0) } ?? ""
    }
}

/// One row of an answer; columns count from 0.
package struct PostgreSQLRow {
    let result: PostgreSQLResult
    let number: Int32

    package func integer(_ column: Int) -> Int64 {
        Int64(text(column)) ?? 0
    }

    package func optionalInteger(_ column: Int) -> Int64? {
        isNull(column) ? nil : integer(column)
    }

    package func text(_ column: Int) -> String {
        guard let value = result.library.value(result.handle, number, Int32(column)) else { return "" }
        let count = Int(result.library.valueLength(result.handle, number, Int32(column)))
        return value.withMemoryRebound(to: UInt8.self, capacity: count) { bytes in
            String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
        }
    }

    package func optionalText(_ column: Int) -> String? {
        isNull(column) ? nil : text(column)
    }

    private func isNull(_ column: Int) -> Bool {
        result.library.valueIsNull(result.handle, number, Int32(column)) == 1
    }
}
