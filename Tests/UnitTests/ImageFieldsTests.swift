import GlanceModel
import GlanceWire
import Testing

@Suite struct ImageFieldsTests {
    @Test func `a new image needs a name and a type and no more`() throws {
        let draft = try made([:]).draft()

        #expect(draft == ImageDraft(name: ImageName("disk")!, type: .raw))
    }

    @Test(arguments: [ImageFields.Name.name, .type])
    func `a new image without its name or type is none`(missing: ImageFields.Name) throws {
        var fields = ImageFields()
        if missing != .name { try fields.set(.name, "disk") }
        if missing != .type { try fields.set(.type, "raw") }

        #expect(isInvalid(missing.rawValue) { try fields.draft() })
    }

    @Test(arguments: [
        (ImageFields.Name.id, "detail"), (.id, "a/b"), (.name, ""), (.name, " x"), (.type, "iso"), (.type, "RAW"),
        (.type, ""), (.size, "-1"), (.size, "1.0"), (.size, "9223372036854775808"), (.size, "5 "), (.size, "0x5"),
        (.sha256, "abc"), (.sha256, String(repeating: "x", count: 64)),
    ])
    func `a value that is not right is refused, in a new image and in a change`(
        name: ImageFields.Name, text: String
    ) throws {
        let fields = try made([name: text])

        #expect(isInvalid(name.rawValue) { try fields.draft() })
        guard name != .id else { return }
        #expect(isInvalid(name.rawValue) { try fields.change() })
    }

    @Test(arguments: ["true", "True", "TRUE", "on", "1", "yes", "Y", "t"])
    func `these words make an image public`(text: String) throws {
        #expect(try made([.isPublic: text]).draft().isPublic)
    }

    @Test(arguments: ["false", "0", "no", "", "off", "2", "yes please", " true"])
    func `any other word does not`(text: String) throws {
        #expect(try !made([.isPublic: text]).draft().isPublic)
        #expect(try made([.isPublic: text]).change().isPublic == false)
    }

    @Test(arguments: [ImageFields.Name.id, .size, .store, .sha256, .version])
    func `a field that old clients send empty is not given`(name: ImageFields.Name) throws {
        #expect(try made([name: ""]).draft() == made([:]).draft())
        #expect(try made([name: ""]).change() == made([:]).change())
    }

    @Test func `a change says what it names`() throws {
        var fields = ImageFields()
        for (name, text) in [
            (ImageFields.Name.id, "any/thing"), (.size, "9223372036854775807"), (.store, "swift"), (.version, "3"),
        ] { try fields.set(name, text) }

        let change = try fields.change()

        #expect(change.id == "any/thing")
        #expect(change.size == .max)
        #expect(change.store == StoreName("swift"))
        #expect(change.version == 3)
        #expect(try fields.version() == 3)
        #expect(change.name == nil && change.type == nil && change.isPublic == nil && change.sha256 == nil)
    }

    @Test func `an error shows no more than the start of what was sent, and on one line`() {
        #expect(excerpt("a\r\nb\u{0}\u{7F}") == "a??b??")
        #expect(excerpt(String(repeating: "ä", count: 64)) == String(repeating: "ä", count: 64))
        #expect(excerpt(String(repeating: "ä", count: 65)) == String(repeating: "ä", count: 64) + "…")
    }

    /// Fields of a good new image, and `others` in their place or beside them.
    private func made(_ others: [ImageFields.Name: String]) throws -> ImageFields {
        var fields = ImageFields()
        let texts = [ImageFields.Name.name: "disk", .type: "raw"].merging(others) { $1 }
        for (name, text) in texts { try fields.set(name, text) }
        return fields
    }
}
