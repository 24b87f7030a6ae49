import GlanceModel
import Testing

/// PUT and DELETE of what is there: what a change names changes, and nothing else.
struct ChangeTests {
    private let glance: Glance

    init() throws {
        glance = try Glance()
    }

    @Test func `only what is named changes`() throws {
        try glance.add("x", ["x-image-meta-is_public": "true", "x-image-meta-property-a": "1"], body: "data")
        var expected = try glance.send("HEAD", "/images/x").metadata

        let answer = try glance.send("PUT", "/images/x", ["x-image-meta-type": "kernel"])

        (expected["type"], expected["version"]) = ("kernel", "2")
        #expect(answer.status == 200)
        #expect(try glance.send("HEAD", "/images/x").metadata == expected)
    }

    @Test(arguments: [
        ("name", "new", "new"), ("type", "ramdisk", "ramdisk"), ("is_public", "yes", "True"),
        ("property-a", "2", "2"),
    ])
    func `an available image's description changes`(field: String, value: String, shown: String) throws {
        try glance.add("x", body: "data")

        let answer = try glance.send("PUT", "/images/x/", ["x-image-meta-\(field)": value])

        #expect(answer.status == 200)
        #expect(try glance.send("HEAD", "/images/x").metadata[field] == shown)
    }

    @Test(arguments: [
        ("size", "9"), ("size", "0"), ("sha256", String(repeating: "0", count: 64)), ("store", "swift"), ("id", "y"),
    ])
    func `what data have fixed can only be given as it is`(field: String, value: String) throws {
        try glance.add("x", body: "data")
        let before = try glance.send("HEAD", "/images/x").metadata

        let other = try glance.send("PUT", "/images/x", ["x-image-meta-\(field)": value, "x-image-meta-name": "new"])
        let same = try glance.send("PUT", "/images/x", ["x-image-meta-\(field)": try #require(before[field])])

        #expect(other.status == 409)
        #expect(other.text.contains(field))
        #expect(same.status == 200)
        #expect(try glance.send("HEAD", "/images/x").metadata == before)
    }

    @Test(arguments: [("size", "5"), ("sha256", String(repeating: "0", count: 64))])
    func `what a queued image was given binds its data`(field: String, value: String) throws {
        try glance.queue("x")
        #expect(try glance.send("PUT", "/images/x", ["x-image-meta-\(field)": value]).status == 200)

        let answer = try glance.send("PUT", "/images/x", body: "data")

        #expect(answer.status == 400)
        #expect(answer.text.contains(value))
        #expect(try glance.status(of: "x") == .queued)
        #expect(glance.storedFiles == [])
    }

    @Test func `data that are as they were announced make the image available`() throws {
        let digest = "3a6eb0790f39ac87c94f3856b2dd2c5d110e6811602261a9a923d3bb23adc8b7"
        try glance.queue("x", ["x-image-meta-size": "4", "x-image-meta-sha256": digest])

        let answer = try glance.send("PUT", "/images/x", body: "data")

        #expect(answer.image["status"] == "available")
        #expect(answer.image["version"] == 2)
    }

    @Test func `data and metadata can come together`() throws {
        try glance.queue("x")

        let answer = try glance.send(
            "PUT", "/images/x", ["x-image-meta-name": "new", "x-image-meta-property-a": "1"], body: "data")

        #expect(answer.image["name"] == "new")
        #expect(answer.image["properties"] == ["a": "1"])
        #expect(answer.image["status"] == "available")
    }

    @Test(arguments: [("name", ""), ("type", "disk"), ("size", "many"), ("version", "first"), ("property-", "v")])
    func `a bad field is 400 and changes nothing`(field: String, value: String) throws {
        try glance.queue("x")
        let before = try glance.send("HEAD", "/images/x").metadata

        let answer = try glance.send(
            "PUT", "/images/x", ["x-image-meta-\(field)": value, "x-image-meta-is_public": "true"])

        #expect(answer.status == 400)
        #expect(try glance.send("HEAD", "/images/x").metadata == before)
    }

    @Test(arguments: ["status", "owner", "uri", "created_at", "deleted_at", "location"])
    func `what clients cannot set changes nothing`(field: String) throws {
        try glance.queue("x")
        let before = try glance.send("HEAD", "/images/x").metadata

        let answer = try glance.send("PUT", "/images/x", ["x-image-meta-\(field)": "available"])

        #expect(answer.status == 200)
        #expect(try glance.send("HEAD", "/images/x").metadata == before)
    }

    @Test func `updated_at never goes backwards`() throws {
        try glance.queue("x")
        glance.clock.move(seconds: -3600)

        let answer = try glance.send("PUT", "/images/x", ["x-image-meta-name": "new"])

        #expect(answer.image["updated_at"] == "2010-02-03 09:34:01")
    }

    @Test func `each change is a version, and a request that changes nothing is none`() throws {
        try glance.queue("x")

        #expect(try glance.send("PUT", "/images/x", ["x-image-meta-name": "a"]).image["version"] == 2)
        #expect(try glance.send("PUT", "/images/x", ["x-image-meta-name": "b"]).image["version"] == 3)
        #expect(try glance.send("PUT", "/images/x").image["version"] == 3)
        #expect(try glance.send("PUT", "/images/x", ["x-image-meta-name": "b"]).image["version"] == 3)
        #expect(try glance.send("PUT", "/images/x", body: "data").image["version"] == 4)
    }

    @Test(arguments: ["name", "property-city"])
    func `a text that is only written otherwise is a change`(field: String) throws {
        try glance.queue("x", ["x-image-meta-\(field)": "Z\u{FC}rich"])
        // Equal to Swift, and other bytes.
        let decomposed = "Zu\u{308}rich"

        let answer = try glance.send("PUT", "/images/x", ["x-image-meta-\(field)": decomposed])

        #expect(answer.image["version"] == 2)
        #expect(Array((try glance.send("HEAD", "/images/x").metadata[field] ?? "").utf8) == Array(decomposed.utf8))
    }

    @Test func `who has seen another version overwrites nothing`() throws {
        try glance.queue("x")
        _ = try glance.send("PUT", "/images/x", ["x-image-meta-name": "theirs"])

        let stale = try glance.send(
            "PUT", "/images/x", ["x-image-meta-name": "mine", "x-image-meta-version": "1"])
        let current = try glance.send(
            "PUT", "/images/x", ["x-image-meta-name": "mine", "x-image-meta-version": "2"])

        #expect(stale.status == 409)
        #expect(stale.text.contains("at version 2 now"))
        #expect(current.image["name"] == "mine")
        #expect(current.image["version"] == 3)
    }

    @Test func `who has seen another version deletes nothing`() throws {
        try glance.add("x", body: "data")
        _ = try glance.send("PUT", "/images/x", ["x-image-meta-name": "new"])

        let stale = try glance.send("DELETE", "/images/x", ["x-image-meta-version": "1"])
        let bad = try glance.send("DELETE", "/images/x", ["x-image-meta-version": "one"])

        #expect(stale.status == 409)
        #expect(bad.status == 400)
        #expect(try glance.status(of: "x") == .available)
        #expect(try glance.send("DELETE", "/images/x", ["x-image-meta-version": "2"]).status == 200)
    }

    @Test(arguments: ["PUT", "DELETE"]) func `If-Match of another tag is 412 and nothing is done`(method: String) throws
    {
        try glance.add("x", body: "data")
        let before = try glance.send("HEAD", "/images/x").metadata

        let answer = try glance.send(method, "/images/x", ["If-Match": "\"other\"", "x-image-meta-name": "new"])

        #expect(answer.status == 412)
        #expect(answer.text.contains("Nothing was done"))
        #expect(try glance.send("HEAD", "/images/x").metadata == before)
    }

    @Test(arguments: ["PUT", "DELETE"]) func `If-Match of the image's own tag goes on`(method: String) throws {
        try glance.add("x", body: "data")
        let tag = try #require(try glance.send("HEAD", "/images/x")["ETag"])

        #expect(try glance.send(method, "/images/x", ["If-Match": "\"a\", \(tag)"]).status == 200)
    }

    @Test(arguments: ["PUT", "DELETE"]) func `If-None-Match of the image's tag is 412`(method: String) throws {
        try glance.add("x", body: "data")

        #expect(try glance.send(method, "/images/x", ["If-None-Match": "*"]).status == 412)
        #expect(try glance.status(of: "x") == .available)
    }

    @Test func `If-Unmodified-Since before the image's time is 412`() throws {
        try glance.add("x", body: "data")

        let before = try glance.send(
            "PUT", "/images/x", ["If-Unmodified-Since": "Wed, 03 Feb 2010 09:34:00 GMT", "x-image-meta-name": "new"])
        let since = try glance.send(
            "PUT", "/images/x", ["If-Unmodified-Since": "Wed, 03 Feb 2010 09:34:01 GMT", "x-image-meta-name": "new"])

        #expect(before.status == 412)
        #expect(since.image["name"] == "new")
    }

    @Test(arguments: ["PUT", "DELETE"]) func `what is not there is 404`(method: String) throws {
        let answer = try glance.send(method, "/images/nobody", ["x-image-meta-name": "new"])

        #expect(answer.status == 404)
        #expect(answer.text.contains("nobody"))
    }
}
