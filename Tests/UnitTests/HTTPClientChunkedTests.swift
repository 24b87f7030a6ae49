import Testing

@testable import HTTPClient

@Suite struct HTTPClientChunkedTests {
    @Test(arguments: [
        ("0\r\n\r\n", ""), ("5\r\nhello\r\n0\r\n\r\n", "hello"), ("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", "abcde"),
        ("3\nabc\n0\n\n", "abc"), ("a\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
        ("A\r\n0123456789\r\n000\r\n\r\n", "0123456789"), ("03\r\nabc\r\n0\r\n\r\n", "abc"),
        ("4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n"), ("3;a=b\r\nabc\r\n0;c\r\n\r\n", "abc"),
        ("3 ; a=\"b\"\r\nabc\r\n0\r\n\r\n", "abc"), ("3\t\r\nabc\r\n0\r\n\r\n", "abc"),
        ("1\r\na\r\n0\r\nETag: x\r\nB: c\r\n\r\n", "a"), ("1\r\na\r\n0\nX: y\n\n", "a"),
    ])
    func `a body is the chunks' data, however the input is cut and small the room is`(wire: String, body: String) {
        let bytes = Array((wire + "next").utf8)

        for room in 1...(body.utf8.count + 1) {
            for cut in 0...bytes.count {
                let outcome = decode([Array(bytes[..<cut]), Array(bytes[cut...])], room: room)
                #expect(outcome == .ended(body, behind: "next"), "cut at \(cut), room for \(room)")
            }
            #expect(decode(bytes.map { [$0] }, room: room) == .ended(body, behind: "next"), "room for \(room)")
        }
    }

    @Test(arguments: ["5\r\nhello\r\n0\r\n\r\n", "3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nX: y\r\n\r\n"])
    func `a body that lacks its last bytes has no end`(wire: String) {
        let bytes = Array(wire.utf8)

        for count in 0..<bytes.count {
            guard case .open = decode([Array(bytes[..<count])], room: 100) else {
                Issue.record("\(count) bytes are no whole body")
                continue
            }
        }
    }

    @Test(arguments: [
        ("\r\n", "a chunk has no size"), (";x\r\n", "a chunk has no size"), ("g\r\n", "a chunk has no size"),
        ("-1\r\n", "a chunk has no size"), (" 5\r\nhello", "a chunk has no size"),
        ("0x5\r\nhello", "a chunk's size is no number"), ("5h\r\nhello", "a chunk's size is no number"),
        ("5.0\r\nhello", "a chunk's size is no number"), ("2\r\nabc\r\n", "a chunk is longer than its size"),
        ("2\r\nab0\r\n\r\n", "a chunk is longer than its size"),
        ("2\r\nab\r\r\n0\r\n\r\n", "a chunk is longer than its size"),
        ("2\r\nab\r\n\r\n0\r\n\r\n", "a chunk has no size"),
        ("7FFFFFFFFFFFFFFF\r\n", "a chunk is too large"), ("FFFFFFFFFFFFFFFF\r\n", "a chunk is too large"),
        ("0000000000000001\r\n", "a chunk is too large"),
    ])
    func `what is no chunk is refused wherever it is cut`(wire: String, problem: String) {
        let bytes = Array(wire.utf8)

        #expect(decode([bytes], room: 100) == .malformed(problem))
        #expect(decode(bytes.map { [$0] }, room: 100) == .malformed(problem))
    }

    @Test func `the largest size leaves the decoder waiting for its data`() {
        #expect(decode([Array("FFFFFFFFFFFFFFF\r\nab".utf8)], room: 100) == .open("ab"))
    }

    @Test func `an extension ends within its bound`() {
        let wire = "1;" + String(repeating: "x", count: 4094) + "\n"

        #expect(decode([Array((wire + "a").utf8)], room: 100) == .open("a"))
        #expect(decode([Array(("1;x" + wire.dropFirst(2)).utf8)], room: 100) == tooLong("a chunk's first line"))
    }

    @Test func `a trailer ends within its bound`() {
        let lines = String(repeating: "X: 45678901234\r\n", count: 1023)

        #expect(decode([Array(("0\r\n" + lines + "\r\n").utf8)], room: 1) == .ended("", behind: ""))
        #expect(decode([Array(("0\r\n" + lines + lines).utf8)], room: 1) == tooLong("its trailer"))
        #expect(
            decode([Array(("0\r\n" + String(repeating: "\r", count: 20_000)).utf8)], room: 1) == tooLong("its trailer"))
    }

    private func tooLong(_ what: String) -> ChunkedOutcome { .malformed("\(what) does not end") }

    /// Feeds the pieces one after the other, with never more than `room` bytes of output at once.
    private func decode(_ pieces: [[UInt8]], room: Int) -> ChunkedOutcome {
        var decoder = ChunkedDecoder()
        var body: [UInt8] = []
        var output = [UInt8](repeating: 0, count: room)
        do {
            for (index, piece) in pieces.enumerated() {
                var rest = piece[...]
                while !rest.isEmpty, !decoder.isAtEnd {
                    let (consumed, produced) = try step(&decoder, rest, &output)
                    guard consumed > 0 else { return .stuck }
                    rest = rest.dropFirst(consumed)
                    body += output[..<produced]
                }
                if decoder.isAtEnd {
                    let behind = rest + pieces[(index + 1)...].joined()
                    return .ended(
                        String(decoding: body, as: UTF8.self), behind: String(decoding: behind, as: UTF8.self))
                }
            }
            return .open(String(decoding: body, as: UTF8.self))
        } catch HTTPClientError.malformed(let problem) {
            return .malformed(problem)
        } catch {
            return .stuck
        }
    }

    private func step(
        _ decoder: inout ChunkedDecoder, _ input: ArraySlice<UInt8>, _ output: inout [UInt8]
    ) throws -> (consumed: Int, produced: Int) {
        try input.withUnsafeBytes { input in
            try output.withUnsafeMutableBytes { try decoder.decode(input, into: $0) }
        }
    }
}

/// What a decoder made of some pieces.
private enum ChunkedOutcome: Equatable {
    case open(String)
    case ended(String, behind: String)
    case malformed(String)
    case stuck
}
