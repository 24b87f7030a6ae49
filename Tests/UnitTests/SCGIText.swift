@testable import SCGI

/// The wire text of an SCGI header block: a netstring of names and values, each ended by a NUL.
func scgiBlock(_ variables: KeyValuePairs<String, String>) -> [UInt8] {
    netstring(variables.map { "\($0.key)\0\($0.value)\0" }.joined())
}

func netstring(_ text: String) -> [UInt8] {
    Array("\(text.utf8.count):\(text),".utf8)
}

/// What a parser made of some pieces, in a form that can be compared.
enum ParserOutcome: Equatable {
    case needMore
    /// Each header as `NAME=value`, some of the variables, and what lies behind the block.
    case complete(headers: [String], variables: [String?], body: String)
    case malformed(SCGIDefect)
}

func parse(_ pieces: [[UInt8]], limits: SCGIHeaderParser.Limits = .init()) -> ParserOutcome {
    var parser = SCGIHeaderParser(limits: limits)
    for (index, piece) in pieces.enumerated() {
        switch piece.withUnsafeBytes({ parser.consume($0) }) {
        case .needMore: continue
        case .malformed(let defect): return .malformed(defect)
        case .complete(let variables, let consumed):
            var headers: [String] = []
            variables.forEachHeader { name, value in
                headers.append("\(String(decoding: name, as: UTF8.self))=\(String(decoding: value, as: UTF8.self))")
            }
            return .complete(
                headers: headers,
                variables: [variables["REQUEST_METHOD"], variables["BODY_LENGTH"], variables["IDENTITY_ADMIN"]],
                body: String(decoding: piece[consumed...] + pieces[(index + 1)...].joined(), as: UTF8.self))
        }
    }
    return .needMore
}

func parse(_ wire: [UInt8], limits: SCGIHeaderParser.Limits = .init()) -> ParserOutcome {
    parse([wire], limits: limits)
}
