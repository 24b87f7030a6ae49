import GlanceModel
import Testing

/// What stands between the gateway and the worker: blocks that are no request, and what clients try to smuggle in.
struct GatewayTests {
    private let glance: Glance

    init() throws {
        glance = try Glance()
    }

    private static func block(_ text: String) -> [UInt8] {
        SCGIText.netstring(Array(text.replacing("|", with: "\0").utf8))
    }

    @Test(arguments: [
        (Array("GET /images/ HTTP/1.1\r\n".utf8), "decimal length"),
        (Array("012:SCGI|1|,".utf8), "decimal length"),
        (Array("0:,".utf8), "decimal length"),
        (Array("-5:".utf8), "decimal length"),
        (Array(":".utf8), "decimal length"),
        (Array("163841:".utf8), "too long"),
        (Array("99999999999999999999:".utf8), "too long"),
        (Array("7:SCGI\u{0}1\u{0};".utf8), "comma"),
        (block("SCGI|1|BODY_LENGTH||odd|"), "even list"),
        (block("SCGI|1|BODY_LENGTH||unended|value"), "even list"),
        (block("SCGI|1|BODY_LENGTH|||nameless|"), "even list"),
        (block("REQUEST_METHOD|GET|BODY_LENGTH||"), "SCGI=1"),
        (block("SCGI|2|BODY_LENGTH||"), "SCGI=1"),
        (block("SCGI|1|REQUEST_METHOD|GET|"), "BODY_LENGTH"),
        (block("SCGI|1|BODY_LENGTH|ten|"), "BODY_LENGTH"),
        (block("SCGI|1|BODY_LENGTH|-1|"), "BODY_LENGTH"),
        (block("SCGI|1|BODY_LENGTH|99999999999999999999|"), "BODY_LENGTH"),
        (block("SCGI|1|BODY_LENGTH||REQUEST_METHOD|GET|REQUEST_METHOD|PUT|"), "REQUEST_METHOD came twice"),
        (block("SCGI|1|BODY_LENGTH||IDENTITY_ADMIN|1|IDENTITY_ADMIN||"), "IDENTITY_ADMIN came twice"),
        (block("SCGI|1|SCGI|1|BODY_LENGTH||"), "SCGI came twice"),
        (block("SCGI|1|BODY_LENGTH||" + String(repeating: "HTTP_A|b|", count: 511)), "too many"),
    ])
    func `a block that is no request is 400 and says why`(bytes: [UInt8], says: String) throws {
        let answer = try glance.exchange(bytes, isAll: false)

        #expect(answer.status == 400)
        #expect(answer.text.contains(says))
        #expect(try #require(answer["X-Request-Id"]).utf8.count == 32)
    }

    @Test(arguments: [(163_840, 200), (163_841, 400)]) func `a block has up to 160 KiB`(count: Int, status: Int) throws
    {
        var request = SCGIText("GET", "/images/")
        let rest = count - request.block.count - "HTTP_PAD||".utf8.count
        request.add("HTTP_PAD", String(repeating: "x", count: rest))

        #expect(try glance.exchange(request.bytes, isAll: false).status == status)
    }

    @Test(arguments: ["Request-Method", "Request-Uri", "Listener", "Identity-User", "Scgi", "Body-Length"])
    func `a header is a header, whatever its name`(name: String) throws {
        #expect(try glance.send("GET", "/images/", [name: "health"]).json == ["images": []])
    }

    @Test func `CONTENT_LENGTH decides nothing`() throws {
        let answer = try glance.send(
            "POST", "/images/", ["x-image-meta-name": "n", "x-image-meta-type": "raw"], body: "data",
            gateway: ["CONTENT_LENGTH": "2"])

        #expect(answer.image["size"] == "4")
    }

    @Test func `CONTENT_TYPE counts where the header is not passed on`() throws {
        let answer = try glance.send(
            "POST", "/images/", body: "{\"image\": {\"name\": \"n\", \"type\": \"raw\"}}",
            gateway: ["CONTENT_TYPE": "application/json"])

        #expect(answer.image["name"] == "n")
    }

    @Test func `whatever lies in a record, it cannot split an answer in two`() throws {
        let draft = ImageDraft(
            id: ImageID(recorded: "x"), name: ImageName(recorded: "n\r\nSet-Cookie: a=b\r\n\r\nbody"), type: .raw)
        _ = try glance.images.registry.reserve(
            NewImage(draft, store: .file, owner: "eve\nX-Evil: 1", createdAt: glance.clock.now), lease: nil, within: nil
        )

        let answer = try glance.send("HEAD", "/images/x")

        #expect(answer["Set-Cookie"] == nil)
        #expect(answer["X-Evil"] == nil)
        #expect(answer["x-image-meta-version"] == "1")
    }

    @Test func `a request that comes byte by byte is the same request`() throws {
        let bytes = SCGIText("POST", "/images/", ["x-image-meta-name": "n", "x-image-meta-type": "raw"], bodyLength: 4)

        let answer = try glance.exchange(bytes.bytes + Array("data".utf8), isAll: false, piece: 1)

        #expect(answer.image["size"] == "4")
    }
}
