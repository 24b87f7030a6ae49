import Foundation
import Synchronization
import Testing

/// What an operator does beside a service that runs: compare, scrub, back up, restore.
@Suite(.enabled(if: Site.keepsFiles, "files are damaged here, and linked")) struct UpkeepTests {
    private static let quick = ["--set", "janitor_seconds=1"]

    private func glanceAPI(_ arguments: [String], of site: Site) throws -> Output {
        try run(Service.program, arguments + ["--config", "\(site.directory)/etc/glance-api.conf"])
    }

    /// The file of the image that has these bytes.
    private func file(of bytes: String, in site: Site) throws -> String {
        let files = try site.storedFiles().map { "\(site.directory)/data/images/\($0)" }
        return try #require(try files.first { try String(contentsOfFile: $0, encoding: .utf8) == bytes })
    }

    @Test func `fsck beside a running service finds what is wrong, and changes what it is told to`() throws {
        let site = try Site(Self.quick + ["--set", "lease_seconds=3", "--set", "client_idle_seconds_max=1"])
        for id in ["whole", "rotten", "gone"] {
            #expect(try site.add("bytes of \(id)", ["x-image-meta-id": id]).status == 200)
        }
        #expect(try glanceAPI(["fsck", "--verify"], of: site).status == 0)
        try "bytes of r0tten".write(toFile: file(of: "bytes of rotten", in: site), atomically: false, encoding: .utf8)
        unlink(try file(of: "bytes of gone", in: site))
        let orphan = "\(site.directory)/data/images/ab/cd/abcd0123"
        try FileManager.default.createDirectory(
            atPath: "\(site.directory)/data/images/ab/cd", withIntermediateDirectories: true)
        try "orphan".write(toFile: orphan, atomically: false, encoding: .utf8)

        let plain = try glanceAPI(["fsck"], of: site)
        #expect(plain.status == 1)
        #expect(plain.text.contains("image gone at "))
        #expect(!plain.text.contains("image rotten"), "what is only read shows only when it is read")

        // The orphan has to be older than a lease before anybody may call it one.
        #expect(try eventually { try glanceAPI(["fsck"], of: site).text.contains("bytes at ab/cd/abcd0123") })
        let mended = try glanceAPI(["fsck", "--verify", "--repair", "--delete", "--json"], of: site)
        let lines = try mended.text.split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        #expect(mended.status == 0, "\(mended.text)\(mended.errors)")
        #expect(Set(lines.compactMap { $0["image"] as? String }.filter { !$0.isEmpty }) == ["rotten", "gone"])
        #expect(lines.last?["mended"] as? Int == 3)
        #expect(access(orphan, F_OK) != 0)
        #expect(try site.curl("/images/rotten").status == 500)
        #expect(try site.curl("/images/whole").text == "bytes of whole")
        #expect(try eventually { try site.metric("glance_images_damaged") == 2 })
    }

    @Test func `the scrub marks a damaged image while the service runs, and never touches its bytes`() throws {
        let site = try Site(Self.quick + ["--set", "scrub_bytes_per_second=100000000"])
        #expect(try site.add("bytes of whole", ["x-image-meta-id": "whole"]).status == 200)
        #expect(try site.add("bytes of rotten", ["x-image-meta-id": "rotten"]).status == 200)
        let path = try file(of: "bytes of rotten", in: site)
        try "bytes of r0tten".write(toFile: path, atomically: false, encoding: .utf8)

        // The next scrub begins where the last one stood: from the first image.
        try site.reload()

        #expect(try eventually { try site.curl("/images/rotten").status == 500 })
        #expect(try eventually { try site.metric("glance_images_damaged") == 1 })
        #expect(
            try site.log().split(separator: "\n").contains {
                $0.contains("an image is damaged") && $0.contains("rotten")
            })
        #expect(try #require(try site.metric("glance_scrubbed_images_total")) >= 2)
        #expect(try site.curl("/images/whole").text == "bytes of whole")
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "bytes of r0tten")
    }

    @Test func `a backup under load has every image of its registry, and makes a lost site again`() throws {
        let site = try Site(Self.quick)
        let backup = "\(try Site.newDirectory())-backup"
        defer { try? FileManager.default.removeItem(atPath: backup) }
        for number in 0..<20 {
            #expect(try site.add("bytes of \(number)", ["x-image-meta-id": "i\(number)"]).status == 200)
        }
        let load = Comings(on: site)
        #expect(eventually { load.count > 5 })
        for _ in 0..<3 {
            let made = try glanceAPI(["backup", backup, "--verify"], of: site)
            #expect(made.status == 0, "\(made.text)\(made.errors)")
        }
        try load.stop()
        let again = try glanceAPI(["backup", backup], of: site)
        #expect(again.status == 0)
        #expect(again.text.contains(", 0 copied (0 bytes)"), "what is there is not copied again: \(again.text)")
        let before = try contents(of: site)
        #expect(try glanceAPI(["restore", backup], of: site).errors.contains("has images"), "nothing is overwritten")

        #expect(try run("\(Site.project)/deploy/down", ["--dir", site.directory]).status == 0)
        for name in ["registry.sqlite", "registry.sqlite-wal", "registry.sqlite-shm", "images"] {
            try? FileManager.default.removeItem(atPath: "\(site.directory)/data/\(name)")
        }
        let restored = try glanceAPI(["restore", backup], of: site)

        #expect(restored.status == 0, "\(restored.text)\(restored.errors)")
        #expect(try site.up().status == 0)
        #expect(try contents(of: site) == before)
        #expect(try glanceAPI(["fsck", "--verify"], of: site).status == 0)
        #expect(try site.add("new", ["x-image-meta-id": "new"]).status == 200)
    }

    /// Every image: its record and its bytes.
    private func contents(of site: Site) throws -> [String: String] {
        let list = try site.curl("/images/detail?is_public=none&limit=1000")
        let images = try #require(try list.json("images") as? [[String: Any]])
        return try Dictionary(
            uniqueKeysWithValues: images.map { image in
                let id = try #require(image["id"] as? String)
                let record = String(
                    decoding: try JSONSerialization.data(withJSONObject: image, options: .sortedKeys), as: UTF8.self)
                return (id, "\(record) \(try site.curl("/images/\(id)").text)")
            })
    }

    @Test func `the doctor finds nothing wrong with a site of deploy/up, and says what is wrong with another`() throws {
        let site = try Site()
        let nginx = ["--nginx", "\(site.directory)/etc/nginx/nginx.conf"]

        let well = try glanceAPI(["doctor"] + nginx, of: site)
        #expect(well.status == 0, "\(well.text)")

        let wrong = try glanceAPI(["doctor", "--file-directory", "\(site.directory)/data/other"] + nginx, of: site)
        #expect(wrong.status == 1)
        #expect(wrong.text.contains("PROBLEM  nginx: the alias of /_glance/images/"))
    }
}

