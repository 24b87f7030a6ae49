import Bytes
import GlanceAPI
import GlanceModel
import GlanceWire
import HTTP
import Synchronization
import Testing

/// What an error looks like, and what every answer carries.
struct ErrorTests {
    @Test(arguments: [
        nil, "*/*", "text/html", "text/plain", "text/plain, application/json", "application/json;q=0.2, text/plain",
        "application/json;q=0", "application/jsonx",
    ])
    func `an error is a line of text`(accept: String?) throws {
        let answer = try Glance().send("GET", "/images/nobody", accept.map { ["Accept": $0] } ?? [:])

        #expect(answer["Content-Type"] == "text/plain; charset=utf-8")
        #expect(answer.text == "There is no image “nobody”: GET /images/ lists those that there are.\n")
    }

    @Test(arguments: [
        "application/json", "Application/JSON", "text/html, application/json", "application/json, text/plain;q=0.9",
        "text/plain;q=0.1, application/json;q=0.5", "*/*;q=0.1, application/json",
    ])
    func `an error is JSON where Accept prefers it`(accept: String) throws {
        let answer = try Glance().send("GET", "/images/nobody", ["Accept": accept])

        #expect(answer["Content-Type"] == "application/json")
        #expect(
            answer.json == [
                "error": [
                    "code": 404, "title": "Not Found",
                    "message": "There is no image “nobody”: GET /images/ lists those that there are.",
                    "request_id": .string(try #require(answer["X-Request-Id"])),
                ]
            ])
    }

    /// Each request with the status that it gets.
    private static let requests: [(method: String, uri: String, headers: [String: String], status: Int)] = [
        ("GET", "/", [:], 200),
        ("GET", "/images/x", [:], 200),
        ("GET", "/images/x", ["If-Match": "*"], 200),
        ("GET", "/images/x", ["If-Match": "*", "Range": "bytes=1-2"], 206),
        ("GET", "/images/x", ["If-None-Match": "*"], 304),
        ("GET", "/images/?limit=x", [:], 400),
        ("GET", "/images/nobody", [:], 404),
        ("GET", "/nothing", [:], 404),
        ("PATCH", "/images/x", [:], 405),
        ("PUT", "/images/x", ["x-image-meta-id": "y"], 409),
        ("GET", "/images/x", ["If-Match": "\"other\""], 412),
        ("POST", "/images/", ["Content-Type": "multipart/form-data"], 415),
        ("GET", "/images/x", ["Range": "bytes=9-"], 416),
        ("DELETE", "/images/x", [:], 200),
    ]

    @Test(arguments: ["text/plain", "application/json"]) func `every answer names its request and forbids sniffing`(
        accept: String
    ) throws {
        let glance = try Glance()
        try glance.add("x", body: "data")

        for request in Self.requests {
            let answer = try glance.send(
                request.method, request.uri, request.headers.merging(["Accept": accept]) { $1 },
                requestID: "0123")

            #expect(answer.status == request.status)
            #expect(answer.headers.all("X-Request-Id").map(\.value) == ["0123"])
            #expect(answer.headers.all("X-Content-Type-Options").map(\.value) == ["nosniff"])
        }
    }

    @Test func `a service that is read only reads, and nothing else`() throws {
        let glance = try Glance(["read_only": "true"])
        _ = try glance.images.registry.reserve(
            NewImage(
                ImageDraft(id: ImageID("x"), name: ImageName("x")!, type: .raw, isPublic: true), store: .file,
                owner: "",
                createdAt: Timestamp(seconds: 1)), lease: nil, within: nil)

        for (method, uri) in [("POST", "/images"), ("PUT", "/images/x"), ("DELETE", "/images/x")] {
            let answer = try glance.send(
                method, uri, ["x-image-meta-name": "y", "x-image-meta-type": "raw"])

            #expect(answer.status == 503)
            #expect(answer.headers.all("Retry-After").count == 1)
            #expect(answer.text.contains("operator"))
        }
        #expect(try glance.send("HEAD", "/images/x").headers.all("x-image-meta-name").map(\.value) == ["x"])
        #expect(try glance.send("GET", "/images/").text.contains("\"x\""))
    }

    @Test(arguments: [Self.oddText, String(repeating: "a", count: 300)])
    func `what a client wrote comes back short and tame`(text: String) throws {
        let answer = try Glance().send("GET", "/images/?sort_key=\(text)", ["Accept": "application/json"])

        let message = answer.json["error"]["message"].text
        #expect(answer.status == 400)
        #expect(message.unicodeScalars.count < 250)
        #expect(message.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F })
    }

    private static let oddText = "%1B%5B2J%0D%0ASet-Cookie:%20a%00%22%7F"

    @Test func `what nobody foresaw is 500, reported once with its request, and says nothing`() throws {
        let reports = Told<Report>()
        let images = try Glance().images
        let api = GlanceAPI(
            images: images, settings: GlanceAPI.Settings(),
            operators: OperatorRoutes(problems: { [] }, metrics: { "" }), authenticate: authenticateNobody(open: true),
            report: { reports.add($0) }, audit: { _ in })
        let request = Request(
            method: .post, target: RequestTarget("/images/"), headers: Headers(["Content-Type": "application/json"]),
            bodyLength: 9, body: BrokenSource(), id: "r7")

        let response = api.respond(to: request)

        guard case .bytes(let bytes) = response.body else { return #expect(Bool(false), "no body") }
        #expect(response.status == .internalServerError)
        #expect(!String(decoding: bytes, as: UTF8.self).contains("secret"))
        #expect(reports.all.map(\.requestID) == ["r7"])
        #expect(try #require(reports.all.first).reason.contains("/secret/path"))
    }

    @Test func `a registry that is locked is 503 after a while`() throws {
        let glance = try Glance(["registry_busy_seconds_max": "1"])
        try glance.queue("x")

        let answer = try glance.whileRegistryIsLocked {
            try glance.send("PUT", "/images/x", ["x-image-meta-name": "n"])
        }

        #expect(answer.status == 503)
        #expect(answer["Retry-After"] == "2")
        #expect(answer.text.contains("busy"))
        #expect(try glance.send("PUT", "/images/x", ["x-image-meta-name": "n"]).status == 200)
    }
}

/// A body that breaks in a way that nobody thought of.
private final class BrokenSource: ByteSource {
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        throw PosixError("read", "/secret/path", code: 5)
    }
}
