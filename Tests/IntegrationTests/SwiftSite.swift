import Foundation
import Testing

/// A Glance with an OpenStack Swift of its own, and an interposer between the two.
final class SwiftSite: Sendable {
    static let shared = Result { try SwiftSite() }

    /// Small enough that an image of a few megabytes is several objects.
    static let segmentBytes = 1_000_000

    let site: Site
    let swift: Interposer
    private let proxyPort: Int

    private init() throws {
        site = try Site(
            [
                "--store", "swift", "--workers", "1", "--set", "swift_segment_bytes=\(Self.segmentBytes)",
                "--set", "lease_seconds=3", "--set", "client_idle_seconds_max=1", "--set", "janitor_seconds=1",
            ]
        ).leftToTheEnd()
        let options = try String(contentsOfFile: "\(site.directory)/options", encoding: .utf8)
        proxyPort = try #require(options.firstMatch(of: /inner_port swift-proxy=(\d+)/).flatMap { Int($0.1) })
        swift = try Interposer(before: proxyPort)
        let (there, here) = ("127.0.0.1:\(proxyPort)/", "127.0.0.1:\(swift.port)/")
        _ = try edit("glance-api.conf") { $0.replacing(there, with: here) }
        _ = try edit("swift/proxy-server.conf", Self.impatient)
        try restart("swift-proxy")
        try tell("stop", "glance-api")
        try start("glance-api")
    }

    /// A proxy that waits for two seconds where it would for ten, and gives a server that failed another chance after one
    /// where it would after sixty.
    private static func impatient(_ settings: String) -> String {
        settings
            .replacing("#proxy\n", with: "#proxy\nnode_timeout = 2\nerror_suppression_interval = 1\n")
            .replacing("#memcache\n", with: "#memcache\nerror_suppression_interval = 1\n")
    }

    // MARK: Its parts

    func start(_ service: String) throws { try tell("start", service) }

    func restart(_ service: String) throws {
        try kill(service)
        try start(service)
    }

    private func tell(_ verb: String, _ service: String) throws {
        let output = try run("\(Site.project)/deploy/lib/service", [site.directory, verb, service])
        try #require(output.status == 0, "\(verb) \(service): \(output.errors)")
    }

    /// Brings back what a test that failed has left dead or standing still.
    func heal() throws {
        for service in ["memcached", "swift-object", "swift-proxy", "glance-api"] {
            if commandLine(of: try site.processID(of: service)).isEmpty { try start(service) }
        }
        for service in ["swift-object", "swift-proxy"] { try signal(service, SIGCONT) }
        swift.clear()
    }

    /// Ends it at once, and returns when it is gone.
    func kill(_ service: String) throws {
        try Self.kill(site.processID(of: service))
    }

    /// Another worker comes by itself.
    func killWorker() throws {
        try Self.kill(#require(try site.workers().first))
    }

    private static func kill(_ process: pid_t) throws {
        Glibc.kill(process, SIGKILL)
        try #require(eventually { commandLine(of: process).isEmpty })
    }

    func signal(_ service: String, _ signal: Int32) throws {
        Glibc.kill(try site.processID(of: service), signal)
    }

    /// Changes a file of settings and gives what undoes it.
    func edit(_ name: String, _ change: (String) throws -> String) throws -> () throws -> Void {
        let path = "\(site.directory)/etc/\(name)"
        let old = try String(contentsOfFile: path, encoding: .utf8)
        let new = try change(old)
        try #require(new != old, "nothing changed in \(name)")
        try new.write(toFile: path, atomically: false, encoding: .utf8)
        return { try old.write(toFile: path, atomically: false, encoding: .utf8) }
    }

    /// What the service has said since `length`.
    func log(since length: Int) throws -> String { String(try site.log().dropFirst(length)) }

    // MARK: What is in it

    /// A request to OpenStack Swift itself, by nobody's way but its own.
    func ask(_ method: String, _ path: String, _ fields: [String] = []) throws -> (status: Int, text: String) {
        let key = try #require(
            try String(contentsOfFile: "\(site.directory)/etc/swift-credentials", encoding: .utf8)
                .firstMatch(of: /key = (\w+)/)?.1)
        let proxy = "http://127.0.0.1:\(proxyPort)"
        let login = try run(
            "curl", ["-sSi", "-H", "X-Auth-User: glance:glance", "-H", "X-Auth-Key: \(key)", "\(proxy)/auth/v1.0"])
        let token = login.text.firstMatch(of: /X-Auth-Token: (\w+)/)?.1 ?? "none"
        let output = try run(
            "curl",
            ["-sS", "-X", method, "-H", "X-Auth-Token: \(token)", "-w", "\n%{http_code}"]
                + fields.flatMap { ["-H", $0] } + ["\(proxy)/v1/AUTH_glance/\(path)"])
        let end = output.text.lastIndex(of: "\n") ?? output.text.startIndex
        return (Int(output.text[end...].dropFirst()) ?? 0, String(output.text[..<end]))
    }

