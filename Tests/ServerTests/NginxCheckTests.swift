import Foundation
import SettingsText
import Testing

@testable import glance_api

/// What the doctor says of nginx's configuration: of the one that is shipped, and of those where something was changed.
@Suite struct NginxCheckTests {
    private static let project = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// All of nginx/, as `nginx -T` prints it where it listens on loopback.
    private static func shipped(identity: String = "none") throws -> String {
        let names = [
            "nginx.conf", "glance.conf", "glance_params", "identity-none.conf", "identity-basic.conf",
            "identity-keystone.conf", "identity-errors.conf", "tls.conf",
        ]
        return try names.map { name in
            let text = try String(contentsOf: project.appending(path: "nginx/\(name)"), encoding: .utf8)
                .replacing("listen 9292", with: "listen 127.0.0.1:9292")
                .replacing("include identity-none.conf", with: "include identity-\(identity).conf")
            return "# configuration file /etc/glance/nginx/\(name):\n\(text)\n"
        }.joined()
    }

    private func findings(_ text: String, _ change: [String: String] = [:]) throws -> [DoctorFinding] {
        var sources = SettingsSources()
        for (key, value) in change { try sources.take(key, value, from: key) }
        return NginxCheck.judge(NginxConfiguration(text), try Settings(sources), file: "nginx.conf")
            .filter { $0.level != .well }
    }

    private func problems(_ text: String, _ change: [String: String] = [:]) throws -> [String] {
        try findings(text, change).map(\.what)
    }

    @Test func `what is shipped is well`() throws {
        #expect(try problems(Self.shipped()) == [])
    }

    @Test(arguments: [
        ("server unix:/run/glance/glance-api.sock", "server unix:/run/other.sock", "unix:/run/other.sock"),
        (" max_fails=0;", ";", "no max_fails=0"),
        ("alias /var/lib/glance/images/;", "alias /srv/images/;", "/srv/images/"),
        ("load_module", "# load_module", "njs is not loaded"),
        ("js_import glance from", "js_import other from", "js_import is not glance"),
        ("js_header_filter glance.metadata;", "", "js_header_filter is not glance.metadata"),
        ("scgi_request_buffering off;", "", "scgi_request_buffering is not off"),
        ("underscores_in_headers on;", "underscores_in_headers off;", "underscores_in_headers is not on"),
        ("max_ranges 1;", "max_ranges 100;", "max_ranges is not 1"),
        ("scgi_buffer_size 256k;", "scgi_buffer_size 8k;", "scgi_buffer_size is 8k"),
        ("scgi_buffers 4 256k;", "", "scgi_buffers is not set"),
        ("client_max_body_size 0;", "client_max_body_size 1m;", "client_max_body_size of Glance's server is not 0"),
        ("9292 default_server", "9292", "has no default_server"),
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

    @Test(arguments: [
        ("scgi_param X 1;", "SCGI parameters", "location /"),
        ("scgi_request_buffering on;", "scgi_request_buffering is not off", "location /"),
        ("client_max_body_size 1m;", "client_max_body_size", "location /"),
        ("scgi_buffers 8 4k;", "scgi_buffers is 4k", "location /"),
    ])
    func `what a location says for itself hides what is right further out`(own: String, found: String, place: String)
        throws
    {
        let text = try Self.shipped().replacing(
            "location / {\n        if", with: "location / {\n        \(own)\n        if")

        let problems = try problems(text)

        #expect(problems.count == 1, "\(problems)")
        #expect(problems.first?.contains(found) == true)
        #expect(problems.first?.contains(place) == true)
    }

    @Test func `what is right in another site's server is none of Glance's`() throws {
        let other = """
            server {
                listen 80;
                underscores_in_headers on;
                location / { scgi_request_buffering off; scgi_pass 127.0.0.1:4000; }
            }
            """
        let broken = try Self.shipped().replacing("underscores_in_headers on;", with: "")
            .replacing("scgi_request_buffering off;", with: "")
            .replacing("\n    include glance.conf;", with: "\n\(other)\n include glance.conf;")

        let found = try problems(broken)
        #expect(found.count == 2, "\(found)")
        let alone = try problems(Self.shipped().replacing("\n    include glance.conf;", with: "\n\(other)"))
        #expect(alone == ["nginx.conf has nothing of Glance's in it"])
    }

    @Test func `a file that nothing includes is not there`() throws {
        let text = try Self.shipped().replacing("    include glance_params;\n    # /healthz", with: "    # /healthz")

        #expect(try problems(text).first?.hasPrefix("SCGI parameters") == true)
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

    @Test func `nginx and the settings have to agree on who says who asks`() throws {
        let keystone = ["identity": "nginx", "keystone_url": "http://127.0.0.1:5000/v3"]

        #expect(try problems(Self.shipped(), ["identity": "nginx"]).first?.contains("nginx says nothing") == true)
        #expect(try problems(Self.shipped(identity: "keystone")).first?.contains("nginx says who asks") == true)
        #expect(try problems(Self.shipped(identity: "keystone"), keystone) == [])
        #expect(
            try problems(Self.shipped(identity: "keystone"), ["identity": "nginx"])
                == ["nginx asks glance-api whose a token is, and keystone_url is not set"])
    }

    @Test func `a file of users that is not there, or that everybody may read, is found`() throws {
        let users = NSTemporaryDirectory() + "glance-users-\(UUID().uuidString)"
        let text = try Self.shipped(identity: "basic").replacing("/etc/glance/users", with: users)

        #expect(try problems(text, ["identity": "nginx"]).first?.hasPrefix("the file of users \(users)") == true)
        try "ann:x\n".write(toFile: users, atomically: true, encoding: .utf8)
        defer { unlink(users) }
        chmod(users, 0o644)
        #expect(try problems(text, ["identity": "nginx"]) == ["everybody on this host may read \(users)"])
        chmod(users, 0o640)
        #expect(try problems(text, ["identity": "nginx"]) == [])
    }

    @Test func `an address that others reach is worth a warning where nobody there is served`() throws {
        let everywhere = try Self.shipped().replacing("127.0.0.1:9292 default", with: "9292 default")

        let findings = try findings(everywhere)

        #expect(findings.map(\.level) == [.warning])
        #expect(findings.first?.why.contains("503") == true)
        #expect(try problems(everywhere, ["open": "true"]) == [])
    }

    @Test func `directives are read with their blocks, quotes, comments and variables`() {
        let nginx = NginxConfiguration(
            "a 1; # b 2;\nhttp { map $x $y { default \"a; b {\"; } server { c ${v}x 'd e'; } }\nf g;")

        #expect(nginx.directives.map(\.name) == ["a", "http", "f"])
        let http = nginx.all("http").first
        #expect(http?.all("map").first?.all("default").first?.arguments == ["a; b {"])
        #expect(http?.all("server").first?.all("c").first?.arguments == ["${v}x", "d e"])
    }

    @Test func `an include is what it names, by a pattern too, and relative to the main file`() {
        let nginx = NginxConfiguration(
            """
            nginx: the configuration file is ok
            # configuration file /etc/nginx/nginx.conf:
            include modules/*.conf;
            http { include /etc/nginx/a; include none; }
            # configuration file /etc/nginx/modules/1.conf:
            one;
            # configuration file /etc/nginx/modules/2.conf:
            two;
            # configuration file /etc/nginx/a:
            include b;
            # configuration file /etc/nginx/b:
            c;
            """)

        #expect(nginx.directives.map(\.name) == ["one", "two", "http"])
        #expect(nginx.all("http").first?.block?.map(\.name) == ["c"])
    }
}
