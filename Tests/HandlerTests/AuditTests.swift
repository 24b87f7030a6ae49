import GlanceAPI
import Testing

/// What an operator can read afterwards: who changed what, or tried to.
struct AuditTests {
    private let glance: Glance

    init() throws {
        glance = try Glance(["identity": "nginx"])
    }

    private static let fields = ["x-image-meta-name": "n", "x-image-meta-type": "raw"]

    private func send(
        _ user: String?, _ method: String, _ path: String, _ headers: [String: String] = [:], body: Body? = nil
    ) throws -> String? {
        _ = try glance.send(
            method, path, headers, body: body, gateway: .login(user), requestID: "r\(glance.audits.all.count)")
        return glance.audits.all.last.map {
            "\($0.requestID) \($0.role) \($0.action.rawValue) \($0.image) \($0.status.code)"
        }
    }

    @Test func `every change leaves a line, and every try`() throws {
        #expect(try send("ann", "POST", "/images", Self.fields) == "r0 user add 1 200")
        #expect(try send("ann", "PUT", "/images/1", body: "data") == "r1 user data 1 200")
        #expect(try send("root", "PUT", "/images/1", ["x-image-meta-name": "m"]) == "r2 admin update 1 200")
        #expect(try send("bob", "DELETE", "/images/1") == "r3 user delete 1 404")
        #expect(try send(nil, "DELETE", "/images/1") == "r4 nobody delete 1 401")
        #expect(try send("ann", "DELETE", "/images/1") == "r5 user delete 1 200")
        #expect(try send("ann", "PUT", "/images/1/") == "r6 user update 1 404")
        #expect(glance.audits.all.count == 7)
        #expect(
            glance.audits.all.map(\.identity) == [
                .user("ann"), .user("ann"), .admin("root"), .user("bob"), .anonymous, .user("ann"), .user("ann"),
            ])
    }

    @Test func `an id that was asked for stands in the line, whatever became of it`() throws {
        let chosen = Self.fields.merging(["x-image-meta-id": "mine"]) { $1 }
        let json: Body = "{\"image\": {\"id\": \"mine\", \"name\": \"n\", \"type\": \"raw\"}}"

        #expect(try send("ann", "POST", "/images", chosen) == "r0 user add mine 200")
        #expect(try send("ann", "POST", "/images", chosen) == "r1 user add mine 409")
        #expect(
            try send("ann", "POST", "/images", ["Content-Type": "application/json"], body: json)
                == "r2 user add mine 409")
        #expect(try send(nil, "POST", "/images", chosen, body: .unsent(1 << 20)) == "r3 nobody add mine 401")
        #expect(
            try send("ann", "PUT", "/images/mine", ["Content-Type": "application/json"], body: "{}")
                == "r4 user update mine 400")
    }

    @Test func `reading leaves no line`() throws {
        for (method, path) in [("GET", "/images/"), ("HEAD", "/images/1"), ("GET", "/images/1"), ("PUT", "/elsewhere")]
        {
            #expect(try send("ann", method, path) == nil)
        }
    }

    @Test func `who cannot be known is unknown`() throws {
        _ = try glance.send("DELETE", "/images/1")

        #expect(glance.audits.all.map(\.role) == ["unknown"])
        #expect(glance.audits.all.map(\.status.code) == [500])
    }

    @Test func `an id of a client's is short and tame in the line`() throws {
        let line = try send("ann", "DELETE", "/images/%0A%1B\(String(repeating: "x", count: 5000))")

        #expect(line == "r0 user delete ??\(String(repeating: "x", count: 62))… 404")
    }
}
