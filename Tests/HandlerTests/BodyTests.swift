import GlanceModel
import Testing

/// What the body of a POST or PUT is, and what is refused before a byte of it is read.
struct BodyTests {
    private let glance: Glance
    private let fields = ["x-image-meta-id": "x", "x-image-meta-name": "n", "x-image-meta-type": "raw"]

    init() throws {
        glance = try Glance()
    }

    private func post(_ headers: [String: String], body: Body?, to glance: Glance? = nil) throws -> Answer {
        try (glance ?? self.glance).send(
            "POST", "/images", fields.merging(headers, uniquingKeysWith: { $1 }), body: body)
    }

    // MARK: What a body is

    @Test(arguments: [
        "application/x-www-form-urlencoded", "application/octet-stream", "text/plain", "image/png", "",
        "application/jsonx", "application/ld+json", "multipart",
    ])
    func `the body is the image, whatever its content type`(type: String) throws {
        let answer = try post(["Content-Type": type], body: "data")

        #expect(answer.image["status"] == "available")
        #expect(answer.image["size"] == "4")
    }

    @Test(arguments: [nil, Body.whole([])]) func `no body queues the image`(body: Body?) throws {
        let answer = try post([:], body: body)

        #expect(answer.image["status"] == "queued")
        #expect(answer.image["size"] == "0")
        #expect(answer.image["sha256"] == "")
    }

    @Test func `no bytes and a size of 0 are an image of no bytes`() throws {
        let answer = try post(["x-image-meta-size": "0"], body: .whole([]))

        #expect(answer.image["status"] == "available")
        #expect(answer.image["size"] == "0")
        #expect(answer.image["sha256"] == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    }

    @Test func `a size of 0 without any body queues the image`() throws {
        #expect(try post(["x-image-meta-size": "0"], body: nil).image["status"] == "queued")
    }

    @Test func `a queued image takes data of no bytes`() throws {
        _ = try post([:], body: nil)

        let answer = try glance.send("PUT", "/images/x", ["x-image-meta-size": "0"], body: .whole([]))

        #expect(answer.image["status"] == "available")
    }

    @Test func `the length is the gateway's own and no header of the client's`() throws {
        let answer = try post(["Content_Length": "2", "Body-Length": "1"], body: "data")

        #expect(answer.image["size"] == "4")
    }

    @Test func `an image larger than any buffer comes through whole`() throws {
        let data = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }

        let added = try post([:], body: .whole(data))
        let answer = try glance.send("GET", "/images/x", ["If-Match": "*"])

        #expect(added.image["size"] == "3000000")
        #expect(answer.body == data)
    }

    // MARK: What is not taken

    @Test(arguments: ["multipart/form-data; boundary=x", "Multipart/Related", "multipart/mixed"])
    func `a multipart body is 415 and the answer shows the right call`(type: String) throws {
        let answer = try post(["Content-Type": type], body: .unsent(1 << 20))

        #expect(answer.status == 415)
        #expect(answer.text.contains("curl -T FILE -X POST"))
        #expect(answer.text.contains("x-image-meta-name"))
    }

    @Test(arguments: [
        ("Content-Encoding", "gzip"), ("Content-Encoding", "identity, gzip"), ("Content-Transfer-Encoding", "base64"),
        ("Content-Transfer-Encoding", "quoted-printable"),
    ])
    func `an encoded body is 415`(header: String, coding: String) throws {
        try glance.queue("q")

        let added = try post([header: coding], body: .unsent(1 << 20))
        let changed = try glance.send("PUT", "/images/q", [header: coding], body: .unsent(1 << 20))

        #expect(added.status == 415)
        #expect(added.text.contains(header))
        #expect(changed.status == 415)
        #expect(try glance.status(of: "q") == .queued)
    }

    @Test(arguments: [
        ("Content-Encoding", "identity"), ("Content-Encoding", "Identity"), ("Content-Transfer-Encoding", "binary"),
        ("Content-Transfer-Encoding", "8bit"), ("Content-Transfer-Encoding", "7BIT"),
    ])
    func `an encoding that changes no byte is taken`(header: String, coding: String) throws {
        #expect(try post([header: coding], body: "data").image["status"] == "available")
    }

    // MARK: What is refused early

    @Test(arguments: [
        (["x-image-meta-id": "there"], 409, "The id there is taken"),
        (["x-image-meta-id": "no/id"], 400, "field id"),
        (["x-image-meta-type": "disk"], 400, "field type"),
        (["x-image-meta-store": "swift"], 400, "There is no store “swift”"),
        (["x-image-meta-size": "5"], 400, "1048576 bytes"),
        (["If-Match": "\"other\""], 412, "Nothing was done"),
        (["If-Match": "*"], 412, "Nothing was done"),
    ])
    func `a POST is refused before a byte is read`(headers: [String: String], status: Int, says: String) throws {
        try glance.queue("there")

        let answer = try post(headers, body: .unsent(1 << 20))

        #expect(answer.status == status)
        #expect(answer.text.contains(says))
        #expect(try glance.status(of: "x") == nil)
        #expect(glance.storedFiles == [])
    }

