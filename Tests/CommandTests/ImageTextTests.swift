import Foundation
import GlanceModel
import GlanceWire
import Testing

@testable import GlanceClient
@testable import glance

/// Images as people and programs see them.
struct ImageTextTests {
    private func image(_ texts: [String: String], properties: [String: String] = [:]) throws -> ImageMetadata {
        var image = ReportedImage()
        for (name, text) in ["id": "7", "name": "A", "type": "raw", "size": "1536"].merging(
            texts, uniquingKeysWith: { $1 })
        {
            Array(name.utf8).withUnsafeBufferPointer { image.set($0, text) }
        }
        image.properties = ImageProperties(recorded: properties.map { ($0.key, $0.value) })
        return try ImageMetadata(image)
    }

    @Test func `people see labels, sizes in units and properties`() throws {
        let lines = try image(["is_public": "True"], properties: ["distro": "Debian 12", "empty": ""]).lines

        #expect(lines.contains("size             1.5 KiB (1536 bytes)"))
        #expect(lines.contains("public           yes"))
        #expect(lines.contains("property distro  Debian 12"))
        #expect(lines.contains("property empty"))
        #expect(!lines.contains { $0.hasPrefix("owner") })
    }

    @Test func `nothing that a server says moves the cursor, whether for people or in JSON`() throws {
        let image = try image(["name": "a\u{1B}[2J\u{9B}\n"], properties: ["k": "\u{202E}é"])

        #expect(image.lines.contains("name        a?[2J??"))
        #expect(image.json.utf8.allSatisfy { (0x20..<0x7F).contains($0) })
        let name = try JSONDecoder().decode(Name.self, from: Data(image.json.utf8))
        #expect(name.name == "a\u{1B}[2J\u{9B}\n")
        #expect(name.properties == ["k": "\u{202E}é"])
    }

    @Test func `JSON has numbers for sizes, and says names as they are`() throws {
        let json = try image(["name": "Ünïcode", "size": "9007199254740993"]).json

        #expect(json.contains(#""name": "Ünïcode""#))
        #expect(json.contains(#""size": 9007199254740993, "#))
        #expect(json.contains(#""properties": {}, "#))
        #expect(!json.contains("\n"))
    }

    private struct Name: Decodable {
        let name: String
        let properties: [String: String]
    }
}
