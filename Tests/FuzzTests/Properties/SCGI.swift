import Bytes
import HTTP

@testable import SCGI

private let limits: SCGIHeaderParser.Limits = {
    var limits = SCGIHeaderParser.Limits()
    limits.headerBytesMax = 2048
    limits.variablesMax = 32
    return limits
}()

private struct Outcome: Equatable {
    var variables: [[UInt8]]?
    /// Bytes of the whole input that belong to the block.
    var consumed = 0
    var defect: SCGIDefect?
}

/// Where the pieces are cut changes nothing, no limit is passed, and what was taken says the same when it is sent again.
func checkSCGI(_ bytes: [UInt8]) throws(FuzzFinding) {
    var outcomes: [Outcome] = []
    for pieces in cuts(bytes) { outcomes.append(try outcome(pieces)) }
    for other in outcomes { try require(other == outcomes[0], "a cut changes what a block is") }
    guard let variables = outcomes[0].variables else { return }
    try require(variables.count <= 2 * limits.variablesMax, "too many variables were taken")

    let block: [UInt8] = variables.flatMap { $0 + [0] }
    try require(block.count <= limits.headerBytesMax, "too long a block was taken")
    let again = try outcome([(Array("\(block.count):".utf8) + block + [UInt8(ascii: ",")])[...]])
    try require(again.variables == variables, "a block that is sent again is another one")
}

private func outcome(_ pieces: [ArraySlice<UInt8>]) throws(FuzzFinding) -> Outcome {
    var parser = SCGIHeaderParser(limits: limits)
    var outcome = Outcome()
    for piece in pieces {
        switch piece.withUnsafeBytes({ parser.consume($0) }) {
        case .needMore: outcome.consumed += piece.count
        case .malformed(let defect): return Outcome(defect: defect)
        case .complete(let variables, let consumed):
            try require(consumed <= piece.count, "more was consumed than there was")
            outcome.consumed += consumed
            outcome.variables = texts(of: variables)
            try checkRequest(variables)
            return outcome
        }
    }
    return outcome
}

private func texts(of variables: SCGIVariables) -> [[UInt8]] {
    variables.block.withUnsafeBufferPointer { block in
        variables.entries.flatMap { [Array(block[$0.name]), Array(block[$0.value])] }
    }
}

/// Each variable that only the gateway sets is there once, and a request can be made of whatever there is.
private func checkRequest(_ variables: SCGIVariables) throws(FuzzFinding) {
    let all = texts(of: variables)
    let own = stride(from: 0, to: all.count, by: 2).map { all[$0] }.filter { !$0.starts(with: "HTTP_".utf8) }
    try require(Set(own).count == own.count, "a variable of the gateway's came twice")
    try require(!own.contains([]), "a variable has no name")
    var length: Int64?
    do throws(SCGIDefect) { length = try variables.bodyLength() } catch { return }
    try require(length ?? 0 >= 0, "a body is shorter than nothing")
    let request = Request(variables, bodyLength: length, body: MemorySource([]))
    try require(request.headers.fields.count <= limits.variablesMax + 1, "more headers than variables")
}
