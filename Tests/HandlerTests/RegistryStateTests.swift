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

    @Test func `answers to another Glance say it, and it is the same until something changes`() throws {
        let first = try #require(try state("/images/a"))

        #expect(try state("/images/detail") == first)
        #expect(try state("/images/?limit=0") == first)
        _ = try glance.send("PUT", "/images/a", ["x-image-meta-name": "new"])
        #expect(try state("/images/a") != first)
    }

    @Test func `who is no admin is not told`() throws {
        let shared = try Glance(["stores": "", "identity": "nginx"])
        let asks = asks
        func state(isAdmin: Bool) throws -> String? {
            let answer = try shared.send(
                "HEAD", "/images/", asks,
                gateway: [
                    "IDENTITY": "nginx", "IDENTITY_USER": "ann", "IDENTITY_ADMIN": isAdmin ? "1" : "0",
                    "IDENTITY_CHALLENGE": "Basic",
                ])
            #expect(answer.status == 200)
            return answer["x-glance-registry-state"]
        }

        #expect(try state(isAdmin: true) != nil)
        #expect(try state(isAdmin: false) == nil)
    }

    @Test(arguments: ["/images/a", "/images/detail", "/images/none"])
    func `nobody else is told`(path: String) throws {
        #expect(try glance.send("HEAD", path)["x-glance-registry-state"] == nil)
    }
}
