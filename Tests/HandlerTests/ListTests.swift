import GlanceModel
import Testing

/// What a list shows, and in what order.
struct ListTests {
    private let glance: Glance

    /// Five images, each a minute after the one before; the last is private.
    init() throws {
        glance = try Glance()
        let images: [(id: String, name: String, type: String, data: String, property: String)] = [
            ("d", "beta", "raw", "four", "blue"), ("a", "alpha", "kernel", "1", "red"),
            ("c", "Alpha", "raw", "seven!!", "blue"), ("B", "älpha", "machine", "1", "green"),
        ]
        for image in images {
            try glance.add(
                image.id,
                [
                    "x-image-meta-name": image.name, "x-image-meta-type": image.type,
                    "x-image-meta-is_public": "true", "x-image-meta-property-color": image.property,
                ], body: .whole(Array(image.data.utf8)))
            glance.clock.move(seconds: 60)
        }
        try glance.queue("e", ["x-image-meta-name": "secret"])
    }

    private func ids(_ query: String) throws -> [String] {
        let brief = try glance.send("GET", "/images/?\(query)")
        let detailed = try glance.send("GET", "/images/detail?\(query)")
        #expect(brief.status == 200)
        #expect(detailed.ids == brief.ids)
        return brief.ids
    }

    @Test func `images are listed as they were added`() throws {
        #expect(try ids("") == ["d", "a", "c", "B"])
    }

    @Test(arguments: [
        ("", "dacB"), ("sort_dir=desc", "Bcad"),
        ("sort_key=id", "Bacd"), ("sort_key=id&sort_dir=desc", "dcaB"),
        ("sort_key=name", "cadB"), ("sort_key=name&sort_dir=desc", "Bdac"),
        ("sort_key=type", "aBdc"), ("sort_key=type&sort_dir=desc", "dcBa"),
        ("sort_key=size", "aBdc"), ("sort_key=size&sort_dir=desc", "cdaB"),
        ("sort_key=status", "dacB"), ("sort_key=status&sort_dir=desc", "dacB"),
        ("sort_key=created_at", "dacB"), ("sort_key=created_at&sort_dir=desc", "Bcad"),
        ("sort_key=updated_at", "dacB"), ("sort_key=updated_at&sort_dir=asc", "dacB"),
    ])
    func `every order, its ties as they were added`(query: String, order: String) throws {
        #expect(try ids(query) == order.map(String.init))
    }

    @Test func `updated_at orders by the last change`() throws {
        _ = try glance.send("PUT", "/images/d", ["x-image-meta-type": "kernel"])

        #expect(try ids("sort_key=updated_at") == ["a", "c", "B", "d"])
    }

    @Test(arguments: [
        ("name=alpha", "a"), ("name=%C3%A4lpha", "B"), ("name=ALPHA", ""), ("name=", ""), ("name=no+such+image", ""),
        ("type=raw", "dc"), ("type=ramdisk", ""),
        ("status=available", "dacB"), ("status=queued", ""), ("status=saving", ""), ("status=deleted", ""),
        ("store=file", "dacB"), ("store=swift", ""),
        ("size_min=4", "dc"), ("size_max=4", "daB"), ("size_min=4&size_max=4", "d"), ("size_min=5&size_max=4", ""),
        ("size_max=9223372036854775807", "dacB"),
        ("property-color=blue", "dc"), ("property-Color=red", "a"), ("property-color=", ""), ("property-none=x", ""),
        ("property-color=blue&type=raw&size_min=5", "c"),
        ("is_public=true", "dacB"), ("is_public=false", "e"), ("is_public=none", "dacBe"), ("is_public=None", "dacBe"),
        ("is_public=none&status=queued", "e"), ("is_public=none&size_max=0", "e"),
        ("type=raw&type=raw", "dc"),
    ])
    func `every filter`(query: String, order: String) throws {
        #expect(try ids(query) == order.map(String.init))
    }

    @Test(arguments: [
        ("limit=0", ""), ("limit=1", "d"), ("limit=3", "dac"), ("limit=1000", "dacB"),
        ("marker=d", "acB"), ("marker=B", ""), ("marker=a&limit=1", "c"), ("marker=a&limit=0", ""),
        ("marker=c&sort_dir=desc", "ad"), ("marker=a&sort_key=size", "Bdc"), ("marker=B&sort_key=size", "dc"),
        ("marker=a&sort_key=size&sort_dir=desc", "B"), ("marker=a&sort_key=id", "cd"), ("marker=a&sort_key=name", "dB"),
        ("marker=a&type=raw", "c"), ("marker=e", ""), ("marker=a&is_public=none", "cBe"),
    ])
    func `a limit and a marker cut out a page`(query: String, order: String) throws {
        #expect(try ids(query) == order.map(String.init))
    }

    @Test func `the marker of a deleted image still counts`() throws {
        _ = try glance.send("DELETE", "/images/a")

        #expect(try ids("marker=a") == ["c", "B"])
        #expect(try ids("marker=a&sort_key=size") == ["B", "d", "c"])
    }

