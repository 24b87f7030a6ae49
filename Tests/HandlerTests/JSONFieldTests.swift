import Testing

/// Metadata that come as a JSON body.
struct JSONFieldTests {
    private let glance: Glance
    private let json = ["Content-Type": "application/json"]

    init() throws {
        glance = try Glance()
    }

    private func post(_ image: String) throws -> Answer {
        try glance.send("POST", "/images/", json, body: .whole(Array("{\"image\": \(image)}".utf8)))
    }

    @Test func `every field can come as JSON`() throws {
        let digest = String(repeating: "0f", count: 32)

        let answer = try post(
            """
            {"id": "x", "name": "Größe 画", "type": "machine", "size": "12", "store": "file", "is_public": true,
             "sha256": "\(digest)", "properties": {"Distro-Name": "Ubuntu", "empty": ""}}
            """)

        #expect(answer.status == 200)
        #expect(answer["Location"] == "http://glance.example.com/images/x")
        #expect(answer.image["status"] == "queued")
        #expect(answer.image["name"] == "Größe 画")
        #expect(answer.image["type"] == "machine")
        #expect(answer.image["size"] == "12")
        #expect(answer.image["is_public"] == true)
        #expect(answer.image["sha256"] == .string(digest))
        #expect(answer.image["properties"] == ["distro_name": "Ubuntu", "empty": ""])
    }

    @Test(arguments: ["application/json", "application/json; charset=utf-8", "Application/JSON"])
    func `the content type makes it JSON`(type: String) throws {
        let answer = try glance.send(
            "POST", "/images/", ["Content-Type": type], body: "{\"image\": {\"name\": \"n\", \"type\": \"raw\"}}")

        #expect(answer.image["status"] == "queued")
    }

    @Test(arguments: [
        ("\"size\": 12", "size", JSON.string("12")),
        ("\"size\": 9223372036854775807", "size", "9223372036854775807"),
        ("\"is_public\": \"yes\"", "is_public", true),
        ("\"is_public\": false", "is_public", false),
        ("\"is_public\": 1", "is_public", true),
        ("\"id\": \"\"", "id", "1"),
        ("\"status\": \"available\"", "status", "queued"),
        ("\"owner\": \"eve\"", "owner", ""),
        ("\"created_at\": \"1999-01-01 00:00:00\"", "created_at", "2010-02-03 09:34:01"),
        ("\"location\": {\"path\": [\"/etc/passwd\", null]}", "location", .missing),
        ("\"unknown\": 1.5", "unknown", .missing),
    ])
    func `a value of another JSON type is understood or ignored`(member: String, field: String, value: JSON) throws {
        let answer = try post("{\"name\": \"n\", \"type\": \"raw\", \(member)}")

        #expect(answer.status == 200)
        #expect(answer.image[field] == value)
    }

    @Test(arguments: [
        ("{\"type\": \"raw\"}", "name"),
        ("{\"name\": \"n\"}", "type"),
        ("{\"name\": 5, \"type\": \"raw\"}", "no JSON string"),
        ("{\"name\": \"\", \"type\": \"raw\"}", "1 to 255 characters"),
        ("{\"name\": \"a\\u0000b\", \"type\": \"raw\"}", "control characters"),
        ("{\"name\": \"a\\nb\", \"type\": \"raw\"}", "control characters"),
        ("{\"name\": \" n\", \"type\": \"raw\"}", "blank"),
        ("{\"name\": \"n\", \"type\": \"RAW\"}", "“RAW” is none"),
        ("{\"name\": \"n\", \"type\": \"raw\", \"id\": 7}", "id"),
        ("{\"name\": \"n\", \"type\": \"raw\", \"id\": \"detail\"}", "id"),
        ("{\"name\": \"n\", \"type\": \"raw\", \"size\": 1.5}", "size"),
        ("{\"name\": \"n\", \"type\": \"raw\", \"size\": -1}", "size"),
        ("{\"name\": \"n\", \"type\": \"raw\", \"size\": true}", "size"),
        ("{\"name\": \"n\", \"type\": \"raw\", \"size\": 9223372036854775808}", "size"),
        ("{\"name\": \"n\", \"type\": \"raw\", \"store\": \"swift\"}", "say one of file"),
        ("{\"name\": \"n\", \"type\": \"raw\", \"is_public\": []}", "is_public"),
        ("{\"name\": \"n\", \"type\": \"raw\", \"sha256\": \"no\"}", "sha256"),
        ("{\"name\": \"n\", \"type\": \"raw\", \"properties\": [\"a\"]}", "properties"),
        ("{\"name\": \"n\", \"type\": \"raw\", \"properties\": {\"a\": 1}}", "property a"),
        ("{\"name\": \"n\", \"type\": \"raw\", \"properties\": {\"\": \"v\"}}", "a property needs a name"),
        ("{\"name\": \"n\", \"type\": \"raw\", \"properties\": {\"a\": \" v\"}}", "blank"),
        ("{\"name\": \"n\", \"type\": \"raw\", \"properties\": {\"a\": \"v\\t\"}}", "blank"),
        (
            "{\"name\": \"n\", \"type\": \"raw\", \"properties\": {\"a\": \"v\\r\\nSet-Cookie: x\"}}",
            "control character"
        ),
        ("{\"name\": \"n\", \"type\": \"raw\", \"properties\": {\"a-b\": \"1\", \"A_B\": \"2\"}}", "given twice"),
        ("[]", "{\"image\""),
        ("\"text\"", "{\"image\""),
        ("null", "{\"image\""),
        ("{\"name\": \"n\", \"type\": \"raw\"", "{\"image\""),
    ])
    func `a bad value is 400 in words`(image: String, says: String) throws {
        let answer = try post(image)

        #expect(answer.status == 400)
        #expect(answer.text.contains(says))
        #expect(try glance.send("GET", "/images/?is_public=none").ids == [])
    }

