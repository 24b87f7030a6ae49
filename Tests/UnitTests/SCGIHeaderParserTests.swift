import Testing

@testable import SCGI

@Suite struct SCGIHeaderParserTests {
    private static let upload =
        scgiBlock([
            "CONTENT_LENGTH": "3", "SCGI": "1", "REQUEST_METHOD": "POST", "BODY_LENGTH": "5", "IDENTITY_ADMIN": "",
            "HTTP_X_IMAGE_META_NAME": "Grüße, 12:34",
        ]) + Array("bytes".utf8)

    @Test func `a block is taken apart into headers, variables and the body behind it`() {
        let outcome = parse(Self.upload)

        #expect(
            outcome
                == .complete(
                    headers: ["X_IMAGE_META_NAME=Grüße, 12:34"], variables: ["POST", "5", ""], body: "bytes"))
    }

    @Test(arguments: [
        SCGIHeaderParserTests.upload, Array("7:SCGI\u{0}1\u{0};".utf8), Array("12x:".utf8),
        netstring("SCGI\u{0}1\u{0}lonely\u{0}"),
        scgiBlock(["SCGI": "1", "REMOTE_USER": "a", "REMOTE_USER": "b"]), scgiBlock(["SCGI": "2"]),
        Array(scgiBlock(["SCGI": "1"]).dropLast()),
    ])
    func `a split at any byte changes nothing`(wire: [UInt8]) {
        let whole = parse(wire)

        for cut in 0...wire.count {
            #expect(parse([Array(wire[..<cut]), Array(wire[cut...])]) == whole, "cut at \(cut)")
        }
        #expect(parse(wire.map { [$0] }) == whole)
    }

    @Test(arguments: [":", "x", "-7:", " 7:", "7 :", "012:", "0:,", "7.0:", "7;"])
    func `a length that is no plain decimal number is refused`(start: String) {
        #expect(parse(Array(start.utf8)) == .malformed(.badLength))
    }

    @Test func `a block is refused by its length alone, before a byte of it is kept`() {
        var limits = SCGIHeaderParser.Limits()
        limits.headerBytesMax = 20
        let atTheLimit = scgiBlock(["SCGI": "1", "HTTP_LONG": "abc"])

        #expect(atTheLimit.starts(with: Array("21:".utf8)))
        #expect(parse(Array("21:".utf8), limits: limits) == .malformed(.tooLong(limit: 20)))

        limits.headerBytesMax = 21
        #expect(
            parse(atTheLimit, limits: limits)
                == .complete(headers: ["LONG=abc"], variables: [nil, nil, nil], body: ""))
    }

    @Test func `a length of any number of digits is too long and no more`() {
        let digits = String(repeating: "9", count: 1000)

        #expect(parse(Array(digits.utf8)) == .malformed(.tooLong(limit: SCGIHeaderParser.Limits().headerBytesMax)))
    }

    @Test func `a block must end with a comma where its length says`() {
        #expect(parse(Array("7:SCGI\u{0}1\u{0}\u{0}".utf8)) == .malformed(.noComma))
        #expect(parse(Array("6:SCGI\u{0}1\u{0},".utf8)) == .malformed(.noComma))
    }

    @Test(arguments: [
        "SCGI\u{0}1\u{0}NAME\u{0}", "SCGI\u{0}1\u{0}NAME", "SCGI\u{0}1\u{0}NAME\u{0}value",
        "SCGI\u{0}1\u{0}\u{0}value\u{0}", "\u{0}\u{0}SCGI\u{0}1\u{0}",
    ])
    func `variables that are no even list of names and values are refused`(block: String) {
        #expect(parse(netstring(block)) == .malformed(.badVariables))
    }

    @Test func `there may be as many variables as the limit says and no more`() {
        var limits = SCGIHeaderParser.Limits()
        limits.variablesMax = 2

        let two = parse(scgiBlock(["SCGI": "1", "HTTP_A": "1"]), limits: limits)
        let three = parse(scgiBlock(["SCGI": "1", "HTTP_A": "1", "HTTP_A": "2"]), limits: limits)

        #expect(two == .complete(headers: ["A=1"], variables: [nil, nil, nil], body: ""))
        #expect(three == .malformed(.tooManyVariables(limit: 2)))
    }

    @Test(arguments: [["REQUEST_METHOD": "GET"], ["SCGI": "2"], ["SCGI": ""], ["scgi": "1"], ["SCGI": "1 "]])
    func `a block without SCGI=1 is none`(variables: [String: String]) {
        let block = variables.map { "\($0)\u{0}\($1)\u{0}" }.joined()

        #expect(parse(netstring(block)) == .malformed(.notSCGI))
    }

    @Test(arguments: ["SCGI", "IDENTITY_USER", "BODY_LENGTH", "http_lower", "HTTP"])
    func `a variable that the gateway sets comes once`(name: String) {
        let block = "SCGI\u{0}1\u{0}\(name)\u{0}1\u{0}\(name)\u{0}1\u{0}"

        #expect(parse(netstring(block)) == .malformed(.repeated(name)))
    }

    @Test func `a header may come several times, and its order is kept`() {
        let outcome = parse(scgiBlock(["HTTP_X": "b", "SCGI": "1", "HTTP_Y": "", "HTTP_X": "a"]))

        #expect(outcome == .complete(headers: ["X=b", "Y=", "X=a"], variables: [nil, nil, nil], body: ""))
    }

    @Test(arguments: ["IDENTITY_USER", "REMOTE_USER", "HTTP_AUTHORIZATION"])
    func `a user's name that smuggles a variable past the gateway is refused`(carrier: String) {
        // A NUL inside a value is the delimiter: nginx wrote one variable, and two arrive, the client's first.
        let smuggled = "SCGI\u{0}1\u{0}\(carrier)\u{0}eve\u{0}IDENTITY_ADMIN\u{0}1\u{0}"
        let block = netstring(smuggled + "IDENTITY_ADMIN\u{0}\u{0}")

        #expect(parse(block) == .malformed(.repeated("IDENTITY_ADMIN")))
    }

    @Test func `a defect names no more than the start of a smuggled name`() {
        let name = String(repeating: "A", count: 100)
        let block = "SCGI\u{0}1\u{0}\(name)\u{0}1\u{0}\(name)\u{0}1\u{0}"

        #expect(parse(netstring(block)) == .malformed(.repeated(String(repeating: "A", count: 64))))
    }

    @Test(arguments: [
        ("", nil), ("0", 0), ("1048576", 1_048_576), ("9223372036854775807", Int64.max),
    ])
    func `the body is as long as BODY_LENGTH says`(text: String, length: Int64?) throws {
        let variables = try variables(["SCGI": "1", "CONTENT_LENGTH": "7", "BODY_LENGTH": text])

        #expect(try variables.bodyLength() == length)
    }

    @Test(arguments: ["-1", "+1", " 1", "1 ", "0x10", "1e3", "9223372036854775808", "١"])
    func `a BODY_LENGTH that is no number is refused`(text: String) throws {
        let variables = try variables(["SCGI": "1", "CONTENT_LENGTH": "7", "BODY_LENGTH": text])

        #expect(throws: SCGIDefect.badBodyLength) { try variables.bodyLength() }
    }

    @Test func `CONTENT_LENGTH does not stand in for BODY_LENGTH`() throws {
        let variables = try variables(["SCGI": "1", "CONTENT_LENGTH": "7"])

        #expect(throws: SCGIDefect.badBodyLength) { try variables.bodyLength() }
    }

    private func variables(_ pairs: KeyValuePairs<String, String>) throws -> SCGIVariables {
        var parser = SCGIHeaderParser()
        let progress = scgiBlock(pairs).withUnsafeBytes { parser.consume($0) }
        guard case .complete(let variables, _) = progress else { throw SCGIDefect.badVariables }
        return variables
    }
}
