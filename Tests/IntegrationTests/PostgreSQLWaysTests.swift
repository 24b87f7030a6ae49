import Foundation
import Testing

/// The ways to a PostgreSQL that libpq knows, and what a service does with the few connections that it may have.
@Suite(.serialized) struct PostgreSQLWaysTests {
    private static let shared = Result {
        try Site(["--registry", "postgresql", "--workers", "1", "--set", "registry_connections_max=1"]).leftToTheEnd()
    }

    private let site: Site
    private let url: String
    /// Of its PostgreSQL.
    private let port: String

    init() throws {
        site = try Self.shared.get()
        let settings = try String(contentsOfFile: "\(site.directory)/etc/glance-api.conf", encoding: .utf8)
        url = String(try #require(settings.firstMatch(of: /(?m)^registry = (.*)$/)).1)
        port = String(try #require(url.firstMatch(of: /127\.0\.0\.1:(\d+)/)).1)
        try ask("CREATE SCHEMA IF NOT EXISTS other")
    }

    private func ask(_ sql: String) throws {
        let output = try run("psql", ["-Xq", "-v", "ON_ERROR_STOP=1", "-c", sql, url])
        try #require(output.status == 0, "\(output.errors)")
    }

    /// What `glance-api check` says of a registry, and how long that took.
    private func check(
        _ registry: String, _ options: [String] = [], environment: [String: String] = [:], by wrapper: [String] = []
    ) throws -> (output: Output, took: Duration) {
        let directory = try Site.newDirectory()
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let command =
            wrapper + [Service.program, "check"] + Service.options(directory)
            + (registry.isEmpty ? [] : ["--registry", registry]) + options
        let began = ContinuousClock.now
        let output = try run(command[0], Array(command.dropFirst()), environment: environment)
        return (output, ContinuousClock.now - began)
    }

    /// Of a schema that nobody else uses: the records there belong to no images.
    private func elsewhere(_ url: String) -> String { "\(url)&options=-csearch_path%3Dother" }

    @Test func `a service file says where the server is`() throws {
        let file = "\(site.directory)/service-file"
        let text = """
            [glance]
            host=127.0.0.1
            port=\(port)
            user=glance
            dbname=glance
            passfile=\(site.directory)/etc/postgresql-passfile
            options=-csearch_path=other

            """
        try text.write(toFile: file, atomically: false, encoding: .utf8)

        let output = try check("postgresql:///?service=glance", environment: ["PGSERVICEFILE": file]).output

        #expect(output.text.contains("All is well"), "\(output.errors)")
    }

    @Test(arguments: ["service file", "environment", "URI"])
    func `how long a connection may take is said in any place that libpq looks at`(place: String) throws {
        let silent = try SilentServer()
        let file = "\(site.directory)/silent-service-file"
        try "[silent]\nhost=127.0.0.1\n\(place == "service file" ? "connect_timeout=2\n" : "")".write(
            toFile: file, atomically: false, encoding: .utf8)
        let url = "postgresql://127.0.0.1:\(silent.port)/?service=silent&user=glance"

        let (output, took) = try check(
            place == "URI" ? "\(url)&connect_timeout=2" : url, ["--registry-busy-seconds-max", "60"],
            environment: ["PGSERVICEFILE": file].merging(
                place == "environment" ? ["PGCONNECT_TIMEOUT": "2"] : [:]
            ) { $1 })

        #expect(output.errors.contains("timeout expired"), "\(output.errors)")
        #expect(took < .seconds(40))
    }

    @Test func `of several servers the one that is there and takes changes is used`() throws {
        let several = url.replacing("127.0.0.1:\(port)", with: "127.0.0.1:\(freePort()),127.0.0.1:\(port)")

        let output = try check(elsewhere("\(several)&target_session_attrs=read-write")).output

        #expect(output.text.contains("All is well"), "\(output.errors)")
    }

    @Test func `a server's certificate is looked at in full where the URI wants it`() throws {
        let (right, other) = (try Certificate("IP:127.0.0.1"), try Certificate("IP:127.0.0.1"))
        let data = "\(site.directory)/data/postgresql"
        for (source, name) in [(right.file, "server.crt"), (right.key, "server.key")] {
            try FileManager.default.copyItem(atPath: source, toPath: "\(data)/\(name)")
            chmod("\(data)/\(name)", 0o600)
            if geteuid() == 0 { try run("chown", ["postgres", "\(data)/\(name)"]) }
        }
        let settings = try String(contentsOfFile: "\(data)/postgresql.conf", encoding: .utf8)
        try "\(settings)ssl = on\n".write(toFile: "\(data)/postgresql.conf", atomically: false, encoding: .utf8)
        if geteuid() == 0 { try run("chown", ["postgres", "\(data)/postgresql.conf"]) }
        try site.service("stop", "postgresql")
        try site.service("start", "postgresql")
        func check(trusting certificate: Certificate, host: String = "127.0.0.1") throws -> Output {
            let url = elsewhere("\(url)&sslmode=verify-full&sslrootcert=\(certificate.file)")
            return try self.check(url.replacing("@127.0.0.1:", with: "@\(host):")).output
        }

        let trusted = try check(trusting: right)
        let untrusted = try check(trusting: other)
        let misnamed = try check(trusting: right, host: "localhost")

        #expect(trusted.text.contains("All is well"), "\(trusted.errors)")
        #expect(untrusted.errors.contains("certificate verify failed"), "\(untrusted.errors)")
        #expect(misnamed.errors.contains("does not match host name"), "\(misnamed.errors)")
    }

    private static let mayHideFiles = (try? run("unshare", ["--mount", "true"]).status) == 0

    @Test(.enabled(if: mayHideFiles, "unshare --mount is not permitted here: libpq cannot be hidden"))
    func `without libpq its package is named, and who keeps records elsewhere does not miss it`() throws {
        let hidden = """
            for file in $(/sbin/ldconfig -p | sed -n 's/.*libpq\\.so\\.5 .*=> //p'); do
                mount --bind /dev/null "$file" || exit 9
            done
            exec "$0" "$@"
            """
        let wrapper = ["unshare", "--mount", "sh", "-c", hidden]

        let missing = try check(url, by: wrapper).output
        let elsewhere = try check("", by: wrapper).output

        #expect(missing.status == 1)
        #expect(missing.errors.contains("libpq.so.5 is not on this host: install the Debian package libpq5"))
        #expect(elsewhere.text.contains("All is well"), "\(elsewhere.errors)")
    }

    @Test func `a list that its client does not read holds no connection`() throws {
        try ask(
            """
            WITH added AS (
                INSERT INTO images (sequence, id, is_generated, name, type, size, is_size_known, store, created_at,
                    updated_at, status, is_public, owner, version)
                SELECT n, 'id' || n, 0, 'name', 'raw', 0, 1, 'file', n, n, 'queued', 1, '', 1
                FROM generate_series(1000001, 1030000) AS n
                RETURNING sequence)
            INSERT INTO properties (sequence, key, value) SELECT sequence, 'long', repeat('v', 1000) FROM added
            """)
        let unread = try HeldRequest(
            site, "GET /images/detail HTTP/1.1\r\nHost: 127.0.0.1:\(site.port)\r\nConnection: close\r\n\r\n")

        // The one connection that there is.
        let statuses = try (1...20).map { try site.send("HEAD", "/images/id\(1_000_000 + $0)").status }
        let list = unread.answer()

        #expect(statuses == Array(repeating: 200, count: 20))
        #expect(list.utf8.count > 30_000_000, "more than any buffer on the way takes")
        #expect(list.contains("\"id1030000\""))
    }
}

/// Takes connections, and says nothing.
private final class SilentServer {
    let port: Int
    private let number: Int32

    init() throws {
        port = freePort()
        number = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        try #require(withLoopbackAddress(port) { bind(number, $0, $1) } == 0 && listen(number, 64) == 0)
    }

    deinit { close(number) }
}
