import Testing

/// Header fields and queries in numbers and sizes that no honest client sends.
struct HostileHeaderTests {
    private let glance: Glance
    private let described = ["x-image-meta-name": "n", "x-image-meta-type": "raw"]

    init() throws {
        glance = try Glance()
    }

    private func properties(_ count: Int) -> [String: String] {
        Dictionary(uniqueKeysWithValues: (0..<count).map { ("x-image-meta-property-\($0)", "v") })
    }

    @Test func `10,000 properties are 400, by the bound of a request or of an image`() throws {
        for count in [500, 2000, 10_000] {
            var request = SCGIText("POST", "/images/", described.merging(properties(count)) { $1 })
            request["HTTP_HOST"] = "x"

            let answer = try glance.exchange(request.bytes, isAll: true)

            #expect(answer.status == 400)
        }
        #expect(try glance.send("GET", "/images/?is_public=none").ids == [])
    }

    @Test(arguments: [(7500, 200), (8192, 400), (100_000, 400)])
    func `one property has the room that all have`(count: Int, status: Int) throws {
        let long = ["x-image-meta-property-a": String(repeating: "x", count: count)]

        let answer = try glance.send("POST", "/images/", described.merging(long) { $1 })

        #expect(answer.status == status)
    }

    @Test func `many names that fold together are 400 and not the last of them`() throws {
        let folding = Dictionary(
            uniqueKeysWithValues: ["a.b", "a!b", "a~b", "A+b", "a*B"].map { ("x-image-meta-property-\($0)", $0) })

        #expect(try glance.send("POST", "/images/", described.merging(folding) { $1 }).status == 400)
    }

    @Test func `each of 32 KB of property filters costs a client his answer and nobody else`() throws {
        let filters = (0..<2000).map { "property-\($0)=" }.joined(separator: "&")

        #expect(try glance.send("GET", "/images/?\(filters)").status == 400)
        let most = (0..<32).map { "property-\($0)=" }.joined(separator: "&")
        #expect(try glance.send("GET", "/images/?\(most)").ids == [])
    }

    @Test(arguments: [
        "bytes=" + Array(repeating: "0-", count: 2000).joined(separator: ","),
        "bytes=" + String(repeating: "9", count: 30_000),
        "bytes=0-" + String(repeating: ",", count: 30_000), "bytes=9223372036854775807-9223372036854775807",
        "bytes=-9223372036854775807", "bytes=1-9223372036854775807", "bytes=--1", "bytes=0-0,-1,1-1",
    ])
    func `a range that is made to hurt is the whole, a part or 416`(range: String) throws {
        try glance.add("x", body: "0123456789")

        let answer = try glance.send("GET", "/images/x", ["If-Match": "*", "Range": range])

        #expect([200, 206, 416].contains(answer.status))
        #expect(answer.status == 416 || answer.body.count <= 10)
    }

    @Test(arguments: ["If-Match", "If-None-Match", "Accept", "If-Modified-Since", "If-Range"])
    func `30 KB of one condition are read once`(name: String) throws {
        try glance.add("x", body: "0123456789")

        for piece in ["\"a\", ", ",", " ", ";q=", "W/", "-:"] {
            let value = String(repeating: piece, count: 30_000 / piece.utf8.count)
            #expect([200, 304, 400, 412].contains(try glance.send("GET", "/images/x", [name: value]).status))
        }
    }
}
