import Foundation
import Testing

@testable import glance_api

/// The log, as it comes out of the standard error of a process of its own.
struct LogTests {
    private struct Line: Decodable {
        let time: String
        let level: String
        let event: String
        let pid: Int32
        let detail: String?
    }

    /// Each line by itself has to be a JSON object.
    private func lines(_ bytes: [UInt8]) throws -> [Line] {
        #expect(bytes.last == UInt8(ascii: "\n"))
        return try bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast()
            .map { try JSONDecoder().decode(Line.self, from: Data($0)) }
    }

    @Test func `a line is one JSON object`() async throws {
        let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
            Log(.info).info("started", ["detail": "größe \"1\" \\ 画"])
        }

        let lines = try lines(try #require(result).standardErrorContent)
        #expect(lines.map(\.event) == ["started"])
        #expect(lines.map(\.level) == ["info"])
        #expect(lines.map(\.detail) == ["größe \"1\" \\ 画"])
        #expect(try #require(lines.first).pid > 1)
        #expect(try #require(lines.first).time.wholeMatch(of: #/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/#) != nil)
    }

    @Test(arguments: [
        "a\n{\"level\": \"error\", \"event\": \"forged\"}", "a\r\nb", "quote\" , \"level\": \"none", "nul\0end",
        "\u{1B}[2J\u{7F}", "back\\", "separators \u{2028}\u{85}",
    ])
    func `nothing that a client wrote can forge a line`(text: String) async throws {
        let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) { [text] in
            Log(.error).error(text, ["detail": text])
        }

        let bytes = try #require(result).standardErrorContent
        let lines = try lines(bytes)
        #expect(lines.map(\.event) == [text])
        #expect(lines.map(\.detail) == [text])
        #expect(lines.map(\.level) == ["error"])
        #expect(bytes.dropLast().allSatisfy { $0 >= 0x20 && $0 != 0x7F })
    }

    @Test func `info is left out where only errors are wanted`() async throws {
        let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
            Log(.error).info("chatter")
            Log(.error).error("trouble")
        }

        #expect(try lines(try #require(result).standardErrorContent).map(\.event) == ["trouble"])
    }

    @Test func `requests are logged where they are wanted alone`() async throws {
        let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
            Log(.info).debug("not asked for")
            Log(.debug).debug("request", ["detail": "1"])
            Log(.debug).info("start")
        }

        let lines = try lines(try #require(result).standardErrorContent)
        #expect(lines.map(\.event) == ["request", "start"])
        #expect(lines.map(\.level) == ["debug", "info"])
    }
}