    /// Every object, as `container/name`.
    func objects() throws -> [String] {
        try ["glance", "glance_segments"].flatMap { container in
            let listing = try ask("GET", "\(container)?limit=10000")
            try #require([200, 204, 404].contains(listing.status), "\(container): \(listing)")
            return listing.status == 404 ? [] : listing.text.split(separator: "\n").map { "\(container)/\($0)" }
        }.sorted()
    }

    /// The rows of a query of the registry, and the columns of each.
    func rows(_ query: String) throws -> [[String]] {
        let output = try run("sqlite3", ["-cmd", ".timeout 5000", "\(site.directory)/data/registry.sqlite", query])
        try #require(output.status == 0, "\(output.errors)")
        return output.text.split(separator: "\n").map {
            $0.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
        }
    }

    func location(of id: String) throws -> String {
        try rows("SELECT location FROM images WHERE id = '\(id)'")[0][0]
    }

    /// The objects that the locations in the registry are made of.
    private func namedObjects() throws -> [String] {
        try rows("SELECT location FROM images WHERE status = 'available' AND store = 'swift'").flatMap { row in
            let parts = row[0].split(separator: "/")
            let segments = parts.count == 3 ? Int(parts[2]) ?? 0 : 0
            return ["\(parts[0])/\(parts[1])"]
                + (0..<segments).map { "\(parts[0])_segments/\(parts[1])/" + String(format: "%08d", $0) }
        }.sorted()
    }

    // MARK: Images

    /// Adds the bytes of `file`; the answer is what curl saw of it.
    func add(_ file: ImageFile, id: String? = nil, store: String = "swift") throws -> Answer {
        let fields = ["name: An image", "type: raw", "store: \(store)"] + (id.map { ["id: \($0)"] } ?? [])
        return try site.curl(
            "/images", ["-X", "POST", "-T", file.path] + fields.flatMap { ["-H", "x-image-meta-\($0)"] })
    }

    /// Adds an image that has to succeed, and gives its id.
    func added(_ file: ImageFile) throws -> String {
        let answer = try add(file)
        try #require(answer.status == 200, "\(answer.text)")
        return try #require(try answer.json("image", "id") as? String)
    }

    /// What holds after every fault: an image that is there is whole, and what no image is made of is nowhere. Removes
    /// all images.
    func expectWhole(sourceLocation: SourceLocation = #_sourceLocation) throws {
        #expect(swift.clear() == [], sourceLocation: sourceLocation)
        let unsettled = """
            SELECT id FROM images WHERE status = 'saving' UNION ALL SELECT location FROM doomed_bytes
            """
        #expect(try eventually { try rows(unsettled).isEmpty }, sourceLocation: sourceLocation)

        let images = try rows("SELECT id, sha256 FROM images WHERE status = 'available'")
        for image in images {
            let answer = try eventualAnswer { try site.curl("/images/\(image[0])") }
            #expect(try answer["x-image-meta-sha256"] == sha256(answer.body), sourceLocation: sourceLocation)
        }
        #expect(try objects() == namedObjects(), sourceLocation: sourceLocation)

        for image in images {
            #expect(try site.send("DELETE", "/images/\(image[0])").status == 200, sourceLocation: sourceLocation)
        }
        #expect(try eventually { try objects().isEmpty }, sourceLocation: sourceLocation)
    }

    /// The first answer that is no refusal: each worker takes a failed login for granted for two seconds.
    func eventualAnswer(
        sourceLocation: SourceLocation = #_sourceLocation, _ ask: () throws -> Answer
    ) throws -> Answer {
        var answer = try ask()
        let succeeded = try eventually {
            if answer.status == 503 { answer = try ask() }
            return answer.status != 503
        }
        #expect(succeeded && answer.status == 200, "\(answer.text)", sourceLocation: sourceLocation)
        return answer
    }

    private func sha256(_ bytes: Data) throws -> String {
        String(try run("sha256sum", ["-"], input: bytes).text.prefix(64))
    }
}

/// A file in which no two places look alike.
final class ImageFile: Sendable, CustomTestStringConvertible {
    /// One object, and three.
    static let small = Result { try ImageFile(bytes: 900_000) }
    static let large = Result { try ImageFile(bytes: 2_500_000) }

    let path = "\(NSTemporaryDirectory())/glance-image-\(UUID().uuidString)"
    let count: Int

    init(bytes: Int) throws {
        count = bytes
        try run("sh", ["-c", "seq 1000000 9999999 | head -c \(bytes) > \(path)"])
    }

    deinit { unlink(path) }

    var testDescription: String { "\(count) bytes" }

    func bytes(_ range: Range<Int>? = nil) throws -> Data {
        let all = try #require(FileManager.default.contents(atPath: path))
        return range.map { all[$0] } ?? all
    }

    /// The request that brings the byte at `percent` of the image to OpenStack Swift, and its place in that request.
    func place(percent: Int) -> (kind: Interposer.Kind, byte: Int) {
        let byte = count * percent / 100
        guard count > SwiftSite.segmentBytes else { return (.object("PUT"), byte) }
        let segments = (count + SwiftSite.segmentBytes - 1) / SwiftSite.segmentBytes
        let segmentBytes = (count + segments - 1) / segments
        return (.segment("PUT", byte / segmentBytes), byte % segmentBytes)
    }
}
