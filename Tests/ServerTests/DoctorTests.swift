import Foundation
import SettingsText
import Testing

@testable import glance_api

/// What the doctor says of nginx's configuration: of the one that is shipped, and of those where something was changed.
@Suite struct NginxCheckTests {
    private static let project = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// All of nginx/, as `nginx -T` prints it.
    private static func shipped() throws -> String {
        try ["nginx.conf", "glance.conf", "glance_params"].map { name in
            let text = try String(contentsOf: project.appending(path: "nginx/\(name)"), encoding: .utf8)
            return "# configuration file /etc/glance/nginx/\(name):\n\(text)\n"
        }.joined()
    }

    private func problems(_ text: String, _ change: [String: String] = [:]) throws -> [String] {
        var sources = SettingsSources()
        for (key, value) in change { try sources.take(key, value, from: key) }
        return NginxCheck.judge(NginxConfiguration(text), try Settings(sources), file: "nginx.conf")
            .filter { $0.level != .well }.map(\.what)
    }

    @Test func `what is shipped is well`() throws {
        #expect(try problems(Self.shipped()) == [])
    }

    @Test(arguments: [
        ("server unix:/run/glance/glance-api.sock", "server unix:/run/other.sock", "unix:/run/other.sock"),
        ("alias /var/lib/glance/images/;", "alias /srv/images/;", "/srv/images/"),
        ("load_module", "# load_module", "njs is not loaded"),
        ("scgi_request_buffering off;", "", "scgi_request_buffering is not off"),
        ("underscores_in_headers on;", "underscores_in_headers off;", "underscores_in_headers is not on"),
        ("max_ranges 1;", "max_ranges 100;", "max_ranges is not 1"),
        ("scgi_buffer_size 256k;", "scgi_buffer_size 8k;", "scgi_buffer_size is 8k"),
        ("client_max_body_size 0;", "client_max_body_size 1m;", "client_max_body_size of Glance's server is not 0"),
        ("scgi_param BODY_LENGTH $content_length;", "", "BODY_LENGTH"),
        ("scgi_param BODY_LENGTH $content_length;", "scgi_param BODY_LENGTH $http_x_length;", "BODY_LENGTH"),
        ("scgi_param HTTP_CONTENT_LENGTH \"\";", "", "HTTP_CONTENT_LENGTH"),
        ("scgi_param LISTENER public;", "", "LISTENER"),
    ])
    func `one thing that is otherwise is found, and nothing else`(was: String, becomes: String, found: String) throws {
        let text = try Self.shipped()
        try #require(text.contains(was))

        let problems = try problems(text.replacing(was, with: becomes))

        #expect(problems.count == 1, "\(problems)")
        #expect(problems.first?.contains(found) == true, "\(problems)")
    }

    @Test func `settings that lead elsewhere than nginx does are found`() throws {
        let problems = try problems(
            Self.shipped(), ["listen": "tcp:127.0.0.1:9000", "file_directory": "/srv/glance/images"])

        #expect(problems.count == 2)
        #expect(problems[0].hasSuffix("and listen is 127.0.0.1:9000"))
        #expect(problems[1].hasSuffix("and file_directory is /srv/glance/images"))
    }

    @Test func `an nginx without Glance is told so, once`() throws {
        let problems = try problems(
            "# configuration file /etc/nginx/nginx.conf:\nevents {}\nhttp { server { listen 80; } }\n")

        #expect(problems == ["nginx.conf has nothing of Glance's in it"])
    }

    @Test func `directives are read with their blocks, quotes, comments and variables`() {
        let nginx = NginxConfiguration(
            "a 1; # b 2;\nhttp { map $x $y { default \"a; b {\"; } server { c ${v}x 'd e'; } }\nf g;")

        #expect(
            nginx.directives.map(\.name).filter { !["http", "map", "server"].contains($0) } == [
                "a", "default", "c", "f",
            ])
        #expect(nginx.all("default").first?.arguments == ["a; b {"])
        #expect(nginx.all("c", in: "server").first?.arguments == ["${v}x", "d e"])
        #expect(nginx.all("c").first?.blocks == ["http", "server"])
        #expect(nginx.all("f").first?.blocks == [])
        #expect(nginx.all("a", in: "server").isEmpty)
    }
}

