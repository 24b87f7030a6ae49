import Foundation
import Testing

/// Records in a real PostgreSQL, through the whole service.
@Suite(.serialized) struct PostgreSQLTests {
    private static let shared = Result { try Site(["--registry", "postgresql"]).leftToTheEnd() }

    private let site: Site

    init() throws {
        site = try Self.shared.get()
    }

    /// Where the site's registry is, as its settings say it.
    private func url(of site: Site) throws -> String {
        let settings = try String(contentsOfFile: "\(site.directory)/etc/glance-api.conf", encoding: .utf8)
        return String(try #require(settings.firstMatch(of: /(?m)^registry = (.*)$/)).1)
    }

    /// What a statement gives, in lines.
    private func ask(_ sql: String, _ url: String? = nil) throws -> [String] {
        let output = try run("psql", ["-XwAtq", "-v", "ON_ERROR_STOP=1", "-c", sql, try url ?? self.url(of: site)])
        try #require(output.status == 0, "\(output.errors)")
        return output.text.split(separator: "\n").map(String.init)
    }

    /// Adds, finds, reads, changes and deletes an image.
    private func doEverything(on site: Site) throws {
        let name = UUID().uuidString
        let added = try site.add("0123456789", ["x-image-meta-name": name, "x-image-meta-property-os": "linux"])
        #expect(added.status == 200, "\(added.text)")
        let id = try #require(try added.json("image", "id") as? String)

        #expect(try site.curl("/images/?is_public=none&name=\(name)&property-os=linux").ids() == [id])
        #expect(try site.curl("/images/\(id)", ["-r", "2-4"]).text == "234")
        let changed = try site.send("PUT", "/images/\(id)", nil, ["x-image-meta-property-os": "bsd"])
        #expect(try changed.json("image", "version") as? Int == 2)
        #expect(try site.send("HEAD", "/images/\(id)")["x-image-meta-property-os"] == "bsd")
        #expect(try site.send("DELETE", "/images/\(id)").status == 200)
        #expect(try site.curl("/images/\(id)").status == 404)
        #expect(try site.add("x", ["x-image-meta-id": id]).status == 409)
    }

    @Test func `the main job, and ready to do it`() throws {
        try doEverything(on: site)

        #expect(try run("curl", ["-s", "http://127.0.0.1:\(site.healthPort)/readyz"]).text == "ready\n")
        #expect(try ask("SELECT count(*) FROM pg_prepared_statements") == ["0"])
    }

    @Test func `connections that are ended cost no request after it`() throws {
        for _ in 0..<5 {
            let ended = try ask(
                """
                SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
                WHERE application_name = 'glance-api' AND pid <> pg_backend_pid()
                """)
            #expect(!ended.isEmpty)

            try doEverything(on: site)
        }
    }

    @Test func `a server that is away is 503, and nothing else has to be started again when it is back`() throws {
        let queued = try #require(try site.add(nil).json("image", "id") as? String)
        try site.service("stop", "postgresql")

        let refused = try site.send("HEAD", "/images/\(queued)")
        #expect(refused.status == 503)
        #expect(refused["retry-after"] != nil)
        #expect(try site.add("x").status == 503)
        let readiness = try run("curl", ["-s", "http://127.0.0.1:\(site.healthPort)/readyz"]).text
        #expect(readiness.contains("the registry failed: PostgreSQL: connection to server at \"127.0.0.1\""))
        try site.service("start", "postgresql")

        #expect(try site.send("HEAD", "/images/\(queued)").status == 200)
        try doEverything(on: site)
    }

    @Test(arguments: ["stop", "kill"]) func `an upload outlives a restart of the server`(end: String) throws {
        let id = "restart-\(end)"
        let held = try HeldRequest(uploadTo: site, id: id, length: 10, sent: 5)
        #expect(try eventually { try site.send("DELETE", "/images/\(id)").status == 409 })

        try site.service(end, "postgresql")
        try site.service("start", "postgresql")
        try held.send("55555")

        #expect(held.answer().hasPrefix("HTTP/1.1 200 "))
        #expect(try site.curl("/images/\(id)").text == "xxxxx55555")
    }

    @Test func `check says what is wrong with a registry, and no password`() throws {
        let url = try url(of: site)
        let wrong = [
            url.replacing("/glance?", with: "/nowhere?"): "database \"nowhere\" does not exist",
            url.replacing("glance@", with: "glance:s3cret@"): "password authentication failed",
            "postgresql://glance:s3cret@127.0.0.1:\(freePort())/glance": "Connection refused",
            "postgresql://glance:s3cret@127.0.0.1/glance?s3cret": "***",
        ]

        for (url, reason) in wrong {
            let directory = try Site.newDirectory()
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let output = try run(Service.program, ["check"] + Service.options(directory) + ["--registry", url])

            #expect(output.status == 1)
            #expect(output.errors.contains(reason), "\(output.errors)")
            #expect(!output.errors.contains("s3cret"))
        }
    }

    @Test func `a PgBouncer that gives connections for a transaction is as good as the server`() throws {
        let site = try Site(["--registry", "postgresql"])
        let direct = try url(of: site)
        let server = try #require(direct.firstMatch(of: /127\.0\.0\.1:(\d+)/)).1
        let bouncer = try PgBouncer(before: String(server), of: site)
        // Whoever can read the password may use it on another port too.
        try site.edit("postgresql-passfile") { $0 + $0.replacing(":\(server):", with: ":\(bouncer.port):") }
        try site.edit("glance-api.conf") { $0.replacing("127.0.0.1:\(server)/", with: "127.0.0.1:\(bouncer.port)/") }
        try site.reload()

        try doEverything(on: site)
        let ids = try atOnce(40) { _ in try site.add("data").json("image", "id") as? String }

        #expect(Set(ids).count == 40)
        let sessions = try ask(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'glance-api'", direct)
        #expect(["1", "2"].contains(sessions.first), "all of them over the bouncer's own connections, two at most")
        bouncer.restart()
        try doEverything(on: site)
    }

    @Test(.enabled(if: Site.keepsFiles, "the hosts share a directory"))
    func `two hosts over one database share ids, and each sees at once what the other did`() throws {
        let one = try Site(["--registry", "postgresql", "--workers", "2"])
        let other = try Site(["--registry", "sqlite", "--workers", "2"])
        try join(other, to: one, over: url(of: one))
        let sites = [one, other]

        let generated = try atOnce(60) { try sites[$0 % 2].add("data").json("image", "id") as? String }
        let wanted = try atOnce(20) { try sites[$0 % 2].add("\($0)", ["x-image-meta-id": "wanted"]).status }

        #expect(Set(generated) == Set((1...60).map(String.init)))
        #expect(wanted.filter { $0 == 200 }.count == 1)
        #expect(wanted.filter { $0 == 409 }.count == 19)
        for number in 0..<10 {
            let (writer, reader) = (sites[number % 2], sites[(number + 1) % 2])
            let path = "/images/\(number + 1)"
            #expect(try writer.send("PUT", path, nil, ["x-image-meta-name": "now \(number)"]).status == 200)
            #expect(try reader.send("HEAD", path)["x-image-meta-name"] == "now \(number)")
            #expect(try reader.curl(path).text == "data")
        }
        #expect(try one.storedFiles().count == 61)
    }

    /// Gives one host the records and the images of another.
    private func join(_ host: Site, to other: Site, over registry: String) throws {
        let (own, shared) = ("\(host.directory)/data/images", "\(other.directory)/data/images")
        try host.edit("glance-api.conf") {
            $0.replacing(/(?m)^registry = .*$/, with: "registry = \(registry)").replacing(own, with: shared)
        }
        try host.edit("nginx/glance.conf") { $0.replacing(own, with: shared) }
        try host.reload()
        try host.service("stop", "nginx")
        try host.service("start", "nginx")
    }

    @Test(.enabled(if: Site.keepsFiles, "the hosts share a directory"))
    func `a service of 300 images moves from SQLite with all that it has, and gets a second host`() throws {
        let moved = try Site(["--registry", "sqlite", "--workers", "1"])
        // As many at a time as one worker's transfers allow, and no more.
        let added = try atOnce(20) { lane in
            try (0..<15).map { number in
                try moved.add("data \(lane)", ["x-image-meta-property-number": "\(number)"]).status
            }
        }
        #expect(added == Array(repeating: Array(repeating: 200, count: 15), count: 20))
        #expect(try moved.send("DELETE", "/images/300").status == 200)
        let data = try moved.curl("/images/3").text
        let before = try moved.curl("/images/detail?is_public=none").text
        let target = try url(of: site) + "&options=-c%20search_path%3Dmoved"
        _ = try ask("CREATE SCHEMA moved")

        try moved.edit("glance-api.conf") { $0 + "read_only = true\n" }
        try moved.reload()
        #expect(try moved.add("x").status == 503)
        #expect(try moved.curl("/images/3").text == data)
        let copied = try run(
            Service.program,
            ["registry", "copy", "--from", "sqlite://\(moved.directory)/data/registry.sqlite", "--to", target])
        #expect(copied.status == 0, "\(copied.errors)")
        try moved.edit("glance-api.conf") {
            $0.replacing("read_only = true", with: "").replacing(/(?m)^registry = .*$/, with: "registry = \(target)")
        }
        try moved.reload()

        #expect(copied.text.contains("images           300\n"))
        #expect(try moved.curl("/images/detail?is_public=none").text == before)
        #expect(try moved.curl("/images/3").text == data)
        #expect(try moved.add("x", ["x-image-meta-id": "300"]).status == 409)
        #expect(try moved.add("next").json("image", "id") as? String == "301")
        #expect(try ask("SELECT count(*) FROM moved.images") == ["301"])

        let second = try Site(["--registry", "sqlite", "--workers", "1"])
        try join(second, to: moved, over: target)

        #expect(try second.curl("/images/3").text == data)
        #expect(try second.curl("/images/301").text == "next")
        #expect(try second.add("second's").json("image", "id") as? String == "302")
        #expect(try moved.curl("/images/302").text == "second's")
        #expect(try moved.send("DELETE", "/images/302").status == 200)
        #expect(try second.curl("/images/302").status == 404)
    }
}

/// A PgBouncer that pools transactions, two connections wide, before the PostgreSQL of a site.
private final class PgBouncer {
    let port = freePort()
    private let directory: String

    init(before server: String, of site: Site) throws {
        directory = "\(site.directory)-bouncer"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        let password = try String(contentsOfFile: "\(site.directory)/data/postgresql.password", encoding: .utf8)
        let settings = """
            [databases]
            glance = host=127.0.0.1 port=\(server)
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = \(port)
            unix_socket_dir =
            auth_type = scram-sha-256
            auth_file = \(directory)/users
            pool_mode = transaction
            default_pool_size = 2
            logfile = \(directory)/log
            pidfile = \(directory)/pid

            """
        try settings.write(toFile: "\(directory)/settings", atomically: false, encoding: .utf8)
        try "\"glance\" \"\(password)\"\n".write(toFile: "\(directory)/users", atomically: false, encoding: .utf8)
        // It refuses to be root, as PostgreSQL does.
        if geteuid() == 0 { try run("chown", ["-R", "postgres", directory]) }
        start()
    }

    deinit {
        stop()
        try? FileManager.default.removeItem(atPath: directory)
    }

    func restart() {
        stop()
        start()
    }

    private func start() {
        let user = geteuid() == 0 ? ["-u", "postgres"] : []
        let output = try? run("pgbouncer", ["-d"] + user + ["\(directory)/settings"])
        #expect(output?.status == 0, "\(output?.errors ?? "no pgbouncer")")
        #expect(eventually { process != nil })
    }

    private func stop() {
        guard let process else { return }
        kill(process, SIGTERM)
        #expect(eventually { kill(process, 0) != 0 })
    }

    private var process: pid_t? {
        (try? String(contentsOfFile: "\(directory)/pid", encoding: .utf8)).flatMap {
            pid_t($0.trimmingCharacters(in: .whitespacesAndNewlines))
        }
    }
}
