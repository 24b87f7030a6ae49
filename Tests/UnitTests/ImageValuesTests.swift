import GlanceModel
import Testing

@Suite struct ImageIDTests {
    @Test(arguments: ["7", "a", "A.b_c-d", "0123", "9223372036854775808", "Detail", "details", "x.."])
    func `letters, digits and some marks make an id`(text: String) {
        #expect(ImageID(text)?.text == text)
    }

    @Test(arguments: [
        "", "detail", ".", "..", ".hidden", "-x", "_x", "a/b", "a b", "a%", "ä", "a\u{0}", "a\n", "１", "a\u{301}",
        "a:b",
    ])
    func `anything else is none`(text: String) {
        #expect(ImageID(text) == nil)
    }

    @Test func `an id has at most 255 characters`() {
        #expect(ImageID(String(repeating: "a", count: 255)) != nil)
        #expect(ImageID(String(repeating: "a", count: 256)) == nil)
    }

    @Test func `case matters`() {
        #expect(ImageID("disk") != ImageID("Disk"))
    }

    @Test func `a generated number is an id that a client could write`() {
        #expect(ImageID(generated: 42) == ImageID("42"))
        #expect(ImageID(generated: .max) == ImageID("9223372036854775807"))
    }
}

@Suite struct ImageNameTests {
    @Test(arguments: ["a", "Debian 12 (bookworm)", "Größe", "日本語", "a/b", "“quoted”", "🐧", "\u{A0}x", "..", "\u{301}"])
    func `any text without control characters is a name`(text: String) {
        #expect(ImageName(text)?.text == text)
    }

    @Test(arguments: [
        "", " ", " a", "a ", "\ta", "a\t", "a\nb", "a\rb", "a\u{0}b", "a\u{1F}b", "a\u{7F}b", "a\u{80}b", "a\u{9F}b",
        "a\r\nb",
    ])
    func `controls, and blanks at either end, cannot travel in a header`(text: String) {
        #expect(ImageName(text) == nil)
    }

    @Test func `a name has at most 255 Unicode scalars`() {
        #expect(ImageName(String(repeating: "🐧", count: 255)) != nil)
        #expect(ImageName(String(repeating: "a", count: 256)) == nil)
        #expect(ImageName("e" + String(repeating: "\u{301}", count: 255)) == nil)
    }
}

@Suite struct SHA256DigestTests {
    @Test func `a digest is 64 hexadecimal digits, kept small`() {
        let digits = String(repeating: "0123456789abcdef", count: 4)

        #expect(SHA256Digest(digits)?.text == digits)
        #expect(SHA256Digest(digits.uppercased())?.text == digits)
    }

    @Test(arguments: [
        "", String(repeating: "a", count: 63), String(repeating: "a", count: 65), String(repeating: "g", count: 64),
        String(repeating: "a", count: 63) + " ", String(repeating: "é", count: 32),
    ])
    func `anything else is none`(text: String) {
        #expect(SHA256Digest(text) == nil)
    }
}

@Suite struct ImagePropertiesTests {
    @Test(arguments: [
        ("arch", "arch"), ("Kernel-ID", "kernel_id"), ("a.b/c d", "a_b_c_d"), ("ÄÖ", "__"), ("_", "_"), ("A1", "a1"),
        ("e\u{301}", "e_"), ("a\nb", "a_b"), ("I", "i"),
    ])
    func `a key is folded to small letters, digits and underscores`(name: String, key: String) throws {
        var properties = ImageProperties()

        try properties.add(name, "x")

        #expect(properties.pairs.map(\.key) == [key])
        #expect(properties[key] == "x")
    }

    @Test(arguments: [("Arch", "arch"), ("kernel-id", "kernel_id"), ("a.b", "a/b"), ("x", "x")])
    func `two names of one key are refused, even with one value`(one: String, other: String) throws {
        var properties = ImageProperties()
        try properties.add(one, "x")

        #expect(throws: Failure.self) { try properties.add(other, "x") }
        #expect(properties.pairs.map(\.value) == ["x"])
    }

    @Test func `a property needs a name`() {
        var properties = ImageProperties()

        let failure = #expect(throws: Failure.self) { try properties.add("", "x") }

        #expect(failure.map { if case .invalid("properties", _) = $0 { true } else { false } } == true)
    }

    @Test(arguments: [" x", "x ", "\tx", "a\nb", "a\u{0}b", "a\u{85}b", "a\u{7F}"])
    func `a value that could not travel in a header is refused`(value: String) {
        var properties = ImageProperties()

        #expect(throws: Failure.self) { try properties.add("key", value) }
        #expect(properties.pairs.isEmpty)
    }

    @Test(arguments: ["", "a=b", "a b", "ü", "x: y", "\u{301}x"])
    func `any other value is kept as it is`(value: String) throws {
        var properties = ImageProperties()

        try properties.add("key", value)

        #expect(properties["key"] == value)
    }

    @Test func `properties are in the order of their keys`() throws {
        let properties = try made(["b": "1", "a": "2", "_": "3", "c": "4"])

        #expect(properties.pairs.map(\.key) == ["_", "a", "b", "c"])
    }

    @Test func `merging puts the others over these`() throws {
        var properties = try made(["a": "1", "b": "2", "d": "4"])

        properties.merge(try made(["c": "3", "b": "changed"]))

        #expect(properties == (try made(["a": "1", "b": "changed", "c": "3", "d": "4"])))
    }

    @Test func `of what was recorded the last value of a key counts, in whatever order it comes`() throws {
        let pairs = [("b", "1"), ("d", "2"), ("d", "3"), ("a", "4"), ("c", "5"), ("b", "6"), ("e", "7")]

        let properties = ImageProperties(recorded: pairs.map { (key: $0.0, value: $0.1) })

        #expect(properties.pairs.map { $0.key + $0.value } == ["a4", "b6", "c5", "d3", "e7"])
    }

    @Test(arguments: [
        (["a", "of_", "of_a", "of_b", "ofa", "z"], ["a", "ofa", "z"]), (["of_a"], []), (["a", "b"], ["a", "b"]),
        (["of_z", "z"], ["z"]), (["of", "of_"], ["of"]), ([], []), (["of_\u{301}", "of_一", "of-"], ["of-"]),
    ])
    func `those with a prefix are left out, and no others`(keys: [String], rest: [String]) throws {
        let properties = ImageProperties(recorded: keys.map { (key: $0, value: "x") })

        #expect(properties.without(prefix: "of_").pairs.map(\.key) == rest)
    }

    @Test func `properties are equal where keys and values are`() throws {
        #expect(try made(["a": "1", "b": "2"]) == made(["b": "2", "a": "1"]))
        #expect(try made(["a": "1"]) != made(["a": "2"]))
        #expect(try made(["a": "1"]) != made(["b": "1"]))
        #expect(try made(["a": "1"]) != made([:]))
    }

    private func made(_ pairs: KeyValuePairs<String, String>) throws -> ImageProperties {
        var properties = ImageProperties()
        for (name, value) in pairs { try properties.add(name, value) }
        return properties
    }
}
