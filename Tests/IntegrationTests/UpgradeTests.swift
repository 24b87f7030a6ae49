import Foundation
import Synchronization
import Testing

/// A new program, or new settings, while the service is at work.
@Suite struct UpgradeTests {
    @Test func `32 clients lose nothing in ten reloads of glance-api and nginx, three of them with another program`()
        throws
    {
        let program = try Replaceable()
        let site = try Site(["--workers", "2"], program: program.path)
        let supervisor = try site.processID(of: "glance-api")
        let load = try Load(on: site, clients: 32)
        defer { load.finish() }

        for round in 1...10 {
            let isUpgrade = round % 3 == 0
            if isUpgrade { try program.replace() }
            try site.beginReload()
            #expect(kill(try site.processID(of: "nginx"), SIGHUP) == 0)
            try load.waitForMore(than: 32)
            #expect(program.isRun(by: supervisor))
        }
        load.finish()

        #expect(load.failures.isEmpty, "\(load.failures.prefix(5))")
        #expect(load.done.allSatisfy { $0.value >= 8 }, "\(load.done)")
        #expect(try site.processID(of: "glance-api") == supervisor)
        #expect(try eventually { try site.workers().count == 2 && site.workers().allSatisfy(program.isRun) })
        let images = try site.curl("/images/?is_public=none").ids()
        #expect(images.count == load.uploaded + Load.images)
        #expect(try site.storedFiles().count == images.count)
        #expect(try !site.log().contains("\"level\": \"error\""))
    }

    @Test func `what counts belongs to the service, and HUP begins none of it anew`() throws {
        let site = try Site(["--workers", "1"])
        for _ in 0..<5 { #expect(try site.curl("/images/").status == 200) }
        let lists = "glance_requests_total{route=\"list\",status=\"200\"}"
        #expect(try site.metric(lists) == 5)

        try site.reload()

        #expect(try site.metric(lists) == 5)
    }

    @Test func `a program that cannot start does not take over, and workers go on with the one that can`() throws {
        let program = try Replaceable()
        let site = try Site(["--workers", "1"], program: program.path)
        let worker = try #require(try site.workers().first)
        try program.replace(by: "#!/bin/sh\necho 'glance-api: this host is too old' >&2\nexit 1\n")

        kill(try site.processID(of: "glance-api"), SIGHUP)
        #expect(try eventually { try site.log().contains("and the old ones go on: this host is too old") })
        #expect(try site.workers() == [worker])
        kill(worker, SIGKILL)

        #expect(try eventually { try site.workers().first.map { $0 != worker } ?? false })
        #expect(try site.add("x").status == 200)
    }

    @Test func `a program that is not there is an error in the log, and nothing else`() throws {
        let program = try Replaceable()
        let site = try Site(["--workers", "1"], program: program.path)
        unlink(program.path)

        kill(try site.processID(of: "glance-api"), SIGHUP)

        #expect(try eventually { try site.log().contains("not reloaded") })
        #expect(try site.log().contains("start \(program.path): No such file"))
        #expect(try site.add("x").status == 200)
    }

    @Test func `a socket that was handed over goes on to the next program`() throws {
        let (listener, port) = try listeningSocket()
        let service = try Service(["--workers", "1"], listening: listener)
        #expect(eventually { health(onPort: port)?.hasSuffix("ok\n") == true })
        let old = children(of: service.pid)

        kill(service.pid, SIGHUP)

        #expect(eventually { service.log().contains("settings reloaded") })
        #expect(eventually { old.allSatisfy { commandLine(of: $0).isEmpty } })
        #expect(health(onPort: port)?.hasSuffix("ok\n") == true)
        #expect(service.stop() == 0)
    }
}

/// A glance-api of its own that an upgrade can replace.
private final class Replaceable {
    let path: String
    private var version = 0

    init() throws {
        path = "\(try Site.newDirectory())-glance-api"
        try #require(try run("cp", [Service.program, path]).status == 0)
    }

    deinit { unlink(path) }

    /// Another file in its place, as a package's installation has it.
    func replace() throws {
        version += 1
        // By another process: while this one starts others, some of them may have its open files for a moment, and a
        // file that is open for writing cannot be run.
        let script = "cp \"$0\" \"$1.new\" && echo version \(version) >> \"$1.new\" && mv \"$1.new\" \"$1\""
        try #require(try run("/bin/sh", ["-c", script, Service.program, path]).status == 0)
    }

    func replace(by script: String) throws {
        let write = "cat > \"$0.new\" && chmod 755 \"$0.new\" && mv \"$0.new\" \"$0\""
        try #require(try run("/bin/sh", ["-c", write, path], input: Data(script.utf8)).status == 0)
    }

    /// Whether a process runs the file that is there now.
    func isRun(by pid: pid_t) -> Bool {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/exe")) == path
    }
}
