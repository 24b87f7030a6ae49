import Foundation
import Testing

/// Images in a real OpenStack Swift, through the whole service.
@Suite(.enabled(if: Site.withSwift != nil, "there is no OpenStack Swift here: its packages cannot be installed"))
struct SwiftTests {
    private let site: Site
    private let cluster: Cluster

    init() throws {
        site = try #require(try Site.withSwift?.get())
        cluster = try Cluster(of: site)
    }

    /// Segments of the site's Swift have so many bytes at the most.
    private static let segmentBytes = 5_000_000

    /// Where the registry says that an image's bytes are.
    private func location(of id: String) throws -> [String] {
        let registry = "\(site.directory)/data/registry.sqlite"
        let text = try run("sqlite3", [registry, "SELECT location FROM images WHERE id = '\(id)'"]).text
        return text.trimmingCharacters(in: .newlines).components(separatedBy: "/")
    }

    @Test func `the doctor asks Swift, and finds a key that is wrong`() throws {
        let secrets = "\(site.directory)/etc/wrong-credentials"
        let settings = try String(contentsOfFile: "\(site.directory)/etc/glance-api.conf", encoding: .utf8)
        let own = try #require(settings.firstMatch(of: /(?m)^swift_credentials_file = (.*)$/)).1
        let text = try String(contentsOfFile: String(own), encoding: .utf8)
        try text.replacing(/(?m)^(key|password) = .*$/) { "\($0.1) = wrong" }
            .write(toFile: secrets, atomically: true, encoding: .utf8)
        defer { unlink(secrets) }
        let nginx = ["--nginx", "\(site.directory)/etc/nginx/nginx.conf"]

        #expect(try glanceAPI(["doctor"] + nginx, of: site).text.contains("well     store swift: it answers"))
        let wrong = try glanceAPI(["doctor", "--swift-credentials-file", secrets] + nginx, of: site)

        #expect(wrong.status == 1)
        #expect(wrong.text.contains("PROBLEM  store swift: "), "\(wrong.text)")
    }

    @Test(arguments: [0, 1, 1000, segmentBytes])
    func `a small image is one object of its bytes`(count: Int) throws {
        let bytes = String(repeating: "glance", count: count / 6 + 1).prefix(count)

        let added = try site.add(String(bytes), ["x-image-meta-size": "\(count)"])
        let id = try #require(try added.json("image", "id") as? String)
        let place = try location(of: id)

        #expect(added.status == 200)
        #expect(try added.json("image", "store") as? String == "swift")
        let isSame = try site.curl("/images/\(id)").text == bytes
        #expect(isSame)
        #expect(place.count == 2)
        #expect(try cluster.curl("/\(place[0])/\(place[1])", ["-I"]).text.contains("Content-Length: \(count)\r\n"))
        #expect(try cluster.objects("glance_segments").allSatisfy { !$0.hasPrefix(place[1]) })
    }

