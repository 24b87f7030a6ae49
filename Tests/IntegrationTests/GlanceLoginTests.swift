import Foundation
import GlanceClient
import Testing

/// The command and the library where TLS and a password are asked for.
@Suite struct GlanceLoginTests {
    private let site: Site
    private let glance: GlanceCommand

    init() throws {
        site = try IdentitySite.shared(.basic).site
        glance = try GlanceCommand(url: site.url)
    }

    private var authority: String { "\(site.directory)/tls/ca.pem" }
    private var logins: String { "\(site.directory)/user.netrc" }

    @Test func `an image goes up and comes down over https, with a password and the site's own CA`() throws {
        try glance.write("over TLS", to: "file")
        let trust = ["GLANCE_CA_FILE": authority]

        let added = try glance("add", "file", "-t", "raw", "-q", "--ca-file", authority, "--netrc", logins)
        let id = added.text.trimmingCharacters(in: .newlines)
        let fetched = try glance("get", id, "-o", "copy", "--ca-file", authority, "--netrc", logins)
        let stranger = try glance("get", id, "-o", "stranger", environment: trust)
        let anonymous = try glance("add", "file", "-t", "raw", environment: trust)
        let untrusting = try glance("get", id, "-o", "untrusting", "--netrc", logins)

        #expect(added.status == 0 && fetched.status == 0, "\(added.errors)\(fetched.errors)")
        #expect(glance.file("copy") == Data("over TLS".utf8))
        #expect(try glance("show", id, "--ca-file", authority, "--netrc", logins).text.contains("owner    user\n"))
        #expect(stranger.status == 3 && glance.file("stranger") == nil)
        #expect(anonymous.status == 6 && anonymous.errors.contains("GLANCE_USER"), "\(anonymous.errors)")
        #expect(untrusting.status == 7 && untrusting.errors.contains("certificate"), "\(untrusting.errors)")
    }

    @Test func `the library does the same, and a refusal of HEAD says what to do`() throws {
        var settings = GlanceClient.Settings()
        settings.caFile = authority
        let words = try String(contentsOfFile: logins, encoding: .utf8).split(whereSeparator: \.isWhitespace)
        let password = try #require(words.firstIndex(of: "password").map { String(words[$0 + 1]) })
        settings.credentials = Credentials(user: "user", password: password)
        let client = try GlanceClient(url: site.url, settings: settings)
        settings.credentials = Credentials(user: "user", password: "wrong")
        let wrong = try GlanceClient(url: site.url, settings: settings)

        let image = try client.add(ImageDescription(name: "x", kind: .raw), from: .bytes(Array("bytes".utf8)))
        let download = try client.download(image.id)
        var bytes: [UInt8] = []
        while let piece = try download.next() { bytes += piece }
        let refused = #expect(throws: GlanceError.self) { try wrong.image(image.id) }

        #expect(image.owner == "user" && bytes == Array("bytes".utf8))
        #expect(refused?.refusal?.status == 401)
        #expect(refused?.description.contains("it wants a user and a password") == true)
    }
}
