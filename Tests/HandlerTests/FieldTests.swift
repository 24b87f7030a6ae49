import Foundation
import Testing

/// The fields of an image as a client writes them in headers.
struct FieldTests {
    private let glance: Glance

    init() throws {
        glance = try Glance()
    }

    /// Adds an image with these fields over a name and a type; nil leaves one of those out.
    private func post(_ fields: [String: String?], body: Body? = nil) throws -> Answer {
        var headers = ["x-image-meta-name": "n", "x-image-meta-type": "raw"]
        for (name, value) in fields { headers["x-image-meta-\(name)"] = value }
        return try glance.send("POST", "/images/", headers, body: body)
    }

    // MARK: What is refused

    @Test(
        arguments: [
            ("id", "detail", "not “detail”"),
            ("id", ".hidden", "a letter or digit first"),
            ("id", "a/b", "“a/b” is none"),
            ("id", "a b", "“a b” is none"),
            ("id", "é", "“é” is none"),
            ("id", String(repeating: "a", count: 256), "1 to 255"),
            ("name", nil, "it is missing"),
            ("name", "", "1 to 255 characters"),
            ("name", String(repeating: "é", count: 256), "1 to 255 characters"),
            ("name", "tab\there", "no control characters"),
            ("name", "bell\u{7}", "no control characters"),
            ("name", "delete\u{7F}", "no control characters"),
            ("name", "next\u{85}line", "no control characters"),
            ("name", "last\u{9F}", "no control characters"),
            ("type", nil, "kernel, machine, raw, ramdisk"),
            ("type", "", "kernel, machine, raw, ramdisk"),
            ("type", "Raw", "“Raw” is none"),
            ("type", "qcow2", "kernel, machine, raw, ramdisk"),
            ("size", "-1", "no whole number"),
            ("size", "1.5", "no whole number"),
            ("size", "5 MB", "no whole number"),
            ("size", "0x10", "no whole number"),
            ("size", "9223372036854775808", "9223372036854775807"),
            ("store", "swift", "say one of file"),
            ("store", "File", "There is no store “File”"),
            ("store", "floppy", "say one of file"),
            ("sha256", "abc", "64 hexadecimal digits"),
            ("sha256", String(repeating: "g", count: 64), "64 hexadecimal digits"),
            ("property-", "v", "a property needs a name"),
            ("property-a", "line\u{B}feed", "control character"),
            ("property-a", "c1\u{9B}", "control character"),
        ] as [(String, String?, String)])
    func `a bad field is 400 in words`(field: String, value: String?, says: String) throws {
        let answer = try post([field: value], body: .unsent(1 << 20))

        #expect(answer.status == 400)
        #expect(answer.text.contains(says))
        #expect(answer.text.contains(field.hasPrefix("property-") ? "propert" : field))
        #expect(answer.text.split(separator: "\n").count == 1)
        #expect(try glance.send("GET", "/images/?is_public=none").ids == [])
    }

    @Test(arguments: ["name", "type", "id", "size", "store", "sha256", "property-a"])
    func `a value that is no UTF-8 is 400`(field: String) throws {
        let name = "HTTP_X_IMAGE_META_\(field.uppercased().replacing("-", with: "_"))"
        var request = SCGIText("POST", "/images/", ["x-image-meta-name": "n", "x-image-meta-type": "raw"])
        request[name] = "caf!"
        let bytes = request.bytes.map { $0 == UInt8(ascii: "!") ? 0xE9 : $0 }

        let answer = try glance.exchange(bytes, isAll: false)

        #expect(answer.status == 400)
        #expect(answer.text.contains("UTF-8"))
    }

    @Test(arguments: [
        ("name", "one", "two"), ("type", "raw", "kernel"), ("id", "a", "b"), ("is_public", "true", "false"),
        ("size", "1", "2"), ("store", "file", "swift"), ("sha256", "a", "b"), ("property-k", "v", "w"),
        ("property-k", "v", "v"), ("name", "caf\u{E9}", "cafe\u{301}"),
    ])
    func `a field twice with different values is 400`(field: String, one: String, other: String) throws {
        var headers = ["x-image-meta-name": "one", "x-image-meta-type": "raw"]
        headers["x-image-meta-\(field)"] = one
        headers["X-Image-Meta-\(field)"] = other

        let answer = try glance.send("POST", "/images/", headers)

        #expect(answer.status == 400)
        #expect(answer.text.contains("twice"))
    }

    @Test func `the same value twice is one`() throws {
        let answer = try glance.send(
            "POST", "/images/",
            ["x-image-meta-name": "n", "X_Image_Meta_Name": "n", "x-image-meta-type": "raw"])

        #expect(answer.image["name"] == "n")
    }

    // MARK: What is taken

