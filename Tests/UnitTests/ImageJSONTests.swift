import GlanceModel
import GlanceWire
import Testing

@Suite struct ImageJSONTests {
    @Test func `one image has every field`() throws {
        let image = try Image.made(
            name: "a \"b\"", size: 9_007_199_254_740_993, isPublic: true, properties: ["b": "2", "a": "1"], owner: "ann"
        )

        let text = String(decoding: ImageJSON.one(image, uri: "http://host/images/7"), as: UTF8.self)

        #expect(
            text == """
                {"image": {"uri": "http://host/images/7", "id": "7", "name": "a \\"b\\"", "type": "raw", \
                "size": "9007199254740993", "store": "file", "created_at": "2001-09-09 01:46:40", \
                "updated_at": "2004-11-09 11:33:20", "deleted_at": "", "status": "available", "is_public": true, \
                "properties": {"a": "1", "b": "2"}, "owner": "ann", \
                "sha256": "\(String(repeating: "a", count: 64))", "version": 1}}

                """)
    }

    @Test func `a list says little of an image`() throws {
        var json = JSONText()

        ImageJSON.writeBrief(try Image.made(size: nil, status: .queued, owner: "ann"), uri: "/7", into: &json)

        #expect(
            String(decoding: json.bytes, as: UTF8.self)
                == #"{"uri": "/7", "name": "disk", "type": "raw", "size": "0", "id": "7"}"#)
    }

    @Test func `what is written can be read back`() throws {
        let image = try Image.made(name: "\"Größe\\🐧", isPublic: true, properties: ["a": "1", "b": "{x}"])

        let draft = try ImageJSON.read(ImageJSON.one(image, uri: "http://host/7")).draft()

        #expect(
            draft
                == ImageDraft(
                    id: image.id, name: image.name, type: image.type, size: image.size, store: image.store,
                    isPublic: true, properties: image.properties, sha256: image.sha256))
    }

    @Test func `what is not for clients to set says nothing`() throws {
        let fields = try read(
            #"{"image": {"uri": 1, "status": "deleted", "owner": "eve", "created_at": [], "location": {}, "x": null}, "y": 1}"#
        )

        #expect(fields == ImageFields())
    }

    @Test(arguments: [
        ("size", "5", "5"), ("size", #""5""#, "5"), ("size", "9223372036854775807", "9223372036854775807"),
        ("version", "2", "2"), ("is_public", "true", "true"), ("is_public", "false", "false"),
        ("is_public", #""yes""#, "yes"), ("is_public", "1", "1"), ("name", #""\u00e4\ud83d\udc27""#, "ä🐧"),
        ("id", #""7""#, "7"),
    ])
    func `values are taken in every form that means them`(key: String, value: String, text: String) throws {
        let fields = try read(#"{"image": {"\#(key)": \#(value)}}"#)

        #expect(fields.texts == [try #require(ImageFields.Name(rawValue: key)): text])
    }

    @Test(arguments: [
        ("name", "5"), ("name", #""\ud83d""#), ("name", "null"), ("name", "true"), ("id", "7"), ("size", "1.5"),
        ("size", "true"),
        ("size", "9223372036854775808"), ("type", "[]"), ("is_public", "{}"), ("is_public", "0.5"), ("sha256", "1"),
        ("properties", "[]"), ("properties", #""a=b""#), ("properties", "null"),
    ])
    func `a value of another kind is refused by name`(key: String, value: String) {
        #expect(isInvalid(key) { try read(#"{"image": {"\#(key)": \#(value)}}"#) })
    }

    @Test(arguments: [
        (#"{"Kernel-ID": 5}"#, "property kernel_id"), (#"{"a": null}"#, "property a"), (#"{"a": true}"#, "property a"),
        (#"{"a": {}}"#, "property a"), (#"{"a": " x"}"#, "property a"), (#"{"a": "x\n"}"#, "property a"),
        (#"{"a-b": "1", "A_b": "1"}"#, "property a_b"), (#"{"": "1"}"#, "properties"),
    ])
    func `properties are strings that could stand in a header`(properties: String, field: String) {
        #expect(isInvalid(field) { try read(#"{"image": {"properties": \#(properties)}}"#) })
    }

    @Test(arguments: [
        "", "{}", "[]", "null", #"{"image": []}"#, #"{"image": null}"#, #"{"image": {"name": "a"}"#, "name=disk",
        #"{"images": {}}"#, "\u{FEFF}",
    ])
    func `what is no JSON of an image is refused`(text: String) {
        #expect(isInvalid("body") { try read(text) })
    }

    @Test func `JSON that nests without end is refused and no more`() {
        let depth = 100_000
        let text = #"{"image": {"name": "# + String(repeating: "[", count: depth)

        #expect(isInvalid("body") { try read(text) })
    }

    private func read(_ text: String) throws(Failure) -> ImageFields {
        try ImageJSON.read(Array(text.utf8))
    }
}

@Suite struct JSONTextTests {
    @Test(arguments: [
        ("plain", #""plain""#), ("", #""""#), (#"a"b\c/"#, #""a\"b\\c/""#),
        ("a\nb\r\t\u{0}\u{1F}", #""a\u000ab\u000d\u0009\u0000\u001f""#),
        ("\u{7F}", #""\u007f""#), ("ä🐧", #""ä🐧""#),
    ])
    func `a string is escaped where JSON asks for it`(text: String, written: String) {
        var json = JSONText()

        json.string(text)

        #expect(String(decoding: json.bytes, as: UTF8.self) == written)
    }

    @Test(arguments: [
        ("ä", #""\u00e4""#), ("\u{80}", #""\u0080""#), ("€", #""\u20ac""#), ("🐧", #""\ud83d\udc27""#),
        ("\u{10FFFF}", #""\udbff\udfff""#), ("a\"\u{FFFF}", #""a\"\uffff""#), ("e\u{301}", #""e\u0301""#),
    ])
    func `text for a header is ASCII, with surrogate pairs beyond the first plane`(text: String, written: String) {
        var json = JSONText(asciiOnly: true)

        json.string(text)

        #expect(String(decoding: json.bytes, as: UTF8.self) == written)
    }

    @Test func `a character is escaped wherever it stands`() {
        for byte in 0..<0x80 as Range<UInt8> {
            let character = Character(Unicode.Scalar(byte))
            var alone = JSONText()
            alone.string(String(character))
            let escaped = String(decoding: alone.bytes.dropFirst().dropLast(), as: UTF8.self)
            for place in 0..<17 {
                let (start, end) = (String(repeating: "x", count: place), String(repeating: "y", count: 16 - place))
                var json = JSONText()

                json.string("\(start)\(character)\(end)")

                #expect(String(decoding: json.bytes, as: UTF8.self) == "\"\(start)\(escaped)\(end)\"", "\(byte)")
            }
            let isEscaped = byte < 0x20 || byte == 0x7F || character == "\"" || character == "\\"
            #expect((escaped != String(character)) == isEscaped, "\(byte)")
        }
    }

    @Test func `text for a header is ASCII wherever it is not`() {
        for place in 0..<17 {
            let (start, end) = (String(repeating: "x", count: place), String(repeating: "y", count: 16 - place))
            var json = JSONText(asciiOnly: true)

            json.string("\(start)ä\(end)")

            #expect(String(decoding: json.bytes, as: UTF8.self) == "\"\(start)\\u00e4\(end)\"")
        }
    }

    @Test func `numbers and booleans are bare`() {
        var json = JSONText()

        json.key("a\"")
        json.integer(.min)
        json.raw(", ")
        json.boolean(true)
        json.boolean(false)

        #expect(String(decoding: json.bytes, as: UTF8.self) == #""a\"": -9223372036854775808, truefalse"#)
    }
}
