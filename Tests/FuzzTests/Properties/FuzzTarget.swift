/// A reader of what strangers send, with the properties that it has for any bytes whatever. The tests try it on bytes
/// made from a seed, `deploy/fuzz` on those that libFuzzer finds.
enum FuzzTarget: String, CaseIterable {
    /// The block of variables that opens an SCGI request, and the request that is made of it.
    case scgi
    /// Header fields of a request, a line each.
    case headers
    /// The body of a request with metadata.
    case json
    /// A request's target: path and query.
    case query
    /// Eight bytes of a size, and a `Range` field.
    case range
    /// The head of a server's answer.
    case answer
    /// A chunked body of a server's answer.
    case chunked

    /// Throws what is wrong.
    func check(_ bytes: [UInt8]) throws(FuzzFinding) {
        switch self {
        case .scgi: try checkSCGI(bytes)
        case .headers: try checkHeaders(bytes)
        case .json: try checkJSON(bytes)
        case .query: try checkQuery(bytes)
        case .range: try checkRange(bytes)
        case .answer: try checkAnswer(bytes)
        case .chunked: try checkChunked(bytes)
        }
    }
}

/// A property that does not hold.
struct FuzzFinding: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

func require(_ condition: Bool, _ property: @autoclosure () -> String) throws(FuzzFinding) {
    guard condition else { throw FuzzFinding(property()) }
}

/// Ways to cut bytes into pieces: all at once, each by itself, and two that the bytes decide.
func cuts(_ bytes: [UInt8]) -> [[ArraySlice<UInt8>]] {
    let sum = bytes.reduce(7) { ($0 &* 31 &+ Int($1)) & 0xFFFF }
    let cut = sum % (bytes.count + 1)
    let step = sum % 5 + 2
    return [
        [bytes[...]],
        bytes.indices.map { bytes[$0...$0] },
        [bytes[..<cut], bytes[cut...]],
        stride(from: 0, to: bytes.count, by: step).map { bytes[$0..<min($0 + step, bytes.count)] },
    ]
}
