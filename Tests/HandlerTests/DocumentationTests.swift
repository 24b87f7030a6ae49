import Testing

/// The API chapter of the documentation of 2010, example by example and in its order.
struct DocumentationTests {
    private let glance: Glance

    /// The image of the examples, added as the chapter says, with fewer bytes.
    init() throws {
        glance = try Glance()
        let added = try glance.send(
            "POST", "/images/",
            [
                "x-image-meta-name": "Ubuntu 10.04 Plain 5GB", "x-image-meta-type": "kernel",
                "x-image-meta-is_public": "True", "x-image-meta-property-distro": "Ubuntu 10.04 LTS",
            ], body: "image")
        try #require(added.status == 200)
    }

    @Test func `a list of public images`() throws {
        let answer = try glance.send("GET", "/images/")

        #expect(answer.status == 200)
        #expect(answer["Content-Type"] == "application/json")
        #expect(
            answer.json == [
                "images": [
                    [
                        "uri": "http://glance.example.com/images/1", "name": "Ubuntu 10.04 Plain 5GB",
                        "type": "kernel", "size": "5", "id": "1",
                    ]
                ]
            ])
    }

    @Test func `detailed metadata of public images`() throws {
        let answer = try glance.send("GET", "/images/detail")

        #expect(answer.status == 200)
        #expect(answer.json == ["images": [Self.everyField]])
    }

    @Test func `private images are in neither list`() throws {
        _ = try glance.add("mine", ["x-image-meta-is_public": "False"], body: "x")

        #expect(try glance.send("GET", "/images/").ids == ["1"])
        #expect(try glance.send("GET", "/images/detail").ids == ["1"])
    }

    @Test(arguments: ["HEAD", "GET"]) func `metadata of an image as headers`(method: String) throws {
        // With If-Match the worker itself sends the data, and so all headers.
        let tag = try #require(try glance.send("HEAD", "/images/1")["ETag"])

        let answer = try glance.send(method, "/images/1", ["If-Match": tag])

        #expect(answer.status == 200)
        #expect(
            answer.metadata == [
                "uri": "http://glance.example.com/images/1", "id": "1", "name": "Ubuntu 10.04 Plain 5GB",
                "type": "kernel", "size": "5", "store": "file", "created_at": "2010-02-03 09:34:01",
                "updated_at": "2010-02-03 09:34:01", "deleted_at": "", "status": "available", "is_public": "True",
                "owner": "", "sha256": Self.sha256, "version": "1", "property-distro": "Ubuntu 10.04 LTS",
            ])
        #expect(answer["Content-Type"] == "application/octet-stream")
        #expect(answer["Content-Length"] == answer["x-image-meta-size"])
        #expect(answer.text == (method == "GET" ? "image" : ""))
    }

    @Test func `updated_at moves with metadata alone`() throws {
        try glance.queue("later")

        glance.clock.move(seconds: 60)
        let filled = try glance.send("PUT", "/images/later", body: "data")
        glance.clock.move(seconds: 60)
        let renamed = try glance.send("PUT", "/images/later", ["x-image-meta-name": "new"])

        #expect(filled.image["updated_at"] == "2010-02-03 09:34:01")
        #expect(renamed.image["updated_at"] == "2010-02-03 09:36:01")
        #expect(renamed.image["created_at"] == "2010-02-03 09:34:01")
    }

    @Test func `adding an image with its data`() throws {
        let answer = try glance.send(
            "POST", "/images/",
            [
                "x-image-meta-id": "my-own", "x-image-meta-name": "Ubuntu 10.04 Plain 5GB",
                "x-image-meta-type": "kernel", "x-image-meta-size": "5", "x-image-meta-store": "file",
                "x-image-meta-is_public": "on", "x-image-meta-property-distro": "Ubuntu 10.04 LTS",
            ], body: "image")

        #expect(answer.status == 200)
        #expect(answer["Location"] == "http://glance.example.com/images/my-own")
        #expect(answer.image["uri"] == "http://glance.example.com/images/my-own")
        #expect(answer.image["status"] == "available")
        #expect(answer.image["is_public"] == true)
        #expect(answer.image["properties"] == ["distro": "Ubuntu 10.04 LTS"])
    }

    @Test func `adding metadata first and data later`() throws {
        let added = try glance.send("POST", "/images/", ["x-image-meta-name": "Later", "x-image-meta-type": "raw"])
        let filled = try glance.send("PUT", "/images/2", body: "data")

        #expect(added.status == 200)
        #expect(added.image["status"] == "queued")
        #expect(added.image["size"] == "0")
        #expect(filled.status == 200)
        #expect(filled.image["status"] == "available")
        #expect(filled.image["size"] == "4")
    }

    @Test func `a size that is not the body's is refused and nothing is kept`() throws {
        let answer = try glance.send(
            "POST", "/images/", ["x-image-meta-name": "n", "x-image-meta-type": "raw", "x-image-meta-size": "9"],
            body: "image")

        #expect(answer.status == 400)
        #expect(answer.text.contains("5 bytes"))
        #expect(try glance.send("GET", "/images/?is_public=none").ids == ["1"])
    }

    private static let sha256 = "6105d6cc76af400325e94d588ce511be5bfdbb73b437dc51eca43917d7a43e3d"

    private static let everyField: JSON = [
        "uri": "http://glance.example.com/images/1", "id": "1", "name": "Ubuntu 10.04 Plain 5GB", "type": "kernel",
        "size": "5", "store": "file", "created_at": "2010-02-03 09:34:01", "updated_at": "2010-02-03 09:34:01",
        "deleted_at": "", "status": "available", "is_public": true, "properties": ["distro": "Ubuntu 10.04 LTS"],
        "owner": "", "sha256": .string(sha256), "version": 1,
    ]
}
