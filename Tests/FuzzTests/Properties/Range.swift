import HTTP

/// A range lies within what there is, and means the same when it is written in the plainest way.
func checkRange(_ bytes: [UInt8]) throws(FuzzFinding) {
    let size = Int64(bitPattern: bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    let field = String(decoding: bytes.dropFirst(8), as: UTF8.self)
    switch RangeRequest(field, size: size) {
    case .whole, .unsatisfiable: break
    case .part(let range):
        try require(0 <= range.first && range.first <= range.last && range.last < size, "\(range) is not in \(size)")
        try require((1...size).contains(range.count), "\(range) has \(range.count) bytes")
        try require(!field.contains(","), "one of several ranges was taken")
        let plain = RangeRequest("bytes=\(range.first)-\(range.last)", size: size)
        try require(plain == .part(range), "\(range) is another one when it is written")
    }
}
