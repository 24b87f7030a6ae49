import Foundation
import Testing

/// What an operator does beside a service that runs: compare, scrub, ask the doctor.
@Suite(.enabled(if: Site.keepsFiles, "files are damaged here, and linked")) struct UpkeepTests {
    private static let quick = ["--set", "janitor_seconds=1"]

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

    @Test(
        .enabled(if: geteuid() == 0, "only root can be somebody else"),
        .enabled(if: Site.keepsRecordsInFile, "the registry is a file of that user"))
    func `fsck as an ordinary user names what it may not read, and compares the rest`() throws {
        let site = try Site(Self.quick)
        for id in ["whole", "closed"] { #expect(try site.add("bytes of \(id)", ["x-image-meta-id": id]).status == 200) }
        let closed = try file(of: "bytes of closed", in: site)
        #expect(try run("\(Site.project)/deploy/down", ["--dir", site.directory]).status == 0)
        let data = "\(site.directory)/data"
        try FileManager.default.createDirectory(atPath: "\(data)/images/zz/zz", withIntermediateDirectories: true)
        #expect(try run("chown", ["-R", "65534", data]).status == 0)
        #expect(chmod(closed, 0) == 0 && chmod("\(data)/images/zz/zz", 0) == 0)
        let options = [
            "fsck", "--verify", "--repair", "--config", "/dev/null", "--registry", "sqlite://\(data)/registry.sqlite",
            "--file-directory", "\(data)/images",
        ]

        let output = try run(
            "setpriv", ["--reuid", "65534", "--regid", "65534", "--clear-groups", Service.program] + options)

        #expect(output.status == 1, "\(output.errors)")
        #expect(output.text.contains("image closed at "), "\(output.text)\(output.errors)")
        #expect(output.text.contains("images/zz/zz: Permission denied"), "\(output.text)")
        #expect(!output.text.contains("image whole"))
        #expect(output.text.contains("2 images of 29 bytes"), "\(output.text)")
        #expect(output.text.contains("2 wrong, 0 put right"), "\(output.text)")
    }

    @Test(
        .enabled(if: geteuid() == 0, "only root can hide a library"),
        .enabled(if: Site.keepsRecordsInFile, "the library is SQLite's"))
    func `the doctor names a library that is missing, and a file system without inodes`() throws {
        let site = try Site.shared.get()
        let script = """
            ldconfig -p | sed -n 's/.*libsqlite3.so.0 .*=> //p' | while read -r file; do mount --bind /dev/null "$file"; done
            mkdir "$0" && mount -t tmpfs -o nr_inodes=50 tmpfs "$0" && "$@"; status=$?; umount "$0"; rmdir "$0"; exit $status
            """
        let disk = try Site.newDirectory()
        let doctor = [
            Service.program, "doctor", "--config", "\(site.directory)/etc/glance-api.conf", "--file-directory", disk,
        ]

        let output = try run("unshare", ["--mount", "sh", "-c", script, disk] + doctor)

        #expect(output.status == 1)
        #expect(output.text.contains("PROBLEM  libraries: "), "\(output.text)\(output.errors)")
        #expect(output.text.contains("libsqlite3.so.0 is not on this host: install the Debian package libsqlite3-0"))
        #expect(output.text.contains("PROBLEM  file_directory: \(disk) has room for "), "\(output.text)")
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