    @Test(arguments: ["nobody", "", "a%2Fb", "e", "saving"]) func `a marker that names no image is 400`(marker: String)
        throws
    {
        _ = try glance.send("DELETE", "/images/e")
        try glance.beginSaving("saving")

        let answer = try glance.send("GET", "/images/?marker=\(marker)")

        #expect(answer.status == 400)
        #expect(answer.text.contains("marker"))
    }

    @Test(arguments: [
        ("limit", "-1"), ("limit", "1001"), ("limit", "ten"), ("limit", ""), ("limit", "1.5"), ("limit", "%2B5"),
        ("limit", "99999999999999999999"),
        ("sort_key", "owner"), ("sort_key", "store"), ("sort_key", ""), ("sort_key", "Name"),
        ("sort_key", "name;DROP%20TABLE%20images"),
        ("sort_dir", "down"), ("sort_dir", ""), ("sort_dir", "DESC"),
        ("is_public", "maybe"), ("is_public", "1"), ("is_public", ""),
        ("type", "disk"), ("type", ""), ("status", "active"), ("status", ""), ("store", "floppy"), ("store", ""),
        ("size_min", "-1"), ("size_min", "x"), ("size_min", "9223372036854775808"), ("size_max", ""),
        ("size_max", "1e3"), ("property-", "x"),
    ])
    func `a bad value is 400 and named`(parameter: String, value: String) throws {
        for path in ["/images/", "/images/detail"] {
            let answer = try glance.send("GET", "\(path)?\(parameter)=\(value)")

            #expect(answer.status == 400)
            #expect(answer.text.contains("query parameter \(parameter)"))
        }
    }

    @Test(arguments: [
        "type=raw&type=kernel", "limit=1&limit=2", "property-a=1&property-a=2", "property-a.b=1&property-a_b=2",
        "name=caf%C3%A9&name=cafe%CC%81", "property-a=caf%C3%A9&property-A=cafe%CC%81", "name=%zz", "name=%e9", "%ff=x",
    ])
    func `a query that contradicts itself or is no text is 400`(query: String) throws {
        #expect(try glance.send("GET", "/images/?\(query)").status == 400)
    }

    @Test func `a brief entry has five fields and a detailed one all`() throws {
        let brief = try glance.send("GET", "/images/?limit=1").json
        let detailed = try glance.send("GET", "/images/detail?limit=1").json["images"].elements[0]
        let head = try glance.send("HEAD", "/images/d").metadata

        #expect(
            brief == [
                "images": [
                    [
                        "uri": "http://glance.example.com/images/d", "id": "d", "name": "beta", "type": "raw",
                        "size": "4",
                    ]
                ]
            ])
        for (field, value) in head where !field.hasPrefix("property-") && field != "is_public" && field != "version" {
            #expect(detailed[field] == .string(value))
        }
        #expect(detailed["is_public"] == true)
        #expect(detailed["version"] == 1)
        #expect(detailed["properties"] == ["color": "blue"])
    }

    @Test func `an empty list is a list`() throws {
        #expect(try glance.send("GET", "/images/?name=none").json == ["images": []])
        #expect(try Glance().send("GET", "/images/detail").json == ["images": []])
    }
}

/// Lists that are longer than what is read at a time.
struct LongListTests {
    private let glance: Glance
    private static let count = 2 * ImageList.pageImagesMax + 3

    init() throws {
        glance = try Glance()
        for number in 1...Self.count {
            let draft = ImageDraft(
                id: ImageID(recorded: "i\(number)"), name: ImageName(recorded: "n\(number % 7)"), type: .raw,
                isPublic: true)
            _ = try glance.images.registry.reserve(
                NewImage(draft, store: .file, owner: "", createdAt: glance.clock.now), lease: nil, within: nil)
        }
    }

    private var all: [String] { (1...Self.count).map { "i\($0)" } }

    @Test(arguments: ["/images/", "/images/detail"]) func `without a limit all are listed`(path: String) throws {
        let answer = try glance.send("GET", path)

        #expect(answer.ids == all)
        #expect(answer["Content-Type"] == "application/json")
    }

    @Test func `a limit near the end of a page holds`() throws {
        for limit in [249, 250, 251, 500, 501, 503, 1000] {
            #expect(try glance.send("GET", "/images/?limit=\(limit)").ids == Array(all.prefix(limit)))
        }
    }

    @Test func `every order lists each image once`() throws {
        for query in [
            "sort_key=name", "sort_key=size&sort_dir=desc", "sort_key=status", "sort_dir=desc", "sort_key=id",
        ] {
            #expect(try glance.send("GET", "/images/?\(query)").ids.sorted() == all.sorted())
        }
    }

    @Test func `a client that goes from marker to marker sees each image once`() throws {
        var seen: [String] = []
        var query = "limit=100&sort_key=name"
        while case let page = try glance.send("GET", "/images/?\(query)").ids, let last = page.last {
            seen += page
            query = "limit=100&sort_key=name&marker=\(last)"
        }

        #expect(seen == (try glance.send("GET", "/images/?sort_key=name")).ids)
        #expect(seen.count == Self.count)
    }

    @Test func `HEAD of a long list has no body`() throws {
        #expect(try glance.send("HEAD", "/images/").status == 200)
    }
}
