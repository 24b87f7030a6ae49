import Foundation
import Testing

private let mayChangeUser = geteuid() == 0

/// Other users of the same host: what they may reach, and what they find when they look.
@Suite struct LocalUserTests {
    private func asNobody(_ command: [String], input: Data = Data()) throws -> Output {
        try run("setpriv", ["--reuid", "65534", "--regid", "65534", "--clear-groups"] + command, input: input)
    }

    @Test(.enabled(if: mayChangeUser, "only root can be somebody else"))
    func `the socket, the registry, the images and the logs are closed to other users`() throws {
        let site = try Site()
        _ = try site.add("secret")
        let block = "SCGI\u{0}1\u{0}REQUEST_METHOD\u{0}GET\u{0}REQUEST_URI\u{0}/images/?is_public=none\u{0}"
        let request = Data("\(block.utf8.count):\(block),".utf8)
        let ask = [
            "curl", "-sS", "--max-time", "5", "--unix-socket", "\(site.directory)/run/glance-api.sock", "telnet://x",
        ]

        // The directories are closed, and the files would be if they were not.
        #expect(try asNobody(ask, input: request).status != 0)
        for directory in ["run", "data", "log", "data/images"] {
            #expect(chmod("\(site.directory)/\(directory)", 0o755) == 0)
        }

        #expect(try asNobody(ask, input: request).status != 0)
        let registry = Site.keepsRecordsInFile ? ["data/registry.sqlite", "data/registry.sqlite-wal"] : []
        let files = ["log/glance-api.log", "etc/glance-api.conf"] + registry
        let images = Site.keepsFiles ? try site.storedFiles().map { "data/images/\($0)" } : []
        for file in files + images {
            #expect(FileManager.default.fileExists(atPath: "\(site.directory)/\(file)"))
            #expect(try asNobody(["cat", "\(site.directory)/\(file)"]).status != 0, "\(file)")
        }
    }

    @Test(.enabled(if: Site.keepsFiles, "only the file store has files"))
    func `a link, a fifo or a directory in an image's place is not followed, waited for or listed`() throws {
        let site = try Site()
        let secret = "\(site.directory)/etc/secret"
        try "root:secret".write(toFile: secret, atomically: false, encoding: .utf8)
        #expect(chmod(secret, 0o644) == 0 && chmod("\(site.directory)/etc", 0o755) == 0)

        for (id, put) in [
            ("link", { (file: String) in symlink(secret, file) }), ("fifo", { mkfifo($0, 0o666) }),
            ("directory", { mkdir($0, 0o777) }),
        ] as [(String, (String) -> Int32)] {
            _ = try site.add("right", ["x-image-meta-id": id])
            let path = try #require(
                try site.storedFiles().map { "\(site.directory)/data/images/\($0)" }.first {
                    FileManager.default.contents(atPath: $0) == Data("right".utf8)
                })
            #expect(unlink(path) == 0)
            #expect(put(path) == 0)

            for arguments in [[], ["-H", "If-Match: *"]] {
                let answer = try site.curl("/images/\(id)", ["--max-time", "10"] + arguments)
                #expect([404, 500, 503].contains(answer.status), "\(id) \(answer.status)")
                #expect(!answer.text.contains("secret") && answer["location"] == nil)
            }
            #expect([200, 503].contains(try site.send("DELETE", "/images/\(id)").status))
        }

        #expect(FileManager.default.fileExists(atPath: secret))
        #expect(try site.add("right").status == 200)
    }

    @Test func `a process that dies leaves no core, and no process and no log names a secret`() throws {
        let site = try Site(["--registry", "postgresql", "--identity", "basic", "--set", "log_level=debug"])
        let netrc = ["--netrc-file", "\(site.directory)/user.netrc"]
        let secrets = try ["data/postgresql.password", "user.netrc", "other.netrc", "admin.netrc"].map { file in
            let text = try String(contentsOfFile: "\(site.directory)/\(file)", encoding: .utf8)
            return String(try #require(text.split(whereSeparator: \.isWhitespace).last))
        }
        try #require(secrets.allSatisfy { $0.count == 32 })
        #expect(try site.add("x", [:], netrc).status == 200)
        #expect(try site.add("x", [:], ["-u", "user:wrong"]).status == 401)
        // What it says of a registry that it cannot reach is the text with most in it.
        try site.service("stop", "postgresql")
        #expect(try site.add("x", [:], netrc).status == 503)

        for process in try [site.processID(of: "glance-api")] + site.workers() {
            let limits = try String(contentsOfFile: "/proc/\(process)/limits", encoding: .utf8)
            #expect(limits.contains(#/Max core file size +0 /#))
        }
        for path in try Self.shown() + Self.files(below: "\(site.directory)/log") {
            let text = String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
            #expect(!secrets.contains { text.contains($0) }, "\(path)")
        }
    }

    /// What each process of this host shows of itself.
    private static func shown() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { Int($0) != nil }
            .flatMap { ["/proc/\($0)/cmdline", "/proc/\($0)/environ"] }
    }

    private static func files(below directory: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: directory).map { "\(directory)/\($0)" }
    }

    @Test func `a store that every user may write to stops the start, and the reason says what to do`() throws {
        let site = try Site(["--store", "file"])
        _ = try run("\(Site.project)/deploy/down", ["--dir", site.directory])
        #expect(chmod("\(site.directory)/data/images", 0o777) == 0)

        let up = try site.up()

        #expect(up.status == 1)
        #expect((up.text + up.errors).contains("chmod o-w"))
    }
}
