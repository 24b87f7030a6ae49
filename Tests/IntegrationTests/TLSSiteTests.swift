import Foundation
import Testing

/// What `deploy/up --tls` starts.
@Suite(.serialized) struct TLSSiteTests {
    private static let started = Result { try Site(["--store", "file", "--tls"]).leftToTheEnd() }
    private let site: Site

    init() throws {
        site = try Self.started.get()
    }

    private func handshake(_ protocolOption: String) throws -> Output {
        try run(
            "openssl",
            ["s_client", "-connect", "127.0.0.1:\(site.port)", "-CAfile", "\(site.directory)/tls/ca.pem"]
                // So that this end would speak the old ones.
                + ["-verify_return_error", "-cipher", "ALL:@SECLEVEL=0", protocolOption])
    }

    @Test(arguments: [("-tls1", false), ("-tls1_1", false), ("-tls1_2", true), ("-tls1_3", true)])
    func `only TLS 1.2 and 1.3 are spoken`(protocolOption: String, isSpoken: Bool) throws {
        let output = try handshake(protocolOption)

        #expect((output.status == 0) == isSpoken, "\(output.text)\(output.errors)")
        #expect(isSpoken || output.errors.contains("alert protocol version"), "\(output.errors)")
    }

    @Test(arguments: ["127.0.0.1", "localhost", "[::1]"])
    func `the certificate is for every name of loopback`(host: String) throws {
        let name = host.trimmingCharacters(in: ["[", "]"])
        let check = name == "localhost" ? "-checkhost" : "-checkip"

        let output = try run(
            "openssl", ["x509", "-noout", "-in", "\(site.directory)/tls/certificate.pem", check, name])

        #expect(output.text.contains("does match"), "\(output.text)")
    }

    @Test func `images come and go as without it, and their URIs say https`() throws {
        let added = try site.add("over TLS", ["x-image-meta-id": "tls"])

        #expect(added["location"] == "https://127.0.0.1:\(site.port)/images/tls")
        #expect(try site.curl("/images/tls").text == "over TLS")
    }

    @Test func `who does not know the CA is warned, and who forgets the s is told`() throws {
        let untrusting = try run("curl", ["-sS", site.url])
        let plain = try run("curl", ["-s", "-w", "%{http_code}", "http://127.0.0.1:\(site.port)/images/"])

        #expect(untrusting.status == 60)
        #expect(plain.text.hasPrefix("400 Bad Request: this port speaks TLS"))
        #expect(plain.text.hasSuffix("400"))
    }

    @Test func `Strict-Transport-Security is on every answer once it is turned on`() throws {
        #expect(try site.add("x", ["x-image-meta-id": "hsts"]).status == 200)
        #expect(try site.curl("/images/")["strict-transport-security"] == nil)
        try site.configureNginx("glance.conf") { $0.replacing("# on \"max-age", with: "on \"max-age") }
        try site.reloadNginx()

        for (path, status) in [
            ("/images/", 200), ("/images/hsts", 200), ("/images/none", 404), ("/_glance/images/", 404),
        ] {
            let answer = try site.curl(path)

            #expect(answer.status == status)
            #expect(answer["strict-transport-security"] == "max-age=31536000", "\(path)")
        }
    }
}
