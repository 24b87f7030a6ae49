import Testing

/// Free properties: keys that fold, values that stay as they are.
struct PropertyTests {
    private let glance: Glance

    init() throws {
        glance = try Glance()
    }

    @Test(arguments: [
        ("x-image-meta-property-distro", "distro"),
        ("x-image-meta-property-Distro-Name", "distro_name"),
        ("X_Image_Meta_Property_A.B", "a_b"),
        ("x-image-meta-property-a!b", "a_b"),
        ("x-image-meta-property-0", "0"),
        ("x-image-meta-property--", "_"),
        ("x-image-meta-property-property-x", "property_x"),
        ("x-image-meta-property-uri", "uri"),
    ])
    func `a key is lower-cased, and what is no letter, digit or underscore becomes one`(
        header: String, key: String
    ) throws {
        let added = try glance.queue("x", [header: "value"])

        #expect(added.image["properties"] == [key: "value"])
        #expect(try glance.send("HEAD", "/images/x")["x-image-meta-property-\(key)"] == "value")
    }

    @Test(arguments: [
        ("x-image-meta-property-a.b", "x-image-meta-property-a_b"),
        ("x-image-meta-property-a!", "x-image-meta-property-a."),
    ])
    func `two names that fold to one key are 400`(one: String, other: String) throws {
        let answer = try glance.send(
            "POST", "/images/", ["x-image-meta-name": "n", "x-image-meta-type": "raw", one: "1", other: "2"])

        #expect(answer.status == 400)
        #expect(answer.text.contains("given twice"))
    }

    @Test(arguments: ["", "a", "Ubuntu 10.04 LTS", "a=b", "1, 2", "\"quoted\\\"", "größe 画", "{'json': 1}", "%41+"])
    func `a value is kept as it is`(value: String) throws {
        let added = try glance.queue("x", ["x-image-meta-property-k": value])
        let detail = try glance.send("GET", "/images/detail?is_public=none")

        #expect(added.image["properties"] == ["k": .string(value)])
        #expect(try glance.send("HEAD", "/images/x")["x-image-meta-property-k"] == value)
        #expect(detail.json["images"].elements[0]["properties"] == ["k": .string(value)])
    }

    @Test func `a change merges properties`() throws {
        try glance.queue("x", ["x-image-meta-property-a": "1", "x-image-meta-property-b": "2"])

        let answer = try glance.send(
            "PUT", "/images/x", ["x-image-meta-property-B": "3", "x-image-meta-property-c": "4"])

        #expect(answer.image["properties"] == ["a": "1", "b": "3", "c": "4"])
    }

    @Test(arguments: ["true", "True", "TRUE"]) func `purge-props replaces them`(value: String) throws {
        try glance.queue("x", ["x-image-meta-property-a": "1", "x-image-meta-property-b": "2"])

        let answer = try glance.send(
            "PUT", "/images/x", ["x-glance-registry-purge-props": value, "x-image-meta-property-c": "4"])

        #expect(answer.image["properties"] == ["c": "4"])
    }

    @Test func `purge-props alone removes them all`() throws {
        try glance.add("x", ["x-image-meta-property-a": "1"], body: "data")

        let answer = try glance.send("PUT", "/images/x", ["x-glance-registry-purge-props": "true"])

        #expect(answer.image["properties"] == [:])
        #expect(try glance.send("HEAD", "/images/x")["x-image-meta-property-a"] == nil)
    }

    @Test func `purge-props that is not true replaces nothing`() throws {
        try glance.queue("x", ["x-image-meta-property-a": "1"])

        let answer = try glance.send(
            "PUT", "/images/x", ["x-glance-registry-purge-props": "false", "x-image-meta-property-b": "2"])

        #expect(answer.image["properties"] == ["a": "1", "b": "2"])
    }
}
