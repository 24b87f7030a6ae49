import Testing

/// Once data was stored under an id, it never names anything else; until then it is free again.
struct LifeOfAnIDTests {
    private let glance: Glance

    init() throws {
        glance = try Glance()
    }

    private func post(_ id: String? = nil, _ headers: [String: String] = [:], body: Body? = nil) throws -> Answer {
        var headers = headers.merging(["x-image-meta-name": "n", "x-image-meta-type": "raw"], uniquingKeysWith: { $1 })
        if let id { headers["x-image-meta-id"] = id }
        return try glance.send("POST", "/images/", headers, body: body)
    }

    @Test func `the id of a deleted image is taken for ever`() throws {
        try glance.add("x", body: "data")
        _ = try glance.send("DELETE", "/images/x")

        let answer = try post("x", body: "data")

        #expect(answer.status == 409)
        #expect(answer.text.contains("never given again"))
    }

    @Test func `an id that a client chose is free again where no data ever were`() throws {
        try glance.queue("x")
        _ = try glance.send("DELETE", "/images/x")

        #expect(try post("x", body: "data").image["status"] == "available")
    }

    @Test(arguments: [
        (["x-image-meta-size": "9"], Body("data")),
        (["x-image-meta-sha256": String(repeating: "0", count: 64)], Body("data")),
        ([:], Body.cut("da", of: 4)),
    ])
    func `a POST that fails leaves nothing, its id included`(headers: [String: String], body: Body) throws {
        #expect(try post("x", headers, body: body).status == 400)

        #expect(try glance.status(of: "x") == nil)
        #expect(glance.storedFiles == [])
        #expect(try post("x", body: "data").status == 200)
    }

    @Test func `generated ids are numbers that grow`() throws {
        #expect(try post().image["id"] == "1")
        #expect(try post(body: "data").image["id"] == "2")
        #expect(try post().image["uri"] == "http://glance.example.com/images/3")
    }

    @Test func `clients' own numbers are skipped and move nothing`() throws {
        try glance.queue("2")
        try glance.queue("1000")

        #expect(try post().image["id"] == "1")
        #expect(try post().image["id"] == "3")
    }

    @Test func `a generated number never comes twice`() throws {
        _ = try post()
        _ = try glance.send("DELETE", "/images/1")

        #expect(try post().image["id"] == "2")
        #expect(try post("1").status == 409)
    }

    @Test func `a generated number whose data failed never comes twice`() throws {
        #expect(try post(nil, [:], body: .cut("da", of: 4)).status == 400)

        #expect(try post("1").status == 409)
        #expect(try post().image["id"] == "2")
    }

    @Test func `case makes another id`() throws {
        try glance.add("disk", body: "small")
        try glance.add("Disk", body: "large")

        #expect(try glance.send("HEAD", "/images/disk")["x-image-meta-name"] == "name of disk")
        #expect(try glance.send("HEAD", "/images/Disk")["x-image-meta-name"] == "name of Disk")
        #expect(try glance.send("HEAD", "/images/DISK").status == 404)
    }

    @Test func `a PUT of data that fails leaves the image queued as it was`() throws {
        try glance.queue("x", ["x-image-meta-property-color": "blue"])
        let before = try glance.send("HEAD", "/images/x").metadata

        let answer = try glance.send("PUT", "/images/x", ["x-image-meta-name": "new"], body: .cut("da", of: 4))

        #expect(answer.status == 400)
        #expect(answer.text.contains("Nothing was kept"))
        #expect(try glance.send("HEAD", "/images/x").metadata == before)
        #expect(glance.storedFiles == [])
    }

    @Test func `after a PUT that failed the data can come again`() throws {
        try glance.queue("x")
        _ = try glance.send("PUT", "/images/x", body: .cut("da", of: 4))

        #expect(try glance.send("PUT", "/images/x", body: "data").image["status"] == "available")
    }
}