    @Test func `a large image is a static large object, and ranges cross its borders`() throws {
        let count = 3 * Self.segmentBytes + 12_345
        let file = try SparseFile(bytes: count, tail: "the end")

        let added = try site.curl("/images", ["-X", "POST", "-T", file.path] + described)
        let id = try #require(try added.json("image", "id") as? String)
        let place = try location(of: id)

        #expect(place.count == 3)
        #expect(place.last == "4")
        #expect(
            try cluster.objects("glance_segments").filter { $0.hasPrefix(place[1]) }
                == (0..<4).map { "\(place[1])/0000000\($0)" })
        let manifest = try cluster.curl("/\(place[0])/\(place[1])", ["-I"]).text
        #expect(manifest.contains("X-Static-Large-Object: True"))
        #expect(manifest.contains("Content-Length: \(count)\r\n"))
        #expect(try site.curl("/images/\(id)").body.count == count)
        #expect(try site.curl("/images/\(id)", ["-r", "\(count - 7)-"]).text == "the end")
        for border in 1...3 {
            let segment = count / 4 + 1
            let range = try site.curl("/images/\(id)", ["-r", "\(border * segment - 5)-\(border * segment + 4)"])
            #expect(range.status == 206)
            #expect(range.body == Data(count: 10))
        }
    }

    @Test func `a delete leaves neither manifest nor segments`() throws {
        let file = try SparseFile(bytes: 2 * Self.segmentBytes)
        let added = try site.curl("/images", ["-X", "POST", "-T", file.path] + described)
        let id = try #require(try added.json("image", "id") as? String)
        let name = try location(of: id)[1]

        #expect(try site.send("DELETE", "/images/\(id)").status == 200)

        #expect(try cluster.objects("glance").allSatisfy { !$0.hasPrefix(name) })
        #expect(try cluster.objects("glance_segments").allSatisfy { !$0.hasPrefix(name) })
    }

    @Test func `what does not match its SHA-256 leaves nothing, whole or in segments`() throws {
        let wrong = String(repeating: "0", count: 64)
        let file = try SparseFile(bytes: 2 * Self.segmentBytes)
        let before = (try cluster.objects("glance"), try cluster.objects("glance_segments"))
        let name = "wrong-\(UUID().uuidString)"

        let small = try site.add("small", ["x-image-meta-name": name, "x-image-meta-sha256": wrong])
        let large = try site.curl(
            "/images", ["-X", "POST", "-T", file.path, "-H", "x-image-meta-sha256: \(wrong)"] + described)

        #expect((small.status, large.status) == (400, 400))
        let digests = try [Data("small".utf8), FileManager.default.contents(atPath: file.path)].map {
            String(try run("md5sum", [], input: $0 ?? Data()).text.prefix(32))
        }
        // Other tests add images of their own meanwhile.
        for object in Set(try cluster.objects("glance")).subtracting(before.0) {
            let head = try cluster.curl("/glance/\(object)", ["-I"]).text
            #expect(digests.allSatisfy { !head.contains($0) })
        }
    }

    /// The fields of an answer that two images with the same bytes have in common.
    private func comparable(_ answer: Answer) -> [String] {
        let own = [
            "date", "x-request-id", "last-modified", "x-image-meta-store", "x-image-meta-uri", "x-image-meta-id",
        ]
        let timed = ["x-image-meta-created_at", "x-image-meta-updated_at"]
        return answer.headers.filter { !(own + timed).contains($0.name) }.map { "\($0.name): \($0.value)" }.sorted()
    }

    @Test(arguments: [
        ["-I"], [], ["-r", "0-9"], ["-r", "90-"], ["-r", "-10"], ["-r", "100-"], ["-r", "5-2"], ["-r", "0-1,5-6"],
        ["-H", "If-None-Match: ETAG"], ["-H", "If-Match: ETAG"], ["-H", "If-Match: \"no\""], ["-H", "If-Match: *"],
        ["-H", "If-None-Match: *"], ["-I", "-H", "If-Match: \"no\""], ["-r", "0-9", "-H", "If-Range: ETAG"],
        ["-r", "0-9", "-H", "If-Range: \"no\""], ["-H", "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT"],
        ["-H", "If-Unmodified-Since: Sat, 01 Jan 2000 00:00:00 GMT"], ["-I", "-r", "0-9"],
    ])
    func `a client cannot tell the two stores apart`(request: [String]) throws {
        let bytes = (0..<100).map { "\($0 % 10)" }.joined()
        let answers = try ["file", "swift"].map { store in
            let added = try site.add(
                bytes,
                ["x-image-meta-store": store, "x-image-meta-is_public": "true", "x-image-meta-property-arch": "x86"])
            let id = try #require(try added.json("image", "id") as? String)
            let digest = try #require(try added.json("image", "sha256") as? String)
            return try site.curl("/images/\(id)", request.map { $0.replacing("ETAG", with: "\"\(digest)\"") })
        }

        #expect(answers[0].status == answers[1].status)
        #expect(comparable(answers[0]) == comparable(answers[1]))
        if answers[0].status < 300, !request.contains("-I") { #expect(answers[0].body == answers[1].body) }
    }

    /// Of which the last is larger than the largest object of this Swift: `deploy/test --all` has the time for it.
    private static let largeSizes: [Int] = {
        var volume = statvfs()
        let directory = (try? Site.newDirectory()).map { URL(filePath: $0).deletingLastPathComponent().path } ?? "/"
        let hasRoom = statvfs(directory, &volume) == 0 && volume.f_bavail * volume.f_frsize > 10 << 30
        let isForAll = ProcessInfo.processInfo.environment["GLANCE_TEST_ALL"] != nil
        return [3 << 30 + 4321] + (isForAll && hasRoom ? [6 << 30 + 4321] : [])
    }()

    @Test(arguments: largeSizes)
    func `an image of several gigabytes goes in and comes out in segments`(count: Int) throws {
        let file = try SparseFile(bytes: count, tail: "the end")
        let site = try Site(["--store", "swift", "--set", "swift_segment_bytes=\(256 << 20)"])

        let added = try site.curl("/images", ["-X", "POST", "-T", file.path] + described)
        let id = try #require(try added.json("image", "id") as? String)
        let copied = try run("sh", ["-c", "curl -sS -f \"$0\" | sha256sum", "\(site.url)/images/\(id)"]).text.prefix(64)

        #expect(try added.json("image", "sha256") as? String == String(copied))
        #expect(try added.json("image", "size") as? String == "\(count)")
        #expect(try site.curl("/images/\(id)", ["-r", "\(count - 7)-"]).text == "the end")
        #expect(try Cluster(of: site).objects("glance_segments").count == count >> 28 + 1)
    }

    @Test func `an image whose store is no longer offered is described, and its data are 503`() throws {
        let site = try Site(["--store", "swift"])
        let id = try #require(try site.add("data").json("image", "id") as? String)
        let path = "\(site.directory)/etc/glance-api.conf"
        let settings = try String(contentsOfFile: path, encoding: .utf8)
        try settings.replacing("stores = file swift", with: "stores = file")
            .replacing("default_store = swift", with: "default_store = file")
            .write(toFile: path, atomically: true, encoding: .utf8)

        try site.reload()

        let refused = try site.curl("/images/\(id)")
        #expect(refused.status == 503)
        #expect(refused.text.contains("swift"))
        #expect(refused["retry-after"] != nil)
        #expect(try site.send("HEAD", "/images/\(id)")["x-image-meta-store"] == "swift")
        #expect(try site.add("data", ["x-image-meta-store": "swift"]).status == 400)
        #expect(try site.add("data").json("image", "store") as? String == "file")
    }

    private let described = ["-H", "x-image-meta-name: Big", "-H", "x-image-meta-type: raw"]
}
