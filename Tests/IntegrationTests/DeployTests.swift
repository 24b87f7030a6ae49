import Foundation
import Testing

/// The scripts, as somebody uses them who types the wrong thing now and then.
@Suite struct DeployTests {
    private func up(_ arguments: [String]) throws -> Output { try run("\(Site.project)/deploy/up", arguments) }

    @Test func `a second up with the same options says that all is up, and with others which differ`() throws {
        let site = try Site()
        let same = ["--dir", site.directory, "--port", "\(site.port)", "--set", "health_port=\(site.healthPort)"]

        let again = try up(same)
        let other = try up(same + ["--workers", "3"])

        #expect(again.status == 0)
        #expect(again.text.contains("already up"))
        #expect(other.status != 0)
        #expect(other.errors.contains("workers"))
        #expect(try site.curl("/images/").status == 200)
    }

    @Test func `down stops exactly that, data stay, and purge removes them`() throws {
        let site = try Site()
        let other = try Site.shared.get()
        #expect(try site.add("kept", ["x-image-meta-id": "kept"]).status == 200)
        let options = ["--dir", site.directory, "--port", "\(site.port)", "--set", "health_port=\(site.healthPort)"]

        #expect(try run("\(Site.project)/deploy/down", ["--dir", site.directory]).status == 0)
        #expect(try run("curl", ["-s", site.url]).status == 7)
        #expect(try other.curl("/images/").status == 200)
        #expect(try up(options).status == 0)
        #expect(try site.curl("/images/kept").text == "kept")

        #expect(try run("\(Site.project)/deploy/down", ["--dir", site.directory, "--purge"]).status == 0)
        #expect(!FileManager.default.fileExists(atPath: site.directory))
    }

    @Test func `a port that is taken is one clear line, and nothing is left running`() throws {
        let taken = try Site.shared.get().port
        let directory = try Site.newDirectory()

        let output = try up(["--dir", directory, "--port", "\(taken)"])

        #expect(output.status != 0)
        #expect(output.errors.contains("\(taken)"))
        #expect(output.errors.split(separator: "\n").count == 1)
        #expect(!FileManager.default.fileExists(atPath: "\(directory)/run/glance-api.pid"))
    }

    @Test(arguments: [
        (["--set", "colour=red"], "colour"), (["--set", "threads_max=none"], "threads_max"),
        (["--store", "tape"], "tape"), (["--prot", "80"], "--prot"), (["--port", "http"], "http"),
        (["--set", "transfers_max=128"], "transfers_max"),
    ]) func `a wrong option is named, and nothing is left running`(options: [String], named: String) throws {
        let directory = try Site.newDirectory()

        let output = try up(["--dir", directory, "--port", "\(freePort())"] + options)

        #expect(output.status != 0)
        #expect(output.errors.contains(named))
        #expect(!FileManager.default.fileExists(atPath: "\(directory)/run/glance-api.pid"))
        try run("\(Site.project)/deploy/down", ["--dir", directory, "--purge"])
    }

    @Test func `the three calls that up prints at its end work as they stand there`() throws {
        let site = try Site()
        let calls = try site.up().text.split(separator: "\n").filter { $0.hasPrefix("    curl ") }
        let place = "\(NSTemporaryDirectory())/glance-calls-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: place) }
        try "a disk".write(toFile: "\(place)/disk.img", atomically: true, encoding: .utf8)

        let outputs = try calls.map { try run("sh", ["-c", String($0)], in: place) }

        #expect(outputs.map(\.status) == [0, 0, 0])
        #expect(outputs[0].text.contains("\"name\": \"My disk\""))
        #expect(outputs[1].text.hasPrefix("{\"images\": ["))
        #expect(try String(contentsOfFile: "\(place)/copy.img", encoding: .utf8) == "a disk")
    }

    @Test func `ps names what runs, and logs show it`() throws {
        let site = try Site()

        let ps = try run("\(Site.project)/deploy/ps", ["--dir", site.directory])
        _ = try site.curl("/images/?from=the-log-test")
        let log = try run("\(Site.project)/deploy/logs", ["--dir", site.directory, "nginx"])

        for service in ["glance-api", "nginx"] { #expect(ps.text.contains(service)) }
        #expect(ps.text.contains("\(try site.processID(of: "glance-api"))"))
        let line = try #require(log.text.split(separator: "\n").first { $0.contains("the-log-test") })
        let entry = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(entry["status"] as? Int == 200)
        #expect((entry["request_id"] as? String)?.count == 32)
    }

    @Test func `down where nothing runs says so`() throws {
        let output = try run("\(Site.project)/deploy/down", ["--dir", try Site.newDirectory()])

        #expect(output.status == 0)
        #expect(output.text.contains("nothing is running"))
    }
}
