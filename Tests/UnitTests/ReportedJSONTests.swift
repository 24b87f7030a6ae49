import GlanceModel
import Testing

@testable import GlanceWire

/// What a service says of images in JSON, read by its clients.
@Suite struct ReportedJSONTests {
    private func reported(_ json: String) -> ReportedImage? { ImageJSON.reported(Array(json.utf8)) }

    private static let image = #"""
        {"image" : {"name": "a \"b\" \u00e9 \ud83d\udc27 \/ é\n", "size": 7, "is_public": true, "owner": null,
         "properties": {"os": "linux", "empty": "", "number": 1, "none": null}, "parts": [1, {"x": [2.5e3, -1, "]"]}]}, "x": []}
        """#

    @Test func `every value that a header could say is read, and others are passed over`() throws {
        let image = try #require(reported(Self.image))

        var expected = ReportedImage()
        (expected.name, expected.size, expected.isPublic) = ("a \"b\" é 🐧 / é\n", "7", "True")
        expected.properties = ImageProperties(recorded: [("os", "linux"), ("empty", ""), ("number", "1")])
        #expect(image == expected)
    }

    @Test func `every field is read, from JSON and from headers`() throws {
        var image = try Image.made(isPublic: true, properties: ["os": "linux", "arch": "x86_64"], owner: "ann")
        image.deletedAt = Timestamp(seconds: 1_200_000_000)
        let uri = "http://host/images/7"
        var expected = ReportedImage()
        (expected.uri, expected.id, expected.name, expected.type) = (uri, "7", "disk", "raw")
        (expected.size, expected.store, expected.status) = ("5", "file", "available")
        (expected.createdAt, expected.updatedAt) = (image.createdAt.text, image.updatedAt.text)
        (expected.deletedAt, expected.isPublic) = ("2008-01-10 21:20:00", "True")
        (expected.owner, expected.sha256, expected.version) = ("ann", image.sha256?.text, "1")
        expected.properties = image.properties

        #expect(ImageJSON.reported(ImageJSON.one(image, uri: uri)) == expected)
        #expect(ImageHeaders.reported(ImageHeaders.fields(image, uri: uri)) == expected)
    }

    @Test func `of a property that comes twice the last value counts`() throws {
        let image = try #require(reported(#"{"image": {"properties": {"b": "1", "a": "2", "b": "3", "\u0061": "4"}}}"#))

        #expect(image.properties.pairs.map { "\($0.key)=\($0.value)" } == ["a=4", "b=3"])
    }

    @Test func `of a field that comes twice the last value counts, if it says something`() {
        #expect(reported(#"{"image": {"name": "a", "name": "b", "size": 1, "size": null}}"#)?.name == "b")
        #expect(reported(#"{"image": {"name": "a", "name": "b", "size": 1, "size": null}}"#)?.size == "1")
    }

    @Test func `a character is read wherever it stands in a text, and no bare control character or half of one is`() {
        for byte in UInt8.min...UInt8.max where byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\") {
            for place in 0..<17 {
                var text = [UInt8](repeating: UInt8(ascii: "x"), count: 17)
                text[place] = byte
                let json = Array(#"{"image": {"name": ""#.utf8) + text + Array(#""}}"#.utf8)
                let expected = (0x20..<0x80).contains(byte) ? String(decoding: text, as: UTF8.self) : nil
                #expect(ImageJSON.reported(json)?.name == expected, "\(byte) at \(place)")
            }
        }
    }

    @Test func `a great many properties are read in their order, from the opposite one`() throws {
        let keys = (0..<200_000).map { "k\(999_999 - $0)" }
        let json = "{\"image\": {\"properties\": {\(keys.map { "\"\($0)\": \"\"" }.joined(separator: ", "))}}}"

        #expect(try #require(reported(json)).properties.pairs.map(\.key) == keys.reversed())
    }

    @Test func `how many characters at the start are plain is found in whole words and in their rest`() {
        func isPlain(_ byte: UInt8) -> Bool {
            (0x20..<0x7F).contains(byte) && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
        }
        for byte in UInt8.min...UInt8.max {
            for place in 0..<17 {
                // What is behind it is what a borrow would make of it.
                for next in [byte, byte &+ 1, UInt8(ascii: "x")] {
                    var text = [UInt8](repeating: UInt8(ascii: "x"), count: 20)
                    (text[place], text[place + 1]) = (byte, next)
                    for bytes in [text[...], text[...place], text[place...]] {
                        let expected = bytes.prefix(while: isPlain).count
                        #expect(bytes.withUnsafeBufferPointer(plainCount) == expected, "\(byte), \(next) at \(place)")
                    }
                }
            }
        }
    }

    @Test func `a text that ends too early is no image, wherever it ends`() {
        let bytes = Array(Self.image.utf8)

        for end in 0..<bytes.count - 1 { #expect(ImageJSON.reported(Array(bytes[..<end])) == nil, "\(end)") }
    }

    @Test func `whatever byte is another one, nothing traps`() {
        let bytes = Array(Self.image.utf8)

        for place in bytes.indices {
            for other in [0x00, 0x22, 0x2C, 0x5C, 0x7B, 0x7D, 0x80, 0xFF] as [UInt8] {
                var changed = bytes
                changed[place] = other
                _ = ImageJSON.reported(changed)
            }
        }
    }

    @Test(arguments: [
        "", "7", "[]", "{}", #"{"image": 7}"#, #"{"image": {}"#, #"{"image": {}} x"#, #"{"image": {"name" "x"}}"#,
        #"{"image": {"name": "x",}}"#, #"{"image": {"name": tru}}"#, #"{"image": {"name": 1.2.3}}"#,
        #"{"image": {"name": "\ud83d"}}"#, #"{"image": {"name": "\x"}}"#, "{\"image\": {\"name\": \"a\nb\"}}",
        #"{"image": {"name": -}}"#, "<html>",
    ])
    func `what is no image is none`(json: String) {
        #expect(reported(json) == nil)
    }

    @Test func `a list is read in its order, and an empty one is a list`() throws {
        let list = ImageJSON.reportedList(Array(#"{"images": [{"id": "b"}, {"id": "a"}]}"#.utf8))

        #expect(list?.map(\.id) == ["b", "a"])
        #expect(ImageJSON.reportedList(Array(#"{"images": []}"#.utf8)) == [])
        #expect(ImageJSON.reportedList(Array(#"{"images": {}}"#.utf8)) == nil)
    }

    @Test func `values that nest without end are refused and no more`() {
        let depth = 1_000_000
        let nested = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)

        #expect(reported("{\"image\": {\"x\": \(nested)}}") == nil)
    }

    @Test(arguments: [
        ("9223372036854775807", "9223372036854775807"), ("-1", "-1"), ("9223372036854775808", nil), ("1.5", nil),
    ])
    func `numbers are whole and of 64 bits, or say nothing`(json: String, text: String?) throws {
        let image = try #require(reported("{\"image\": {\"size\": \(json)}}"))

        #expect(image.size == text)
    }
}
