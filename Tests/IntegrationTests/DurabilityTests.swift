import Foundation
import Testing

/// What an answer promises is on the disk before it is given: the order of system calls, and what a disk that fails costs.
@Suite(
    .enabled(if: Site.keepsFiles && Site.keepsRecordsInFile, "files and SQLite alone are on this host's disk"),
    .enabled(if: SystemCallTrace.isPermitted, "there is no strace here, or it may not look into other processes"))
struct DurabilityTests {
    @Test func `bytes, name, directories and record are on the disk, in this order, before the answer`() throws {
        let site = try Site(["--workers", "1"])
        let trace = try SystemCallTrace(
            of: #require(try site.workers().first), ["-e", "trace=write,fsync,fdatasync,linkat,sendto"])

        #expect(try site.add("durable bytes").status == 200)

        trace.stop()
        let images = "\(site.directory)/data/images"
        let file = try #require(try site.storedFiles().first)
        let calls = try trace.calls(ofThreadThatDid: "linkat(")
        var rest = calls[...]
        for (call, subject) in [
            ("write(", "\"durable bytes\""), ("fsync(", "<\(images)/\(file.prefix(5))/#"), ("linkat(", "/\(file)\""),
            ("fsync(", "<\(images)/\(file.prefix(5))>"), ("fsync(", "<\(images)/\(file.prefix(2))>"),
            ("fsync(", "<\(images)>"), ("f", "/registry.sqlite-wal>"), ("sendto(", "\"Status: 200 "),
        ] {
            let place = rest.firstIndex { $0.hasPrefix(call) && $0.contains(subject) }
            rest = try rest[#require(place, "no \(call)…\(subject) in \(rest.joined(separator: "\n"))")...].dropFirst()
        }
        #expect(calls.count { $0.hasPrefix("linkat(") } == 1)
        #expect(calls.count { $0.hasPrefix("sendto(") } == 1)
    }

    @Test func `of a large image the last sync finds little left to write`() throws {
        let site = try Site(["--workers", "1"])
        let trace = try SystemCallTrace(
            of: #require(try site.workers().first), ["-e", "trace=sync_file_range,fsync,linkat"])

        #expect(try addLarge(to: site).status == 200)

        trace.stop()
        let calls = try trace.calls(ofThreadThatDid: "linkat(")
        let first = try #require(calls.firstIndex { $0.hasPrefix("fsync(") })
        #expect(calls[..<first].count { $0.contains("SYNC_FILE_RANGE_WRITE") } >= 7)
        #expect(calls[..<first].count { $0.contains("SYNC_FILE_RANGE_WAIT_BEFORE") } >= 3)
    }

    @Test(arguments: ["fsync", "fsync of the store's directory alone", "sync_file_range"])
    func `a disk that cannot keep an image is 5xx, and leaves neither record nor file`(failing: String) throws {
        let site = try Site(["--workers", "1"])
        let call = try #require(failing.split(separator: " ").first)
        let path = failing.hasSuffix("alone") ? ["-P", "\(site.directory)/data/images"] : []
        let trace = try SystemCallTrace(
            of: #require(try site.workers().first), ["-e", "trace=\(call)", "-e", "inject=\(call):error=EIO"] + path)

        let answer = try addLarge(to: site)

        #expect((500...599).contains(answer.status))
        #expect(try site.send("HEAD", "/images/x").status == 404)
        #expect(try site.curl("/images/?is_public=none").ids() == [])
        #expect(try site.storedFiles() == [])
        trace.stop()
        #expect(try site.add("kept bytes", ["x-image-meta-id": "x"]).status == 200)
        #expect(try site.curl("/images/x").text == "kept bytes")
    }

    /// More than may be under way to the disk at a time.
    private func addLarge(to site: Site) throws -> Answer {
        let file = try SparseFile(bytes: 64 << 20)
        return try site.curl(
            "/images",
            ["-X", "POST", "-T", file.path, "-H", "x-image-meta-id: x", "-H", "x-image-meta-name: Large"]
                + ["-H", "x-image-meta-type: raw"])
    }
}
