import Foundation
import Synchronization
import Testing

/// A backup while the service runs, and a site made of it.
@Suite(.enabled(if: Site.keepsFiles && Site.keepsRecordsInFile, "files and SQLite are copied here"))
struct BackupTests {
    private static let quick = ["--set", "janitor_seconds=1"]

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

    @Test(.enabled(if: access("/dev/shm", W_OK) == 0, "a second file system is needed"))
    func `a backup under load on another file system is copied, and makes the same site elsewhere`() throws {
        let (site, other) = (try Site(Self.quick), try Site(Self.quick))
        let backup = "/dev/shm/glance-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: backup) }
        for number in 0..<20 {
            #expect(try site.add("bytes of \(number)", ["x-image-meta-id": "i\(number)"]).status == 200)
        }
        let load = Comings(on: site)
        #expect(eventually { load.count > 5 })
        let made = try glanceAPI(["backup", backup, "--verify"], of: site)
        try load.stop()
        #expect(made.status == 0, "\(made.text)\(made.errors)")
        #expect(made.text.contains(", 0 linked, ") && !made.text.contains(" 0 copied"), "\(made.text)")

        #expect(try run("\(Site.project)/deploy/down", ["--dir", other.directory]).status == 0)
        let restored = try glanceAPI(["restore", backup], of: other)
        #expect(restored.status == 0, "\(restored.text)\(restored.errors)")
        #expect(try other.up().status == 0)

        let (now, then) = (try contents(of: site), try contents(of: other))
        for number in 0..<20 { #expect(then["i\(number)"] != nil) }
        // Of what came and went meanwhile: what both have is the same, and what one lacks was part of the load.
        for (id, content) in then {
            if let same = now[id] { #expect(content == same) } else { #expect(id.hasPrefix("l")) }
        }
        #expect(try glanceAPI(["fsck", "--verify"], of: other).status == 0)
    }

    @Test func `a backup that has nowhere to go says so in a line`() throws {
        let site = try Site.shared.get()

        let output = try glanceAPI(["backup", "/proc/none/backup"], of: site)

        #expect(output.status == 1)
        #expect(output.errors.hasPrefix("glance-api: mkdir /proc/none/backup: "))
        #expect(output.errors.split(separator: "\n").count == 1)
    }

    @Test(.enabled(if: geteuid() == 0, "only root can mount a file system that is full"))
    func `a backup that finds no room says so in a line, and the last one stays`() throws {
        let site = try Site(Self.quick)
        let disk = try Site.newDirectory()
        try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: disk) }
        #expect(try site.add("bytes", ["x-image-meta-id": "a"]).status == 200)
        let script = """
            mount -t tmpfs -o size=4m tmpfs "$0" && "$1" backup "$0/b" --config "$2" >/dev/null || exit 3
            cp "$0/b/registry.sqlite" "$0/before"
            cat /dev/zero >"$0/zeros" 2>/dev/null
            "$1" backup "$0/b" --config "$2"; status=$?
            cmp "$0/b/registry.sqlite" "$0/before" && exit $status
            """

        let output = try run(
            "unshare",
            ["--mount", "sh", "-c", script, disk, Service.program, "\(site.directory)/etc/glance-api.conf"])

        #expect(output.status == 1, "\(output.text)\(output.errors)")
        #expect(output.errors.hasPrefix("glance-api: "), "\(output.errors)")
        #expect(output.errors.split(separator: "\n").count == 1, "\(output.errors)")
    }

    @Test func `a restore refuses no backup, a damaged one and a site in use, and goes on where it was`() throws {
        let site = try Site(Self.quick)
        for id in ["a", "b"] { #expect(try site.add("bytes of \(id)", ["x-image-meta-id": id]).status == 200) }
        let (backup, target) = (try Site.newDirectory(), try Site.newDirectory())
        defer { for path in [backup, target] { try? FileManager.default.removeItem(atPath: path) } }
        #expect(try glanceAPI(["backup", backup], of: site).status == 0)
        try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
        func restore(_ from: String, into target: String) throws -> Output {
            try run(Service.program, ["restore", from] + Service.options(target))
        }

        let none = try restore(target, into: target)
        #expect(none.status == 1)
        #expect(none.errors.contains("has no registry.sqlite"))

        let busy = try Service([])
        #expect(eventually { access("\(busy.directory)/socket", F_OK) == 0 })
        #expect(try restore(backup, into: busy.directory).errors.contains("is in use: stop glance-api first"))

        // One that has just been started holds its socket and has no registry yet.
        let starting = open("\(target)/socket.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        #expect(flock(starting, LOCK_EX | LOCK_NB) == 0)
        #expect(try restore(backup, into: target).errors.contains("is in use: stop glance-api first"))
        close(starting)

        let damaged = "\(target)/damaged"
        try FileManager.default.copyItem(atPath: backup, toPath: damaged)
        let file = try #require(FileHandle(forUpdatingAtPath: "\(damaged)/registry.sqlite"))
        try file.seek(toOffset: 4096)
        try file.write(contentsOf: Data(repeating: 0x55, count: 8192))
        try file.close()
        let refused = try restore(damaged, into: target)
        #expect(refused.status == 1)
        #expect(refused.errors.contains("damaged") || refused.errors.contains("malformed"), "\(refused.errors)")
        #expect(access("\(target)/registry.sqlite", F_OK) != 0)

        // What one that was broken off leaves.
        try? FileManager.default.removeItem(atPath: "\(target)/images")
        try "half".write(toFile: "\(target)/registry.sqlite.restoring", atomically: false, encoding: .utf8)
        let first = try restore(backup, into: target)
        #expect(first.text.contains("2 images: 0 were there"), "\(first.text)\(first.errors)")
        unlink("\(target)/registry.sqlite")
        let again = try restore(backup, into: target)
        #expect(again.status == 0, "\(again.errors)")
        #expect(again.text.contains("2 images: 2 were there"), "\(again.text)")
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
                return (id, "\(record) \(try site.curl("/images/\(id)").text)".replacing(":\(site.port)", with: ""))
            })
    }
}

/// One of the commands beside the service, with the settings of a site.
func glanceAPI(_ arguments: [String], of site: Site) throws -> Output {
    try run(Service.program, arguments + ["--config", "\(site.directory)/etc/glance-api.conf"])
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
