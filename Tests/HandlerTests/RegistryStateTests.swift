import Testing

/// What a Glance that keeps another one's records says of the state of its registry.
struct RegistryStateTests {
    private let glance: Glance
    private let asks = ["x-glance-registry-request": "1"]

    init() throws {
        glance = try Glance(["stores": ""])
        try glance.queue("a")
    }

    private func state(_ path: String) throws -> String? {
        try glance.send("HEAD", path, asks)["x-glance-registry-state"]
    }

    @Test func `every answer to another Glance says it, and it is the same until something changes`() throws {
        let first = try #require(try state("/images/a"))

        #expect(try state("/images/detail") == first)
        #expect(try state("/images/none") == first)
        _ = try glance.send("PUT", "/images/a", ["x-image-meta-name": "new"])
        #expect(try state("/images/a") != first)
    }

    @Test(arguments: ["/images/a", "/images/detail", "/images/none"])
    func `nobody else is told`(path: String) throws {
        #expect(try glance.send("HEAD", path)["x-glance-registry-state"] == nil)
    }
}