    @Test(arguments: [
        ("id", "a"), ("id", "A.b_c-9"), ("id", String(repeating: "a", count: 255)), ("id", "details"),
        ("name", "Ünïcödé 画像"), ("name", String(repeating: "😀", count: 255)), ("name", "a\u{A0}b"), ("name", "1, 2"),
        ("type", "kernel"), ("type", "machine"), ("type", "raw"), ("type", "ramdisk"),
        ("size", "0"), ("size", "9223372036854775807"),
        ("store", "file"),
        ("sha256", String(repeating: "0f", count: 32)),
    ])
    func `a good value is kept and comes back as it was`(field: String, value: String) throws {
        let added = try post([field: value])
        let id = added.image["id"].text

        #expect(added.status == 200)
        #expect(added.image[field] == .string(value))
        #expect(try glance.send("HEAD", "/images/\(id)")["x-image-meta-\(field)"] == value)
    }

    @Test(arguments: ["true", "True", "TRUE", "on", "On", "1", "yes", "YES", "y", "Y", "t", "T"])
    func `is_public is true`(value: String) throws {
        #expect(try post(["is_public": value]).image["is_public"] == true)
        #expect(try glance.send("HEAD", "/images/1")["x-image-meta-is_public"] == "True")
    }

    @Test(arguments: ["false", "False", "off", "0", "no", "n", "", "2", "truly", "yes, please", nil])
    func `is_public is false`(value: String?) throws {
        #expect(try post(["is_public": value]).image["is_public"] == false)
        #expect(try glance.send("HEAD", "/images/1")["x-image-meta-is_public"] == "False")
    }

    @Test(arguments: ["id", "size", "store", "sha256"])
    func `an empty value of what may be left out counts as none`(field: String) throws {
        let answer = try post([field: ""], body: "data")

        #expect(answer.status == 200)
        #expect(answer.image["id"] == "1")
        #expect(answer.image["size"] == "4")
        #expect(answer.image["store"] == "file")
    }

    @Test(arguments: [
        "x-image-meta-is_public", "x-image-meta-is-public", "X_IMAGE_META_IS_PUBLIC", "X-Image-Meta-Is-public",
    ])
    func `names are matched without regard to case, dash and underscore`(name: String) throws {
        let answer = try glance.send(
            "POST", "/images/", ["x_image_meta_name": "n", "X-IMAGE-META-TYPE": "raw", name: "true"])

        #expect(answer.image["is_public"] == true)
    }

    @Test func `a digest in capitals is the same digest`() throws {
        let digest = "3A6EB0790F39AC87C94F3856B2DD2C5D110E6811602261A9A923D3BB23ADC8B7"

        let answer = try post(["sha256": digest], body: "data")

        #expect(answer.status == 200)
        #expect(answer.image["sha256"] == .string(digest.lowercased()))
    }

    @Test func `a digest that is not the data's is refused and nothing is kept`() throws {
        let answer = try post(["sha256": String(repeating: "0", count: 64)], body: "data")

        #expect(answer.status == 400)
        #expect(answer.text.contains("3a6eb0790f39ac87c94f3856b2dd2c5d110e6811602261a9a923d3bb23adc8b7"))
        #expect(try glance.send("GET", "/images/?is_public=none").ids == [])
        #expect(glance.storedFiles == [])
    }

    @Test(arguments: [
        "uri": "http://evil.example.com/", "created_at": "1999-01-01 00:00:00", "updated_at": "1999-01-01 00:00:00",
        "deleted_at": "1999-01-01 00:00:00", "status": "available", "owner": "eve", "location": "/etc/passwd",
        "properties": "{'distro': 'Ubuntu'}", "x": "y", "version": "77", "checksum": "evil",
    ]) func `what clients cannot set is ignored and never echoed`(field: String, value: String) throws {
        let added = try post([field: value])
        let answer = try glance.send("HEAD", "/images/1")
        let plain = try post([:])

        #expect(added.status == 200)
        #expect(added.image[field] != .string(value))
        #expect(added.image["properties"] == [:])
        #expect(answer["x-image-meta-\(field)"] != value)
        #expect(answer.metadata.count == (try glance.send("HEAD", "/images/\(plain.image["id"].text)")).metadata.count)
    }

    @Test func `fields that exceed header_bytes_max are 400 on POST and PUT`() throws {
        let glance = try Glance(["header_bytes_max": "1024"])
        let long = ["x-image-meta-property-note": String(repeating: "x", count: 1000)]
        try glance.queue("x")

        let added = try glance.send(
            "POST", "/images/", long.merging(["x-image-meta-name": "n", "x-image-meta-type": "raw"]) { $1 },
            body: .unsent(1 << 20))
        let changed = try glance.send("PUT", "/images/x", long)

        #expect(added.status == 400)
        #expect(added.text.contains("may take 1024"))
        #expect(changed.status == 400)
        #expect(try glance.send("HEAD", "/images/x")["x-image-meta-property-note"] == nil)
    }
}
