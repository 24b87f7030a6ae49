import GlanceModel
import Testing

@testable import glance_api

/// An image that is marked as damaged, seen by clients.
@Suite struct DamageTests {
    private let glance: Glance
    private let id = "torn"

    init() throws {
        glance = try Glance()
        try glance.add(id, body: "data")
        let database = try #require(glance.images.registry as? any UpkeepRegistry)
        let record = try #require(try database.record(ImageID(id)!))
        try #require(try database.mark("its SHA-256 is another", record.image.id, at: #require(record.location)))
    }

    @Test(arguments: [[:], ["If-Match": "*"]])
    func `GET is 500 with a text that says so and gives nothing away`(headers: [String: String]) throws {
        let answer = try glance.send("GET", "/images/\(id)", headers)

        #expect(answer.status == 500)
        #expect(answer.text.contains("The data of the image \(id) are damaged"))
        #expect(!answer.text.contains("SHA-256"))
        #expect(answer["X-Accel-Redirect"] == nil)
    }

    @Test func `its metadata are right, and HEAD and lists show them`() throws {
        #expect(try glance.send("HEAD", "/images/\(id)").status == 200)
        #expect(try glance.send("GET", "/images/detail?is_public=none").text.contains("\"id\": \"\(id)\""))
    }

    @Test func `a client that has it already is told that it need not be sent`() throws {
        let etag = try #require(try glance.send("HEAD", "/images/\(id)")["ETag"])

        #expect(try glance.send("GET", "/images/\(id)", ["If-None-Match": etag]).status == 304)
    }

    @Test func `it can be deleted`() throws {
        #expect(try glance.send("DELETE", "/images/\(id)").status == 200)
        #expect(try glance.send("GET", "/images/\(id)").status == 404)
    }
}
