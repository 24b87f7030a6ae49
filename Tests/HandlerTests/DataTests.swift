import Foundation
import GlanceModel
import Testing

/// How the data of an image are answered: `0123456789`, added at 2010-02-03 09:34:01.
struct DataTests {
    private let glance: Glance
    private let tag = "\"84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882\""

    init() throws {
        glance = try Glance()
        try glance.add(
            "x", ["x-image-meta-is_public": "true", "x-image-meta-property-os": "größe"], body: "0123456789")
    }

    /// As the worker answers that sends the data itself.
    private func get(_ headers: [String: String]) throws -> Answer {
        try glance.send("GET", "/images/x", headers.merging(["If-Match": tag], uniquingKeysWith: { $1 }))
    }

    // MARK: Through the gateway

    @Test func `the gateway is told where the file is and what to say with it`() throws {
        let answer = try glance.send("GET", "/images/x")
        let file = try #require(glance.storedFiles.first)
        let names = Set(answer.headers.fields.map { $0.name.lowercased() })

        #expect(answer.status == 200)
        #expect(answer["X-Accel-Redirect"] == "/_glance/images/\(file)")
        #expect(answer["ETag"] == tag)
        #expect(answer["Last-Modified"] == "Wed, 03 Feb 2010 09:34:01 GMT")
        #expect(answer["Content-Type"] == "application/octet-stream")
        // nginx sends these itself, and would send them twice.
        #expect(names.isDisjoint(with: ["accept-ranges", "content-length", "x-image-meta-id"]))
        #expect(answer.body.isEmpty)
    }

    @Test func `the metadata travel in one header of ASCII JSON`() throws {
        let metadata = try glance.send("HEAD", "/images/x").metadata

        let text = try #require(try glance.send("GET", "/images/x")["X-Glance-Headers"])
        let json = try JSONDecoder().decode([String: String].self, from: Data(text.utf8))

        #expect(text.utf8.allSatisfy { (0x20...0x7E).contains($0) })
        #expect(json == Dictionary(uniqueKeysWithValues: metadata.map { ("x-image-meta-\($0.key)", $0.value) }))
        #expect(json["x-image-meta-property-os"] == "größe")
    }

    @Test(arguments: ["bytes=0-3", "bytes=-1", "bytes=0-3,5-6"])
    func `the gateway cuts ranges itself`(range: String) throws {
        let answer = try glance.send("GET", "/images/x", ["Range": range])

        #expect(answer.status == 200)
        #expect(answer["X-Accel-Redirect"] != nil)
        #expect(answer["Content-Range"] == nil)
    }

    @Test func `the stored file has the image's time`() throws {
        let file = try #require(glance.storedFiles.first)
        let attributes = try FileManager.default.attributesOfItem(atPath: "\(glance.directory)/images/\(file)")

        #expect(attributes[.modificationDate] as? Date == Date(timeIntervalSince1970: 1_265_189_641))
    }

    // MARK: Whole, in parts, or not at all

    @Test func `the worker sends the whole image with all its headers`() throws {
        let answer = try get([:])

        #expect(answer.status == 200)
        #expect(answer.text == "0123456789")
        #expect(answer["Content-Type"] == "application/octet-stream")
        #expect(answer["Content-Length"] == "10")
        #expect(answer["ETag"] == tag)
        #expect(answer["Accept-Ranges"] == "bytes")
        #expect(answer["Last-Modified"] == "Wed, 03 Feb 2010 09:34:01 GMT")
        #expect(answer["X-Accel-Redirect"] == nil)
        #expect(answer["X-Glance-Headers"] == nil)
        #expect(answer.metadata["property-os"] == "größe")
    }

    @Test(arguments: [
        ("bytes=0-3", "0123", "bytes 0-3/10"),
        ("bytes=4-", "456789", "bytes 4-9/10"),
        ("bytes=-3", "789", "bytes 7-9/10"),
        ("bytes=-100", "0123456789", "bytes 0-9/10"),
        ("bytes=9-9", "9", "bytes 9-9/10"),
        ("bytes=8-100", "89", "bytes 8-9/10"),
        ("Bytes=0-0", "0", "bytes 0-0/10"),
    ])
    func `one range is 206`(range: String, data: String, contentRange: String) throws {
        let answer = try get(["Range": range])

        #expect(answer.status == 206)
        #expect(answer.text == data)
        #expect(answer["Content-Range"] == contentRange)
        #expect(answer["Content-Length"] == String(data.utf8.count))
        // nginx leaves it out of a part, and both have to answer alike.
        #expect(answer["Accept-Ranges"] == nil)
        #expect(answer["x-image-meta-size"] == "10")
    }

    @Test(arguments: ["bytes=0-1,3-4", "bytes=0-0,-1", "lines=1-2", "bytes=", "bytes"])
    func `several ranges, or of something else, are the whole`(range: String) throws {
        let answer = try get(["Range": range])

        #expect(answer.status == 200)
        #expect(answer.text == "0123456789")
    }

    @Test(arguments: ["bytes=10-", "bytes=99-100", "bytes=5-3", "bytes=-0", "bytes=a-b", "bytes=-", "bytes=1"])
    func `a range of nothing, or no range, is 416`(range: String) throws {
        for headers in [["Range": range], ["Range": range, "If-Match": tag]] {
            let answer = try glance.send("GET", "/images/x", headers)

            #expect(answer.status == 416)
            #expect(answer["Content-Range"] == "bytes */10")
            #expect(answer.text.contains("10 bytes"))
        }
    }

    @Test(arguments: ["bytes=0-3", "bytes=99-"]) func `HEAD ignores a range`(range: String) throws {
        let answer = try glance.send("HEAD", "/images/x", ["Range": range])

        #expect(answer.status == 200)
        #expect(answer["Content-Length"] == "10")
        #expect(answer["Content-Range"] == nil)
        #expect(answer["Accept-Ranges"] == "bytes")
    }

