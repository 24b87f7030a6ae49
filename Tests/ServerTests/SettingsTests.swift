import SettingsText
import Testing

@testable import glance_api

/// Where settings come from, and what refuses to start.
struct SettingsTests {
    private func settings(
        file: String = "", environment: [String: String] = [:], flags: [String] = []
    ) throws -> Settings {
        var sources = SettingsSources()
        try sources.take(file: file, named: "glance-api.conf")
        try sources.take(environment: environment)
        try sources.take(flags: flags)
        return try Settings(sources)
    }

    /// What is said of settings that cannot be used.
    private func refusal(
        file: String = "", environment: [String: String] = [:], flags: [String] = []
    ) throws -> String {
        let error = #expect(throws: SettingsError.self) {
            try settings(file: file, environment: environment, flags: flags)
        }
        return try #require(error).description
    }

    @Test func `a service without stores keeps metadata alone`() throws {
        #expect(try settings(file: "stores =").stores == [])
    }

    // MARK: Where they come from

    @Test func `nothing said is the default`() throws {
        let settings = try settings()

        #expect(settings.listen.description == "unix:/run/glance/glance-api.sock")
        #expect(settings.threadsMax == 128)
        #expect(settings.imageBytesMax == 1 << 40)
        #expect(settings.headerBytesMax == 8192)
        #expect(settings.stores == ["file"])
        #expect(settings.publicURL == nil)
        #expect(!settings.open)
    }

    @Test(arguments: [
        (true, true, true, 13), (false, true, true, 12), (true, false, true, 13), (true, true, false, 13),
        (false, false, true, 11), (false, true, false, 12), (true, false, false, 13), (false, false, false, 10),
    ])
    func `a flag comes before the environment, that before the file, that before the default`(
        hasFlag: Bool, hasVariable: Bool, hasLine: Bool, seconds: Int
    ) throws {
        let settings = try settings(
            file: hasLine ? "janitor_seconds = 11" : "",
            environment: hasVariable ? ["GLANCE_API_JANITOR_SECONDS": "12"] : [:],
            flags: hasFlag ? ["--janitor-seconds", "13"] : [])

        #expect(settings.janitorSeconds == seconds)
    }

    @Test(arguments: [
        "janitor_seconds=11", "  janitor_seconds  =  11  ", "\tjanitor_seconds = 11\r",
        "# a comment\n\njanitor_seconds = 11\n",
        "janitor_seconds = 9\njanitor_seconds = 11",
    ])
    func `lines of a file may be written in many ways`(file: String) throws {
        #expect(try settings(file: file).janitorSeconds == 11)
    }

    @Test(arguments: [
        ["--janitor-seconds", "11"], ["--janitor_seconds", "11"], ["--janitor-seconds=11"],
        ["--janitor-seconds", "9", "--janitor-seconds", "11"],
    ])
    func `flags may be written in many ways`(flags: [String]) throws {
        #expect(try settings(flags: flags).janitorSeconds == 11)
    }

    @Test(arguments: [
        "postgresql://glance@db/glance?passfile=/etc/x&sslmode=verify-full", "postgres://db",
        "postgresql:///?service=x",
        "postgresql://a,b:5433/glance?target_session_attrs=read-write",
    ])
    func `a registry in PostgreSQL is handed on as it was written`(url: String) throws {
        let settings = try settings(file: "registry = \(url)\nregistry_connections_max = 3\nread_only = true")

        #expect(settings.registry == .postgresql(url: url))
        #expect(settings.registry.description == url)
        #expect(settings.registryConnectionsMax == 3)
        #expect(settings.isReadOnly)
    }

    @Test(arguments: [
        ("postgresql://glance:s3cret@db/glance", "postgresql://glance:***@db/glance"),
        ("postgresql://glance:s3%63ret@db/?user=x", "postgresql://glance:***@db/?user=x"),
        ("postgresql://db/glance?user=x&password=s3cret&port=1", "postgresql://db/glance?user=x&password=***&port=1"),
        ("postgresql://u:s3@cret@db/glance", "postgresql://u:***@db/glance"),
        ("postgresql://glance@db", "postgresql://glance@db"),
    ])
    func `a password in a registry's URL is never shown`(url: String, shown: String) throws {
        #expect(try settings(file: "registry = \(url)").registry.description == shown)
        #expect(try !refusal(file: "registry = mysql:\(url)").contains("cret"))
    }

    @Test func `a value may hold equals signs and number signs`() throws {
        let settings = try settings(
            file: "public_url = https://example.com/?a=b#c", flags: ["--registry=sqlite:///tmp/a=b.sqlite"])

        #expect(settings.publicURL == "https://example.com/?a=b#c")
        #expect(settings.registry == .sqlite(path: "/tmp/a=b.sqlite"))
    }

    @Test func `the rest of the environment is none of ours`() throws {
        let environment = [
            "GLANCE_URL": "http://x", "PATH": "/bin", "GLANCE_API_CONFIG": "/etc/x.conf", "OPEN": "true",
        ]

        #expect(try !settings(environment: environment).open)
    }

    @Test func `slashes at the end mean nothing`() throws {
        let settings = try settings(
            flags: ["--public-url", "https://images.example.com//", "--file-directory", "/srv/images/"])

        #expect(settings.publicURL == "https://images.example.com")
        #expect(settings.fileDirectory == "/srv/images")
    }

    @Test func `0 workers are one for each core`() throws {
        #expect((1...64).contains(try settings().workers))
        #expect(try settings(flags: ["--workers", "3"]).workers == 3)
    }

    @Test func `what a supervisor hands to its workers reads as the same settings`() throws {
        let text = try settings(
            environment: ["GLANCE_API_OPEN": "true"],
            flags: ["--threads-max=9", "--transfers-max=7", "--public-url=https://a.example.com/x"]
        ).text

        let again = try settings(file: text)

        #expect(again.text == text)
        #expect(again.threadsMax == 9)
        #expect(again.publicURL == "https://a.example.com/x")
        #expect(again.open)
    }

    // MARK: What is refused

    @Test(arguments: [
        ("color = blue", "glance-api.conf:1: there is no setting “color”"),
        ("# x\n\nthreads_max = many", "glance-api.conf:3: threads_max: it takes a whole number from 2 to 512"),
        ("open = false\nopen = yes", "glance-api.conf:2: open: it takes true or false, not “yes”"),
        ("open", "glance-api.conf:1: the line is not of the form key = value"),
        ("[server]", "glance-api.conf:1: the line is not of the form key = value"),
        ("Open = true", "glance-api.conf:1: there is no setting “Open”"),
        ("= 5", "glance-api.conf:1: there is no setting “”"),
        ("\nlisten = /run/x.sock", "glance-api.conf:2: listen: it takes unix:/PATH"),
        ("stores = file floppy", "glance-api.conf:1: stores: it takes names out of file"),
        ("janitor_seconds = 5 # often", "glance-api.conf:1: janitor_seconds: it takes a whole number"),
    ])
    func `a file is refused with its line`(file: String, says: String) throws {
        #expect(try refusal(file: file).hasPrefix(says))
    }

    @Test(arguments: [
        ("GLANCE_API_COLOR", "blue", "GLANCE_API_COLOR: there is no setting “color”"),
        ("GLANCE_API_OPEN", "", "GLANCE_API_OPEN: open: it takes true or false, not “”"),
        ("GLANCE_API_FILE_DIRECTORY", "images", "GLANCE_API_FILE_DIRECTORY: file_directory: it takes an absolute path"),
    ])
    func `the environment is refused with the variable's name`(name: String, value: String, says: String) throws {
        #expect(try refusal(environment: [name: value]).hasPrefix(says))
    }

    @Test(arguments: [
        (["--color", "blue"], "--color: there is no setting “color”"),
        (["--workers", "65"], "--workers: workers: it takes a whole number from 0 to 64, not “65”"),
        (["--workers"], "--workers: its value is missing"),
        (["--workers="], "--workers: workers: it takes a whole number"),
        (["workers", "3"], "workers: it is no option"),
        (["-w", "3"], "-w: it is no option"),
        (["--lease-seconds=2"], "--lease-seconds: lease_seconds: it takes a whole number from 3"),
    ])
    func `a flag is refused by its name`(flags: [String], says: String) throws {
        #expect(try refusal(flags: flags).hasPrefix(says))
    }

    @Test func `a good flag does not hide a bad line`() throws {
        #expect(try refusal(file: "workers = x", flags: ["--workers", "3"]).hasPrefix("glance-api.conf:1"))
    }

    @Test(arguments: [
        ("listen", "unix:relative.sock"), ("listen", "tcp:localhost"), ("listen", "tcp:127.0.0.1:99999"),
        ("listen", ""),
        ("listen", "unix:/" + String(repeating: "x", count: 107)),
        ("registry", "/var/lib/x.sqlite"), ("registry", "sqlite://relative"), ("registry", "mysql://host/x"),
        ("registry", ""),
        ("file_directory", ""), ("file_directory", "/"), ("file_directory", "./images"),
        ("public_url", "images.example.com"), ("public_url", "ftp://x"), ("public_url", "https://"),
        ("public_url", "https://a b"), ("public_url", "http://x\"y"), ("public_url", "https://ü.example.com"),
        ("identity", "keystone"), ("log_level", "trace"), ("default_store", "moon"),
        ("header_bytes_max", "1023"), ("image_bytes_max", "-1"), ("free_bytes_min", "9223372036854775808"),
    ])
    func `a value that cannot be is refused`(key: String, value: String) throws {
        let said = try refusal(file: "\n\(key) = \(value)")

        #expect(said.hasPrefix("glance-api.conf:2: \(key): it takes"))
    }

    @Test(arguments: [
        ("transfers_max = 128", "glance-api.conf:1: transfers_max", "less than threads_max (128)"),
        ("threads_max = 96", "default: transfers_max", "less than threads_max (96)"),
        (
            "\nlease_seconds = 89", "glance-api.conf:2: lease_seconds",
            "twice client_idle_seconds_max (60)"
        ),
        ("client_idle_seconds_max = 61", "default: lease_seconds", "client_idle_seconds_max (61)"),
        ("owner_bytes_max = 1", "glance-api.conf:1: owner_bytes_max", "0 with identity = none"),
        (
            "owner_images_max = 1\nidentity = nginx\nregistry = http://127.0.0.1:1",
            "glance-api.conf:1: owner_images_max", "0 where the registry is another service"
        ),
        ("owner_bytes_max = 1\nidentity = nginx\nstores =", "glance-api.conf:1: owner_bytes_max", "0 without stores"),
    ])
    func `settings that do not go together are refused`(file: String, place: String, says: String) throws {
        let said = try refusal(file: file)

        #expect(said.hasPrefix(place))
        #expect(said.contains(says))
    }

    @Test(arguments: [
        "transfers_max = 127", "threads_max = 97", "lease_seconds = 120", "client_idle_seconds_max = 60",
        "owner_images_max = 1\nowner_bytes_max = 1\nidentity = nginx",
        "owner_images_max = 1\nidentity = nginx\nstores =",
    ])
    func `settings that just go together are taken`(file: String) throws {
        #expect(throws: Never.self) { try settings(file: file) }
    }
}