/// What the doctor says of a host, of registry and stores.
@Suite struct HostCheckTests {
    private let directory = NSTemporaryDirectory() + "glance-doctor-\(UUID().uuidString)"

    init() throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    private func settings(_ change: [String: String] = [:]) throws -> Settings {
        var sources = SettingsSources()
        let own = [
            "listen": "unix:\(directory)/s", "registry": "sqlite://\(directory)/registry.sqlite",
            "file_directory": "\(directory)/images", "free_bytes_min": "0",
        ]
        for (key, value) in own.merging(change, uniquingKeysWith: { $1 }) { try sources.take(key, value, from: key) }
        return try Settings(sources)
    }

    private func problems(_ findings: [DoctorFinding]) -> [String] {
        findings.filter { $0.level == .problem }.map(\.what)
    }

    @Test func `a host that has everything has no problem, before the first start and after it`() throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let assembly = Assembly(try settings())
        #expect(problems(HostCheck(assembly).findings + DataCheck(assembly).findings) == [])
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == [], "it makes nothing")

        try assembly.prepare()

        #expect(problems(HostCheck(assembly).findings + DataCheck(assembly).findings) == [])
        #expect(DataCheck(assembly).findings.allSatisfy { $0.level == .well })
    }

    @Test func `a directory that is missing, a group that is none and a full disk are problems`() throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }

        let missing = HostCheck(Assembly(try settings(["listen": "unix:\(directory)/none/s"]))).findings
        let group = HostCheck(Assembly(try settings(["group": "no-such-group"]))).findings
        let full = HostCheck(Assembly(try settings(["free_bytes_min": "9223372036854775807"]))).findings

        #expect(problems(missing) == ["the directory \(directory)/none is not there"])
        #expect(problems(group).count == 1)
        #expect(problems(group).first?.contains("no-such-group") == true)
        #expect(problems(full).first?.contains("bytes free") == true)
    }

    @Test func `what everybody may read is worth a warning`() throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let assembly = Assembly(try settings())
        try assembly.prepare()
        chmod("\(directory)/registry.sqlite", 0o644)

        let warnings = HostCheck(assembly).findings.filter { $0.level == .warning && $0.subject == "registry" }

        #expect(warnings.map(\.remedy) == ["chmod o-rwx \(directory)/registry.sqlite"])
    }

    @Test func `a store of another site and a registry that is none are problems`() throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let assembly = Assembly(try settings())
        try assembly.prepare()
        try "another\n".write(toFile: "\(directory)/images/.glance-site", atomically: true, encoding: .utf8)
        #expect(problems(DataCheck(assembly).findings).first?.contains("belongs to site another") == true)

        try "no database, and long enough to be looked at\n".write(
            toFile: "\(directory)/registry.sqlite", atomically: true, encoding: .utf8)
        #expect(problems(DataCheck(assembly).findings).count == 1)
    }

    @Test func `wrong settings are the first problem and the last`() throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let status = DoctorCommand(flags: ["--json"], nginxFile: "/none").run {
            throw SettingsError(place: "x.conf:3", problem: "no such setting")
        }

        #expect(status == 1)
    }

    @Test func `a finding says what, why and what to do, as text and as JSON`() throws {
        let finding = DoctorFinding.problem("nginx", "a \"b\"", why: "c", remedy: "d")

        #expect(finding.text == "PROBLEM  nginx: a \"b\"\n         why: c\n         do:  d\n")
        let json = try JSONDecoder().decode([String: String].self, from: Data(finding.json.utf8))
        #expect(json == ["level": "problem", "subject": "nginx", "what": "a \"b\"", "why": "c", "remedy": "d"])
    }
}
