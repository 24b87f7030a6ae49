import Glibc

/// Reads the netstring of variables that opens an SCGI request, from pieces of any size: where the pieces are cut
/// changes nothing.
package struct SCGIHeaderParser {
    /// What one request may ask of the parser's memory and time.
    package struct Limits: Sendable {
        /// Bytes between the netstring's colon and its comma: all that nginx takes of a head (132 KB), and its own variables.
        package var headerBytesMax = 160 * 1024
        package var variablesMax = 512

        package init() {}
    }

    package enum Progress {
        case needMore
        /// The block is whole. `consumed` bytes of the piece just given belong to it; the body follows.
        case complete(SCGIVariables, consumed: Int)
        case malformed(SCGIDefect)
    }

    private enum Phase {
        case length(digits: Int, value: Int)
        case block(count: Int)
    }

    private let limits: Limits
    private var phase = Phase.length(digits: 0, value: 0)
    private var block: [UInt8] = []

    package init(limits: Limits = Limits()) {
        self.limits = limits
    }

    /// Takes the next piece. After `complete` or `malformed` the parser is spent.
    package mutating func consume(_ piece: UnsafeRawBufferPointer) -> Progress {
        var index = 0
        while case .length(let digits, let value) = phase {
            guard index < piece.count else { return .needMore }
            if let defect = takeLengthByte(piece[index], digits: digits, value: value) { return .malformed(defect) }
            index += 1
        }
        guard case .block(let count) = phase else { return .needMore }
        // The comma that ends the netstring is kept with the block until it has been looked at.
        let wanted = min(count + 1 - block.count, piece.count - index)
        block.append(contentsOf: piece[index..<(index + wanted)])
        guard block.count == count + 1 else { return .needMore }
        guard block.removeLast() == UInt8(ascii: ",") else { return .malformed(.noComma) }
        return finish(consumed: index + wanted)
    }

    /// One byte of the decimal length and its colon.
    private mutating func takeLengthByte(_ byte: UInt8, digits: Int, value: Int) -> SCGIDefect? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"):
            // A netstring's length has no leading zeros, and 0 would leave no room for SCGI=1.
            guard digits > 0 || byte != UInt8(ascii: "0") else { return .badLength }
            let longer = value * 10 + Int(byte - UInt8(ascii: "0"))
            guard longer <= limits.headerBytesMax else { return .tooLong(limit: limits.headerBytesMax) }
            phase = .length(digits: digits + 1, value: longer)
            return nil
        case UInt8(ascii: ":") where digits > 0:
            block.reserveCapacity(value + 1)
            phase = .block(count: value)
            return nil
        default:
            return .badLength
        }
    }

    private func finish(consumed: Int) -> Progress {
        var entries: [SCGIVariables.Entry] = []
        entries.reserveCapacity(48)
        if let defect = block.withUnsafeBufferPointer({ split($0, into: &entries) }) { return .malformed(defect) }
        let variables = SCGIVariables(block: block, entries: entries)
        guard variables["SCGI"] == "1" else { return .malformed(.notSCGI) }
        return .complete(variables, consumed: consumed)
    }

    private func split(
        _ block: UnsafeBufferPointer<UInt8>, into entries: inout [SCGIVariables.Entry]
    ) -> SCGIDefect? {
        var start = 0
        while start < block.count {
            guard let nameEnd = Self.textEnd(in: block, from: start), nameEnd > start,
                let valueEnd = Self.textEnd(in: block, from: nameEnd + 1)
            else { return .badVariables }
            guard entries.count < limits.variablesMax else { return .tooManyVariables(limit: limits.variablesMax) }
            let entry = SCGIVariables.Entry(name: start..<nameEnd, value: (nameEnd + 1)..<valueEnd)
            // A variable that the gateway sets itself comes once. A second one was smuggled in, and which of the two is
            // the gateway's nobody can tell.
            guard entry.isHeader(in: block) || !entries.contains(where: { $0.hasName(of: entry, in: block) }) else {
                return .repeated(String(decoding: block[entry.name].prefix(64), as: UTF8.self))
            }
            entries.append(entry)
            start = valueEnd + 1
        }
        return nil
    }

    /// Where the NUL is that ends the text from `start` on.
    private static func textEnd(in block: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
        guard start < block.count, let base = block.baseAddress,
            let end = memchr(base + start, 0, block.count - start)
        else { return nil }
        return UnsafeRawPointer(end) - UnsafeRawPointer(base)
    }
}

/// Why a block of variables cannot be taken.
package enum SCGIDefect: Error, Equatable, Sendable, CustomStringConvertible {
    case badLength
    case tooLong(limit: Int)
    case noComma
    case badVariables
    case tooManyVariables(limit: Int)
    case repeated(String)
    case notSCGI
    case badBodyLength

    package var description: String {
        switch self {
        case .badLength: "The SCGI request does not start with the decimal length of its header block."
        case .tooLong(let limit): "The request's header fields are too long: send at most \(limit) bytes."
        case .noComma: "The SCGI header block does not end with a comma where its length says."
        case .badVariables: "The SCGI header block is no even list of names and values."
        case .tooManyVariables(let limit): "The request has too many header fields: send at most \(limit)."
        case .repeated(let name): "The SCGI variable \(name) came twice."
        case .notSCGI: "The SCGI header block lacks SCGI=1."
        case .badBodyLength:
            "The SCGI variable BODY_LENGTH is missing or no number: include Glance's own parameter file in nginx."
        }
    }
}
