import GlanceWire
import HTTP

@testable import HTTPClient

private let limits: AnswerHeadParser.Limits = {
    var limits = AnswerHeadParser.Limits()
    limits.headBytesMax = 2048
    limits.fieldsMax = 32
    return limits
}()

private struct Outcome: Equatable {
    var status: Int?
    var fields: [Headers.Field] = []
    var consumed = 0
    var error: String?
}

/// Where the pieces are cut changes nothing, no limit is passed, no field has a control character, and a head that is
/// written again says the same.
func checkAnswer(_ bytes: [UInt8]) throws(FuzzFinding) {
    let (whole, head) = outcome(cuts(bytes)[0])
    for pieces in cuts(bytes).dropFirst() {
        try require(outcome(pieces).outcome == whole, "a cut changes what an answer is")
    }
    guard let head else { return }
    try require(whole.consumed <= limits.headBytesMax, "too long a head was taken")
    try require(head.headers.fields.count <= limits.fieldsMax, "too many fields were taken")
    for field in head.headers.fields {
        let isTame = (field.name + field.value).utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 9 }
        try require(isTame, "a field has a control character")
    }
    for method in ["GET", "HEAD"] {
        if case .fixed(let length)? = try? BodyFraming(head, answering: method) {
            try require(length >= 0, "a body is shorter than nothing")
        }
    }
    _ = head.keepsConnection
    _ = ImageHeaders.reported(head.headers)
    // A tab within a value becomes a blank on its way out.
    guard !head.headers.fields.contains(where: { $0.value.contains("\t") }) else { return }
    let again = outcome([messageHead(["HTTP/1.1 \(head.status) x"], head.headers)[...]]).outcome
    // Replacement characters are longer than the bytes that they stand for.
    guard again.error == nil else { return }
    try require(again.fields == whole.fields, "a head that is written again is another one")
}

private func outcome(_ pieces: [ArraySlice<UInt8>]) -> (outcome: Outcome, head: AnswerHead?) {
    var parser = AnswerHeadParser(limits: limits)
    var outcome = Outcome()
    for piece in pieces {
        do throws(HTTPClientError) {
            switch try consume(piece, with: &parser) {
            case .needMore: outcome.consumed += piece.count
            case .complete(let head, let consumed):
                outcome.consumed += consumed
                (outcome.status, outcome.fields) = (head.status, head.headers.fields)
                return (outcome, head)
            }
        } catch {
            return (Outcome(error: "\(error)"), nil)
        }
    }
    return (outcome, nil)
}

private func consume(
    _ piece: ArraySlice<UInt8>, with parser: inout AnswerHeadParser
) throws(HTTPClientError) -> AnswerHeadParser.Progress {
    try Array(piece).withUnsafeBufferPointer { bytes throws(HTTPClientError) in
        try parser.consume(UnsafeRawBufferPointer(bytes))
    }
}