    @Test(arguments: ["bytes=0-0", "bytes=0-", "bytes=-1"]) func `a range of an empty image is 200`(range: String)
        throws
    {
        try glance.add("empty", ["x-image-meta-size": "0"], body: .whole([]))

        let answer = try glance.send("GET", "/images/empty", ["Range": range, "If-Match": "*"])

        #expect(answer.status == 200)
        #expect(answer["Content-Length"] == "0")
    }

    // MARK: Conditions

    @Test(
        arguments: ["GET", "HEAD"],
        [
            ["If-None-Match": "TAG"], ["If-None-Match": "W/TAG"], ["If-None-Match": "\"a\", TAG"],
            ["If-None-Match": "*"],
            ["If-Modified-Since": "Wed, 03 Feb 2010 09:34:01 GMT"],
            ["If-Modified-Since": "Thu, 04 Feb 2010 00:00:00 GMT"],
            ["If-None-Match": "TAG", "Range": "bytes=0-3"],
            ["If-None-Match": "TAG", "If-Modified-Since": "Mon, 01 Feb 2010 00:00:00 GMT"],
        ])
    func `what the client has already is 304`(method: String, headers: [String: String]) throws {
        let answer = try glance.send(method, "/images/x", headers.mapValues { $0.replacing("TAG", with: tag) })

        #expect(answer.status == 304)
        #expect(answer["ETag"] == tag)
        #expect(answer["Last-Modified"] == "Wed, 03 Feb 2010 09:34:01 GMT")
        #expect(answer["X-Accel-Redirect"] == nil)
    }

    @Test(
        arguments: ["GET", "HEAD"],
        [
            ["If-None-Match": "\"other\""], ["If-Modified-Since": "Wed, 03 Feb 2010 09:34:00 GMT"],
            ["If-Modified-Since": "yesterday"], ["If-Match": "TAG"], ["If-Match": "*"],
            ["If-Unmodified-Since": "Wed, 03 Feb 2010 09:34:01 GMT"],
            ["If-None-Match": "\"other\"", "If-Modified-Since": "Thu, 04 Feb 2010 00:00:00 GMT"],
            ["If-Match": "TAG", "If-Unmodified-Since": "Mon, 01 Feb 2010 00:00:00 GMT"],
        ])
    func `a condition that holds is 200`(method: String, headers: [String: String]) throws {
        let answer = try glance.send(method, "/images/x", headers.mapValues { $0.replacing("TAG", with: tag) })

        #expect(answer.status == 200)
    }

    @Test(
        arguments: ["GET", "HEAD"],
        [
            ["If-Match": "\"other\""], ["If-Match": "W/TAG"], ["If-Unmodified-Since": "Wed, 03 Feb 2010 09:34:00 GMT"],
            ["If-Match": "\"other\"", "If-None-Match": "TAG"],
        ])
    func `a condition that does not hold is 412`(method: String, headers: [String: String]) throws {
        let answer = try glance.send(method, "/images/x", headers.mapValues { $0.replacing("TAG", with: tag) })

        #expect(answer.status == 412)
        #expect(answer["X-Accel-Redirect"] == nil)
    }

    @Test func `a queued image has no tag that If-Match could name`() throws {
        try glance.queue("q")

        let answer = try glance.send("HEAD", "/images/q", ["If-Match": "\"other\""])

        #expect(answer.status == 412)
    }

    @Test(arguments: [
        ("TAG", 206), ("Wed, 03 Feb 2010 09:34:01 GMT", 206), ("\"other\"", 200), ("W/TAG", 200),
        ("Wed, 03 Feb 2010 09:34:00 GMT", 200), ("Thu, 04 Feb 2010 00:00:00 GMT", 200), ("nonsense", 200),
    ])
    func `If-Range decides whether there is a range`(condition: String, status: Int) throws {
        let answer = try get(["Range": "bytes=0-3", "If-Range": condition.replacing("TAG", with: tag)])

        #expect(answer.status == status)
        #expect(answer.text == (status == 206 ? "0123" : "0123456789"))
    }

    // MARK: Caches

    @Test(arguments: [[:], ["If-Match": "*"], ["If-None-Match": "*"], ["Range": "bytes=0-1", "If-Match": "*"]])
    func `a private image is not for caches`(headers: [String: String]) throws {
        try glance.add("private", body: "data")

        for method in ["GET", "HEAD"] {
            let mine = try glance.send(method, "/images/private", headers)
            let everybodys = try glance.send(method, "/images/x", headers)

            #expect(mine["Cache-Control"] == "private, no-store")
            #expect(everybodys["Cache-Control"] == nil)
        }
    }

    // MARK: What can go wrong

    @Test func `data that are missing from the store are 503 and say no path`() throws {
        let file = try #require(glance.storedFiles.first)
        try FileManager.default.removeItem(atPath: "\(glance.directory)/images/\(file)")

        let answer = try get([:])

        #expect(answer.status == 503)
        #expect(answer["Retry-After"] == "10")
        #expect(!answer.text.contains(glance.directory))
        #expect(!answer.text.contains(file))
    }

    @Test func `a download through the worker takes a transfer, and metadata do not`() throws {
        let glance = try Glance(["transfers_max": "1"])
        try glance.add("x", body: "data")
        let slot = try glance.images.transfers.take()

        let streamed = try glance.send("GET", "/images/x", ["If-Match": "*"])
        let passed = try glance.send("GET", "/images/x")

        withExtendedLifetime(slot) {
            #expect(streamed.status == 503)
            #expect(streamed["Retry-After"] == "2")
            #expect(passed.status == 200)
        }
    }
}