/// Images that come and go on a thread of their own until it is told to stop.
private final class Comings: Sendable {
    private let state = Mutex((count: 0, isOver: false, failure: String?.none))
    private let ended = DispatchSemaphore(value: 0)

    init(on site: Site) {
        let url = site.url
        Thread.detachNewThread { [self] in
            var number = 0
            while !state.withLock({ $0.isOver }) {
                number += 1
                do {
                    try turn(number, url)
                } catch {
                    state.withLock { $0.failure = "\(error)" }
                }
                state.withLock { $0.count += 1 }
            }
            ended.signal()
        }
    }

    var count: Int { state.withLock { $0.count } }

    /// Adds one, and deletes every second one some turns later.
    private func turn(_ number: Int, _ url: String) throws {
        try run(
            "curl",
            ["-sS", "-f", "-o", "/dev/null", "-X", "POST", "--data-binary", "load \(number)"]
                + ["-H", "Content-Type: application/octet-stream", "-H", "x-image-meta-id: l\(number)"]
                + ["-H", "x-image-meta-name: load", "-H", "x-image-meta-type: raw", "\(url)/images"])
        guard number > 4, number.isMultiple(of: 2) else { return }
        try run("curl", ["-sS", "-f", "-o", "/dev/null", "-X", "DELETE", "\(url)/images/l\(number - 4)"])
    }

    func stop() throws {
        state.withLock { $0.isOver = true }
        ended.wait()
        #expect(state.withLock { $0.failure } == nil)
    }
}
