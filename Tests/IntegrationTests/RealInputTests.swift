import Foundation
import Synchronization
import Testing

/// The main job on what people really store: a kernel, an initial ramdisk and a bootable ISO out of Debian's packages.
@Suite struct RealInputTests {
    struct Input {
        let package: String
        let path: String
        let type: String
        /// What file(1) says of it.
        let kind: String
    }

    private static let known = [
        Input(package: "linux-image", path: "boot/vmlinuz-*", type: "kernel", kind: "Linux kernel x86 boot executable"),
        // The kernel's package has no ramdisk: one is made where it is installed. The installer ships one that is ready.
        Input(
            package: "debian-installer-12-netboot-amd64",
            path: "usr/lib/debian-installer/images/12/amd64/text/debian-installer/amd64/initrd.gz", type: "ramdisk",
            kind: "gzip compressed data"),
        Input(
            package: "grub-rescue-pc", path: "usr/lib/grub-rescue/grub-rescue-cdrom.iso", type: "machine",
            kind: "ISO 9660 CD-ROM"),
    ]

    /// Those whose package could be had.
    private static let inputs = known.filter { input in debianPackages.contains { $0.hasPrefix(input.package) } }

    /// The sites that there are, by the store that images go to.
    private static let stores = [Site.keepsFiles ? "file" : "swift"] + (Site.withSwift == nil ? [] : ["swift"])

    @Test(.enabled(if: !inputs.isEmpty, "Debian's packages cannot be had here"), arguments: inputs, stores)
    func `a real image comes back byte for byte, whole and in ranges`(input: Input, store: String) throws {
        let site = try ((store == "swift" ? Site.withSwift : nil) ?? Site.shared).get()
        let file = try unpacked(input)
        let digest = try sha256(of: file)
        let name = URL(filePath: file).lastPathComponent

        let added = try site.curl(
            "/images",
            ["-X", "POST", "-T", file, "-H", "x-image-meta-name: \(name)", "-H", "x-image-meta-type: \(input.type)"]
                + ["-H", "x-image-meta-property-package: \(input.package)", "-H", "x-image-meta-is_public: true"])
        let id = try #require(try added.json("image", "id") as? String)
        let head = try site.send("HEAD", "/images/\(id)")
        let copy = "\(NSTemporaryDirectory())/glance-real-\(UUID().uuidString)"
        defer { unlink(copy) }
        try run("curl", ["-sS", "-o", copy, "\(site.url)/images/\(id)"])
        let ranges = "\(copy).ranges"
        defer { unlink(ranges) }
        try run(
            "sh",
            [
                "-c", "for r in 0-999999 1000000-2000000 2000001-; do curl -sS -r $r \"$0\"; done > \"$1\"",
                "\(site.url)/images/\(id)", ranges,
            ])

        #expect(head["x-image-meta-store"] == store)
        #expect(head["x-image-meta-sha256"] == digest)
        #expect(head["x-image-meta-property-package"] == input.package)
        #expect(try site.curl("/images/?type=\(input.type)").ids().contains(id))
        #expect(try sha256(of: copy) == digest)
        #expect(try sha256(of: ranges) == digest)
        #expect(try run("file", ["-b", copy]).text.contains(input.kind))
    }

    private func sha256(of path: String) throws -> String {
        String(try run("sha256sum", [path]).text.prefix(64))
    }

    /// The file out of its package, which is downloaded once and never installed.
    private func unpacked(_ input: Input) throws -> String {
        let directory = try #require(packageDirectory)
        let root = "\(directory)/\(input.package)"
        try unpacking.withLock { _ in
            guard !FileManager.default.fileExists(atPath: root) else { return }
            let unpack =
                "set -e; mkdir -p \"$1.new\"; dpkg-deb -x \"$0\"/\(input.package)*.deb \"$1.new\"; mv \"$1.new\" \"$1\""
            try #require(try run("sh", ["-c", unpack, directory, root]).status == 0)
        }
        let found = try run("sh", ["-c", "ls \(root)/\(input.path)"]).text
        return try #require(found.split(separator: "\n").first.map(String.init))
    }
}

/// Where `deploy/test` has put the packages; nil where it could not.
private let packageDirectory = ProcessInfo.processInfo.environment["GLANCE_TEST_PACKAGES"]
let debianPackages =
    packageDirectory.flatMap { try? FileManager.default.contentsOfDirectory(atPath: $0) } ?? []

/// Tests for several stores want the same package at the same time.
private let unpacking = Mutex(())
