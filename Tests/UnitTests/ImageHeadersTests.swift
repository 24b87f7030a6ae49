import GlanceModel
import GlanceWire
import HTTP
import Testing

@Suite struct ImageHeadersTests {
    @Test func `an image is these fields`() throws {
        let image = try Image.made(
            name: "Größe", size: 9_007_199_254_740_993, isPublic: true, properties: ["b": "2", "Kernel-ID": ""],
            owner: "ann", version: 3)

        let lines = ImageHeaders.fields(image, uri: "http://host/images/7").fields.map { "\($0.name): \($0.value)" }

        #expect(
            lines == [
                "x-image-meta-uri: http://host/images/7",
                "x-image-meta-id: 7",
                "x-image-meta-name: Größe",
                "x-image-meta-type: raw",
                "x-image-meta-size: 9007199254740993",
                "x-image-meta-store: file",
                "x-image-meta-created_at: 2001-09-09 01:46:40",
                "x-image-meta-updated_at: 2004-11-09 11:33:20",
                "x-image-meta-deleted_at: ",
                "x-image-meta-status: available",
                "x-image-meta-is_public: True",
                "x-image-meta-owner: ann",
                "x-image-meta-sha256: \(String(repeating: "a", count: 64))",
                "x-image-meta-version: 3",
                "x-image-meta-property-b: 2",
                "x-image-meta-property-kernel_id: ",
            ])
    }

    @Test func `what a queued image does not know yet is empty or 0`() throws {
        let image = try Image.made(size: nil, status: .queued, sha256: nil)

        let headers = ImageHeaders.fields(image, uri: "")

        #expect(headers["x-image-meta-size"] == "0")
        #expect(headers["x-image-meta-sha256"] == "")
        #expect(headers["x-image-meta-is_public"] == "False")
    }

    @Test func `bytes are counted as they will be sent`() throws {
        let image = try Image.made(name: "Größe", properties: ["a": "🐧", "bb": ""])
        let uri = "http://host/images/7"

        let head = Response(.ok, headers: ImageHeaders.fields(image, uri: uri)).head(prefix: "")

        #expect(ImageHeaders.byteCount(image, uri: uri) == head.count - "200 OK\r\n\r\n".utf8.count)
    }

    @Test func `a client's fields are read whatever their case and dashes`() throws {
        let fields = try ImageHeaders.read(
            Headers([
                "X-IMAGE-META-NAME": "disk", "x_image_meta_is_public": "Yes", "X-Image-Meta-Property-Kernel-ID": "5",
                "x-image-meta-type": "raw", "X-Other": "1", "Content-Length": "5",
            ]))

        let draft = try fields.draft()
        #expect(draft.name.text == "disk")
        #expect(draft.isPublic)
        #expect(draft.properties["kernel_id"] == "5")
        #expect(draft.properties.pairs.count == 1)
    }

    @Test(arguments: [
        "uri", "created_at", "updated_at", "deleted_at", "status", "owner", "location", "properties", "colour", "",
    ])
    func `what is not for clients to set says nothing`(name: String) throws {
        let fields = try ImageHeaders.read(Headers(["x-image-meta-\(name)": "x"]))

        #expect(fields == ImageFields())
    }

    @Test func `a field may come twice with one value and not with two`() throws {
        #expect(throws: Never.self) {
            try ImageHeaders.read(Headers(["x-image-meta-name": "disk", "X-Image-Meta-Name": "disk"]))
        }
        #expect(
            isInvalid("name") { try ImageHeaders.read(Headers(["x-image-meta-name": "a", "X_image_meta_name": "b"])) })
    }

    @Test func `two properties of one key are refused`() {
        let headers = Headers(["x-image-meta-property-a-b": "1", "x-image-meta-property-A_B": "1"])

        #expect(isInvalid("property a_b") { try ImageHeaders.read(headers) })
    }

    @Test(arguments: ["x-image-meta-name", "x-image-meta-property-a"])
    func `a value that is no UTF-8 is refused`(name: String) {
        var headers = Headers()
        headers.add(name, "\u{FFFD}", isUTF8: false)

        #expect(isInvalid(name) { try ImageHeaders.read(headers) })
    }

    @Test func `a field of somebody else's may be no UTF-8`() throws {
        var headers = Headers()
        headers.add("X-Other", "\u{FFFD}", isUTF8: false)

        #expect(try ImageHeaders.read(headers) == ImageFields())
        #expect(!ImageHeaders.arePresent(in: headers))
    }

    @Test(arguments: ["x-image-meta-name", "X_IMAGE_META_PROPERTY_A", "x-image-meta-unknown"])
    func `a request that says anything of an image is known by it`(name: String) {
        #expect(ImageHeaders.arePresent(in: Headers([name: ""])))
    }

    @Test func `what is written can be read back`() throws {
        let image = try Image.made(name: "Größe", isPublic: true, properties: ["a": "1", "b": "x=y: z"])

        let draft = try ImageHeaders.read(ImageHeaders.fields(image, uri: "http://host/7")).draft()

        #expect(
            draft
                == ImageDraft(
                    id: image.id, name: image.name, type: image.type, size: image.size, store: image.store,
                    isPublic: true, properties: image.properties, sha256: image.sha256))
    }
}

/// True where `body` fails because the field of that name is not right.
func isInvalid<Value>(_ name: String, _ body: () throws -> Value) -> Bool {
    do {
        _ = try body()
        return false
    } catch Failure.invalid(name, _) {
        return true
    } catch {
        return false
    }
}
