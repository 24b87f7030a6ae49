import Foundation
import Testing

/// What `glance` takes of memory, and what it asks of the disk.
@Suite struct GlanceDiskTests {
    private static let canInject = (try? run("strace", ["-e", "inject=fsync:error=EIO", "true"]).status) == 0

    private let site: Site
    private let glance: GlanceCommand

    init() throws {
        site = try Site.shared.get()
        glance = try GlanceCommand(url: site.url)
    }

    @Test(.enabled(if: Site.keepsFiles, "it is the command that is looked at, not the store"))
    func `1 GiB goes up and down in less than 20 MB`() throws {
        let size = 1 << 30
        let (source, copy) = ("\(glance.directory)/large", "\(glance.directory)/copy")
        defer { for file in [source, copy, "\(copy).part"] { unlink(file) } }
        try #require(run("truncate", ["-s", "\(size)", source]).status == 0)
        let id = "large-\(UUID().uuidString)"

        let up = try glance.start("add", "large", "--type", "raw", "--id", id)
        let added = try up.waitWatchingMemory()
        let down = try glance.start("get", id, "-o", "copy")
        let fetched = try down.waitWatchingMemory()

        #expect(added.status == 0 && fetched.status == 0, "\(up.errors)\(down.errors)")
        // A page at the least: else nobody looked.
        #expect((4096..<20_000_000).contains(added.peakBytes), "\(added.peakBytes) bytes")
        #expect((4096..<20_000_000).contains(fetched.peakBytes), "\(fetched.peakBytes) bytes")
        #expect(try FileManager.default.attributesOfItem(atPath: copy)[.size] as? Int == size)
        #expect(try glance("delete", id).status == 0)
    }

    private func added() throws -> String {
        let output = try glance("add", "-", "-n", "x", "-t", "raw", "--quiet", input: Data("some bytes".utf8))
        return output.text.trimmingCharacters(in: .newlines)
    }

    /// Runs `glance` under strace(1).
    private func traced(_ options: String, _ arguments: String) throws -> Output {
        try glance.shell("strace -f -o trace \(options) glance \(arguments)")
    }

    @Test(.enabled(if: canInject, "there is no strace here, or it may trace nothing"))
    func `a file takes its name when it is on the disk, and not before`() throws {
        let id = try added()

        let output = try traced("-e trace=fsync,fdatasync,link,linkat,rename,renameat,renameat2", "get \(id) -o copy")

        let trace = String(decoding: glance.file("trace") ?? Data(), as: UTF8.self)
        let calls = trace.matches(of: /\b(fsync|fdatasync|link|rename)[a-z0-9]*\(/).map { String($0.1) }
        #expect(output.status == 0, "\(output.errors)")
        // The file, its name, and the directory that has it.
        #expect(calls == ["fsync", "link", "fsync"] || calls == ["fdatasync", "link", "fsync"], "\(trace)")
    }

    @Test(.enabled(if: canInject, "there is no strace here, or it may trace nothing"))
    func `a file that does not reach the disk takes no name, and is begun anew the next time`() throws {
        let id = try added()

        let output = try traced("-e inject=fsync,fdatasync:error=EIO:when=1", "get \(id) -o copy")
        let left = glance.file("copy.part")
        let again = try glance("get", id, "-o", "copy")

        #expect(output.status == 1 && output.errors.contains("Input/output error"), "\(output.errors)")
        #expect(glance.file("copy") == Data("some bytes".utf8) && again.status == 0)
        #expect(left == nil)
    }
}