    @Test(arguments: ["name", "type", "properties"]) func `a key twice with different values is 400`(key: String) throws
    {
        let values = [
            "name": ("\"a\"", "\"b\""), "type": ("\"raw\"", "\"kernel\""), "properties": ("{}", "{\"a\": \"1\"}"),
        ]
        let (one, other) = try #require(values[key])

        let answer = try post(
            "{\"name\": \"a\", \"type\": \"raw\", \"properties\": {}, \"\(key)\": \(one), \"\(key)\": \(other)}")

        #expect(answer.status == 400)
        #expect(answer.text.contains(key))
    }

    @Test func `a key of one object may be one of another, or a text`() throws {
        let answer = try post(
            "{\"name\": \"type\", \"type\": \"raw\", \"properties\": {\"name\": \"name\", \"type\": \"{\\\"type\"}}")

        #expect(answer.status == 200)
    }

    @Test func `a key is the same however it is escaped`() throws {
        let answer = try post("{\"name\": \"a\", \"n\\u0061me\": \"b\", \"type\": \"raw\"}")

        #expect(answer.status == 400)
    }

    @Test(arguments: ["{}", "{\"images\": []}", "not JSON", "[{\"image\": {}}]"])
    func `a body without an image is 400`(body: String) throws {
        let answer = try glance.send("POST", "/images/", json, body: .whole(Array(body.utf8)))

        #expect(answer.status == 400)
        #expect(answer.text.contains("{\"image\""))
    }

    @Test func `bytes that are no UTF-8 are 400`() throws {
        let body = Array("{\"image\": {\"type\": \"raw\", \"name\": \"".utf8) + [0xE9] + Array("\"}}".utf8)

        #expect(try glance.send("POST", "/images/", json, body: .whole(body)).status == 400)
    }

    @Test(arguments: ["x-image-meta-name", "X_Image_Meta_Property_A", "x-image-meta-unknown"])
    func `fields in headers beside it are 400`(header: String) throws {
        let answer = try glance.send(
            "POST", "/images/", ["Content-Type": "application/json", header: "v"], body: .unsent(40))

        #expect(answer.status == 400)
        #expect(answer.text.contains("send one of the two"))
    }

    @Test func `a JSON body has a bound of its own`() throws {
        let answer = try glance.send("POST", "/images/", json, body: .unsent(262_145))

        #expect(answer.status == 413)
        #expect(answer.text.contains("262144"))
    }

    @Test func `a change comes as JSON too`() throws {
        try glance.queue("x", ["x-image-meta-property-a": "1"])

        let answer = try glance.send(
            "PUT", "/images/x", json, body: "{\"image\": {\"name\": \"new\", \"properties\": {\"b\": \"2\"}}}")

        #expect(answer.image["name"] == "new")
        #expect(answer.image["type"] == "raw")
        #expect(answer.image["properties"] == ["a": "1", "b": "2"])
        #expect(answer.image["status"] == "queued")
    }

    @Test(arguments: [Body.cut("{\"image\"", of: 100)]) func `a body that breaks off is 400`(body: Body) throws {
        let answer = try glance.send("POST", "/images/", json, body: body)

        #expect(answer.status == 400)
        #expect(answer.text.contains("Nothing was kept"))
    }
}