    @Test(arguments: [
        (["x-image-meta-id": "other"], 409, "The id of the image q cannot change"),
        (["x-image-meta-name": "\t"], 400, "field name"),
        (["x-image-meta-store": "swift"], 400, "There is no store “swift”"),
        (["x-image-meta-size": "5"], 400, "1048576 bytes"),
        (["x-image-meta-version": "7"], 409, "at version 1"),
        (["If-Match": "\"other\""], 412, "The image q"),
    ])
    func `a PUT is refused before a byte is read`(headers: [String: String], status: Int, says: String) throws {
        try glance.queue("q")

        let answer = try glance.send("PUT", "/images/q", headers, body: .unsent(1 << 20))

        #expect(answer.status == status)
        #expect(answer.text.contains(says))
        #expect(try glance.status(of: "q") == .queued)
    }

    @Test func `a client that goes on sending hears the answer`() throws {
        try glance.queue("x")

        let answer = try post([:], body: .whole(Array(repeating: 1, count: 3_000_000)))

        #expect(answer.status == 409)
    }

    @Test func `a client that falls silent is told so, and nothing is kept`() throws {
        let glance = try Glance(["client_idle_seconds_max": "1"])

        let answer = try post([:], body: .unsent(1 << 20), to: glance)

        #expect(answer.status == 408)
        #expect(try glance.status(of: "x") == nil)
        #expect(glance.storedFiles == [])
    }

    @Test(arguments: ["POST", "PUT"]) func `an image that is too large is 413`(method: String) throws {
        let glance = try Glance(["image_bytes_max": "1000"])
        try glance.queue("q")

        let answer =
            method == "POST"
            ? try post([:], body: .unsent(1001), to: glance)
            : try glance.send("PUT", "/images/q", body: .unsent(1001))

        #expect(answer.status == 413)
        #expect(answer.text.contains("1000 bytes"))
        #expect(try post([:], body: .whole(Array(repeating: 1, count: 1000)), to: glance).status == 200)
    }

    @Test(arguments: ["POST", "PUT"]) func `an image that there is no room for is 507`(method: String) throws {
        let glance = try Glance(["free_bytes_min": "9223372036854775807"])
        try glance.queue("q")

        let answer =
            method == "POST"
            ? try post([:], body: .unsent(1), to: glance) : try glance.send("PUT", "/images/q", body: .unsent(1))

        #expect(answer.status == 507)
        #expect(answer.text.contains("no room"))
        #expect(try glance.status(of: "x") == nil)
        #expect(try glance.status(of: "q") == .queued)
    }

    @Test func `an upload when all transfers are taken is 503, and metadata are not`() throws {
        let glance = try Glance(["transfers_max": "1"])
        let slot = try glance.images.transfers.take()

        let answer = try post([:], body: .unsent(1 << 20), to: glance)
        let queued = try post(["x-image-meta-id": "q"], body: nil, to: glance)

        withExtendedLifetime(slot) {
            #expect(answer.status == 503)
            #expect(answer["Retry-After"] == "2")
            #expect(queued.status == 200)
        }
    }

    @Test(arguments: [("POST", "/images"), ("PUT", "/images/q")])
    func `JSON that is still to come takes a transfer, and JSON that is here does not`(
        method: String, uri: String
    ) throws {
        let glance = try Glance(["transfers_max": "1"])
        try glance.queue("q")
        let type = ["Content-Type": "application/json"]
        let slot = try glance.images.transfers.take()

        let coming = try glance.send(method, uri, type, body: .unsent(100))
        let here = try glance.send(method, uri, type, body: #"{"image": {"name": "n", "type": "raw"}}"#)

        withExtendedLifetime(slot) {
            #expect(coming.status == 503)
            #expect(coming["Retry-After"] == "2")
            #expect(here.status == 200)
        }
    }

    @Test func `JSON that comes in drops ends, and gives its place back`() throws {
        let glance = try Glance(["transfers_max": "1"])
        let type = ["Content-Type": "application/json"]
        let value = String(repeating: "x", count: 20_000)
        let properties = (0..<8).map { #""p\#($0)": "\#(value)""# }.joined(separator: ", ")
        let long = #"{"image": {"name": "n", "type": "raw", "properties": {\#(properties)}}}"#
        let whole = try glance.send("POST", "/images", type, body: .whole(Array(long.utf8)))
        glance.clock.tick(stride: 20)

        let dripping = try glance.send("POST", "/images", type, body: .whole(Array(long.utf8)))

        #expect(whole.text.contains("headers and may take"))
        #expect(dripping.status == 408)
        glance.clock.tick(stride: 0)
        #expect(try glance.send("POST", "/images", type, body: .cut("{", of: 1000)).status == 400)
        #expect(try post(["x-image-meta-id": "y"], body: "data", to: glance).status == 200)
    }

    @Test func `a transfer gives its place back, however it ends`() throws {
        let glance = try Glance(["transfers_max": "1"])

        _ = try post([:], body: .cut("da", of: 4), to: glance)
        _ = try post([:], body: "data", to: glance)

        #expect(try glance.send("GET", "/images/x", ["If-Match": "*"]).text == "data")
        #expect(try post(["x-image-meta-id": "y"], body: "data", to: glance).status == 200)
    }
}
