@testable import HTTPClient

private struct Outcome: Equatable {
    var body: [UInt8] = []
    var consumed = 0
    var isAtEnd = false
    var error: String?
}

/// However the input is cut and however small the room for output is, the same bytes come out, never more than went in,
/// and they come out again when they are encoded anew.
func checkChunked(_ bytes: [UInt8]) throws(FuzzFinding) {
    let whole = try outcome([bytes[...]], room: 4096)
    for (pieces, room) in zip(cuts(bytes), [1, 2, 3, 4096]) {
        let other = try outcome(pieces, room: room)
        try require(other == whole, "a cut, or a room of \(room), changes what a body is")
    }
    try require(whole.body.count <= bytes.count, "more came out than went in")
    guard whole.isAtEnd, !whole.body.isEmpty else { return }
    let size = String(whole.body.count, radix: 16)
    let again = try outcome(
        [(Array("\(size)\r\n".utf8) + whole.body + Array("\r\n0\r\n\r\n".utf8))[...]], room: 4096)
    try require(again.body == whole.body && again.isAtEnd, "a body that is encoded again is another one")
}

private func outcome(_ pieces: [ArraySlice<UInt8>], room: Int) throws(FuzzFinding) -> Outcome {
    var decoder = ChunkedDecoder()
    var outcome = Outcome()
    var output = [UInt8](repeating: 0, count: room)
    for piece in pieces {
        var rest = Array(piece)
        while !rest.isEmpty, !decoder.isAtEnd {
            let used: (consumed: Int, produced: Int)
            do throws(HTTPClientError) {
                used = try step(&decoder, rest, into: &output)
            } catch {
                return Outcome(error: "\(error)")
            }
            try require(used.consumed > 0, "the decoder stands still")
            try require(used.consumed <= rest.count && used.produced <= room, "the decoder is out of bounds")
            outcome.body += output[..<used.produced]
            outcome.consumed += used.consumed
            rest.removeFirst(used.consumed)
        }
    }
    outcome.isAtEnd = decoder.isAtEnd
    return outcome
}

private func step(
    _ decoder: inout ChunkedDecoder, _ input: [UInt8], into output: inout [UInt8]
) throws(HTTPClientError) -> (consumed: Int, produced: Int) {
    try output.withUnsafeMutableBufferPointer { room throws(HTTPClientError) in
        try input.withUnsafeBufferPointer { bytes throws(HTTPClientError) in
            try decoder.decode(UnsafeRawBufferPointer(bytes), into: UnsafeMutableRawBufferPointer(room))
        }
    }
}
