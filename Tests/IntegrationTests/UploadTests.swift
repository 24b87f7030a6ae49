import Foundation
import Testing

@Suite struct UploadTests {
    @Test func `64 uploads at a time all succeed, and a list beside them does not wait for any`() throws {
        let site = try Site()
        let uploads = try (0..<64).map { try HeldRequest(uploadTo: site, id: "p\($0)", length: 3000, sent: 1500) }
        #expect(try eventually { try site.metric("glance_transfers_in_flight") == 64 })

        // All 64 stand still here: a list that waited for one of them would wait for ever.
        let list = try site.curl("/images/?is_public=none", ["--max-time", "20"])
        for upload in uploads { try upload.send(String(repeating: "y", count: 1500)) }
        let answers = uploads.map { $0.answer() }

        #expect(list.status == 200)
        #expect(answers.allSatisfy { $0.hasPrefix("HTTP/1.1 200 ") })
        #expect(try site.curl("/images/?is_public=none&limit=1000").ids().count == 64)
        #expect(try site.metric("glance_transfers_in_flight") == 0)
    }

    @Test func `uploads beyond transfers_max get 503 and are told when to come again`() throws {
        let site = try Site(["--workers", "1", "--set", "transfers_max=2"])
        let held = try (0..<2).map { try HeldRequest(uploadTo: site, id: "h\($0)", length: 10, sent: 5) }
        #expect(try eventually { try site.metric("glance_transfers_in_flight") == 2 })

        let refused = try site.add("third", ["x-image-meta-id": "third"])
        for upload in held { try upload.send("55555") }

        #expect(refused.status == 503)
        #expect(Int(refused["retry-after"] ?? "") != nil)
        #expect(held.allSatisfy { $0.answer().hasPrefix("HTTP/1.1 200 ") })
        #expect(try site.add("third", ["x-image-meta-id": "third"]).status == 200)
    }

    @Test func `of many POSTs of one id at the same moment exactly one gets it`() throws {
        let site = try Site.shared.get()
        let id = "race-\(UUID().uuidString)"
        let racers = try (0..<8).map { _ in try HeldRequest(uploadTo: site, id: id, length: 4, sent: 3) }

        for racer in racers { try racer.send("!") }
        let statuses = racers.map { $0.answer().split(separator: " ")[1] }

        #expect(statuses.count { $0 == "200" } == 1)
        #expect(statuses.count { $0 == "409" } == 7)
    }

    @Test(arguments: ["POST", "PUT"])
    func `a refusal reaches a client in the middle of sending 200 MB, 20 times of 20`(method: String) throws {
        let site = try Site.shared.get()
        let file = try SparseFile(bytes: 200 << 20)
        let id = "early-\(UUID().uuidString)"
        #expect(try site.add("x", ["x-image-meta-id": id]).status == 200)

        for _ in 0..<20 {
            let answer = try site.curl(
                method == "PUT" ? "/images/\(id)" : "/images",
                ["-X", method, "-T", file.path, "-H", "Expect:", "-H", "x-image-meta-id: \(id)"] + described)

            #expect(answer.status == 409)
            #expect(answer.text.contains(id))
        }
    }

    @Test func `a client that breaks off leaves nothing, and its id is free again`() throws {
        let site = try Site()
        let id = "gone"
        var held: HeldRequest? = try HeldRequest(uploadTo: site, id: id, length: 1_000_000, sent: 500_000)
        #expect(try eventually { try site.send("DELETE", "/images/\(id)").status == 409 })
        withExtendedLifetime(held) {}

        held = nil

        #expect(try eventually { try site.add("now", ["x-image-meta-id": id]).status == 200 })
        #expect(try site.storedFiles().count == 1)
    }

    @Test func `a wrong SHA-256 leaves nothing`() throws {
        let site = try Site.shared.get()
        let id = "sum-\(UUID().uuidString)"
        let wrong = String(repeating: "0", count: 64)

        let answer = try site.add("data", ["x-image-meta-id": id, "x-image-meta-sha256": wrong])

        #expect(answer.status == 400)
        #expect(answer.text.contains(wrong))
        #expect(try site.add("data", ["x-image-meta-id": id]).status == 200)
    }

    @Test func `an image above image_bytes_max is refused before it is read`() throws {
        let site = try Site(["--set", "image_bytes_max=1000"])

        let refused = try HeldRequest(uploadTo: site, length: 1001, sent: 0).answer()

        #expect(refused.hasPrefix("HTTP/1.1 413 "))
        #expect(refused.contains("1000 bytes"))
        #expect(try site.add(String(repeating: "x", count: 1000)).status == 200)
    }

    @Test(.enabled(if: Site.keepsFiles, "OpenStack Swift does not say how much is free"))
    func `an image that would fill the disk is refused before it is read`() throws {
        let site = try Site(["--set", "image_bytes_max=\(Int64.max)"])

        let refused = try HeldRequest(uploadTo: site, length: 1 << 60, sent: 0).answer()

        #expect(refused.hasPrefix("HTTP/1.1 507 "))
        #expect(try site.add("x").status == 200)
    }

