import Foundation
import Testing

/// JSON that is made to cost more than it says. Requests are served on stacks as small as a worker's.
struct HostileJSONTests {
    private let glance: Glance

    init() throws {
        glance = try Glance()
    }

    private func post(_ body: String) throws -> Answer {
        try glance.send("POST", "/images/", ["Content-Type": "application/json"], body: .whole(Array(body.utf8)))
    }

    @Test(arguments: [String.Encoding.utf16, .utf16LittleEndian, .utf16BigEndian, .utf32, .utf32LittleEndian])
    func `JSON in another encoding than UTF-8 is 400, whatever it holds`(encoding: String.Encoding) throws {
        // Byte by byte the second ends its object in the middle of a name, and goes on.
        for name in ["n", "a\u{7D22}\u{7D7D}\u{7D7D}\u{2C2C}\u{2222}", "n\", \"na\\u006de\": \"m"] {
            let body = try #require("{\"image\": {\"name\": \"\(name)\", \"type\": \"raw\"}}".data(using: encoding))
            let answer = try glance.send(
                "POST", "/images/", ["Content-Type": "application/json"], body: .whole(Array(body)))

            #expect(answer.status == 400)
        }
    }

    @Test(arguments: [[0xFF], [0xC0, 0xAE], [0xED, 0xA0, 0x80], [0]] as [[UInt8]])
    func `bytes that are no text are 400, also where nobody reads them`(bytes: [UInt8]) throws {
        let body = Array("{\"image\": {\"name\": \"n\", \"type\": \"raw\", \"x\": \"".utf8) + bytes + Array("\"}}".utf8)

        let answer = try glance.send("POST", "/images/", ["Content-Type": "application/json"], body: .whole(body))

        #expect(answer.status == 400)
    }

    private func nested(_ open: String, _ depth: Int, _ close: String) -> String {
        String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
    }

    @Test(
        arguments: [100, 200, 509, 510, 511, 512, 10_000],
        ["x", "name", "properties"]
    ) func `depth costs nothing, in any field`(depth: Int, field: String) throws {
        for (open, close) in [("{\"a\":", "}"), ("[", "]"), ("[{\"a\":", "}]")] where open.utf8.count * depth < 250_000
        {
            let answer = try post(
                "{\"image\": {\"name\": \"n\", \"type\": \"raw\", \"\(field)\": \(nested(open, depth, close))}}")

            #expect([200, 400].contains(answer.status))
        }
    }

    @Test(arguments: ["[", "{\"a\":", "{\"image\":", "[[{\"", "\"\\", "{\"image\": {\"name\": \""])
    func `brackets that never end are 400`(piece: String) throws {
        let count = 262_144 / piece.utf8.count

        #expect(try post(String(repeating: piece, count: count)).status == 400)
    }

    @Test func `100 MB of brackets are refused before one is read`() throws {
        let answer = try glance.send(
            "POST", "/images/", ["Content-Type": "application/json"], body: .unsent(100_000_000))

        #expect(answer.status == 413)
    }

    @Test(arguments: ["\\ud800", "\\udc00", "\\udc00\\ud800", "\\ud800x"])
    func `half a surrogate pair is 400`(text: String) throws {
        #expect(try post("{\"image\": {\"name\": \"n\(text)\", \"type\": \"raw\"}}").status == 400)
    }

    @Test(arguments: ["1e400", "-1e400", "99999999999999999999", "-9223372036854775809", "0.1", "1e2"])
    func `a number that is no 63 bits of bytes is 400 or means what it says`(number: String) throws {
        let answer = try post("{\"image\": {\"name\": \"n\", \"type\": \"raw\", \"size\": \(number)}}")

        #expect(answer.status == 400 || number == "1e2" && answer.image["size"] == "100")
    }

    @Test func `a number of 200,000 digits is 400`() throws {
        let digits = String(repeating: "9", count: 200_000)

        #expect(try post("{\"image\": {\"name\": \"n\", \"type\": \"raw\", \"size\": \(digits)}}").status == 400)
    }

    @Test func `20,000 properties are refused in no time`() throws {
        let properties = (0..<20_000).map { "\"\($0)\":\"\"" }.joined(separator: ",")
        let start = ContinuousClock.now

        let answer = try post("{\"image\": {\"name\": \"n\", \"type\": \"raw\", \"properties\": {\(properties)}}}")

        #expect(answer.status == 400)
        #expect(answer.text.contains("may take 8192"))
        #expect(ContinuousClock.now - start < .seconds(10), "20,000 times 20,000 comparisons take a minute")
    }

    @Test func `as many keys as fit are read`() throws {
        let members = Array(repeating: "{\"\":1}", count: 37_000).joined(separator: ",")

        #expect(try post("{\"image\": {\"name\": \"n\", \"type\": \"raw\", \"x\": [\(members)]}}").status == 200)
    }
}