    @Test(.enabled(if: freeBytes() > 10 << 30, "an image above 4 GiB needs 10 GiB free on the disk"))
    func `an image above 4 GiB keeps its size, and ranges reach far into it`() throws {
        let site = try Site.shared.get()
        let size = 4 << 30 + 12_345
        let file = try SparseFile(bytes: size, tail: "the end")

        let added = try site.curl("/images", ["-X", "POST", "-T", file.path] + described)
        let id = try #require(try added.json("image", "id") as? String)

        #expect(try added.json("image", "size") as? String == "\(size)")
        #expect(try site.send("HEAD", "/images/\(id)")["content-length"] == "\(size)")
        let range = try site.curl("/images/\(id)", ["-r", "\(size - 7)-"])
        #expect(range.status == 206)
        #expect(range.text == "the end")
        #expect(range["content-range"] == "bytes \(size - 7)-\(size - 1)/\(size)")
        #expect(try site.curl("/images/\(id)", ["-r", "4294967290-4294967305"]).body == Data(count: 16))
        #expect(try site.send("DELETE", "/images/\(id)").status == 200)
    }

    @Test func `a chunked body is taken, and bounded by chunked_bytes_max alone`() throws {
        let site = try Site(["--set", "chunked_bytes_max=1000"])
        let chunked = ["-X", "POST", "-T", "-"] + described

        let taken = try site.curl("/images", chunked, input: Data(count: 1000))
        let refused = try site.curl("/images", chunked, input: Data(count: 1001))

        #expect(try taken.json("image", "size") as? String == "1000")
        #expect(refused.status == 413)
        #expect(try site.add(String(repeating: "x", count: 5000)).status == 200)
    }

    @Test func `a body of HTTP/2 that says no length is bounded as a chunked one is`() throws {
        let site = try Site(["--set", "chunked_bytes_max=1000000"])
        try site.configureNginx("glance.conf") {
            $0.replacing("\(site.port) default_server", with: "\(site.port) http2 default_server")
        }
        try site.reloadNginx()
        let curl = ["--http2-prior-knowledge", "-sS", "\(site.url)/images", "-w", "\n%{http_code}"]
        let post = curl + ["-X", "POST", "-T", "-"] + described

        #expect(try run("curl", post, input: Data(count: 900_000)).text.hasSuffix("\n200"))
        let seen = try run("curl", post, input: Data(count: 1_100_000)).text

        // nginx ends the stream right behind its answer, and curl 7.88 at times sees the end alone.
        #expect(["413", "000"].contains(seen.suffix(3)))
        let log = "\(site.directory)/log/nginx-access.log"
        #expect(try eventually { try String(contentsOfFile: log, encoding: .utf8).contains(#""status":413,"#) })
        let listed = try run("curl", curl + ["-G", "-d", "is_public=none&size_min=900001"])
        #expect(listed.text.hasSuffix("\n200") && !listed.text.contains("uri"))
    }

    @Test func `64 times the same small image at once are 64 images`() throws {
        let site = try Site.shared.get()
        let name = "same-\(UUID().uuidString)"

        let output = try run(
            "curl",
            ["-sS", "--parallel", "--parallel-max", "64", "-X", "POST", "-H", "x-image-meta-name: \(name)"]
                + ["-H", "x-image-meta-type: raw", "--data-binary", "tiny"]
                + (0..<64).flatMap { _ in ["-o", "/dev/null", "-w", "%{http_code}\n", "\(site.url)/images"] })

        #expect(output.text.split(separator: "\n").filter { $0 == "200" }.count == 64)
        let ids = try site.curl("/images/?is_public=none&name=\(name)").ids()
        #expect(Set(ids).count == 64)
    }

    private let described = ["-H", "x-image-meta-name: Big", "-H", "x-image-meta-type: raw"]
}

/// A file of zeros that takes no room on the disk, with a text at its end.
final class SparseFile {
    let path = "\(NSTemporaryDirectory())/glance-sparse-\(UUID().uuidString)"

    init(bytes: Int, tail: String = "") throws {
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        let file = try #require(FileHandle(forWritingAtPath: path))
        try file.truncate(atOffset: UInt64(bytes))
        try file.seek(toOffset: UInt64(bytes - tail.utf8.count))
        try file.write(contentsOf: Data(tail.utf8))
    }

    deinit {
        unlink(path)
    }
}

private func freeBytes() -> Int64 {
    var status = statvfs()
    statvfs(ProcessInfo.processInfo.environment["GLANCE_TEST_DIRECTORY"] ?? "/tmp", &status)
    return Int64(status.f_bavail) * Int64(status.f_frsize)
}
