import FoundationEssentials
import GlanceStores
import SettingsText
import Testing

@testable import glance_api

/// The settings of the swift store, and the file with its secrets.
struct SwiftSettingsTests {
    private func settings(_ lines: [String], secrets: String?) throws -> SwiftSettings? {
        let path = "\(FileManager.default.temporaryDirectory.path)/glance-secrets-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        if let secrets { try Data(secrets.utf8).write(to: URL(filePath: path)) }
        let all = ["stores = file swift", "swift_credentials_file = \(path)"] + lines
        var sources = SettingsSources()
        try sources.take(file: all.joined(separator: "\n"), named: "glance-api.conf")
        return try Settings(sources).swift
    }

    private let url = "swift_auth_url = http://swift.example.com:8080/auth/v1.0/"

    @Test func `three settings are enough`() throws {
        let settings = try #require(try settings([url], secrets: "user = glance:glance\n# mine\nkey = a = b\n"))

        #expect(settings.authentication.description == "http://swift.example.com:8080/auth/v1.0")
        #expect(settings.container == "glance")
        #expect(settings.segmentBytes == 1 << 30)
        guard case .v1(let user, let key) = settings.credentials else {
            Issue.record("not v1")
            return
        }
        #expect((user, key) == ("glance:glance", "a = b"))
    }

    @Test func `Keystone takes a password or an application credential`() throws {
        let keystone = [url, "swift_auth = keystone", "swift_region = North", "swift_interface = internal"]
        let password = "user = u\npassword = p\nuser_domain = d\nproject = pr\nproject_domain = pd"

        for secrets in [password, "application_credential_id = i\napplication_credential_secret = s"] {
            let settings = try #require(try settings(keystone, secrets: secrets))
            guard case .keystone(_, let interface, let region) = settings.credentials else {
                Issue.record("not Keystone")
                return
            }
            #expect((interface, region) == ("internal", "North"))
        }
    }

    @Test(arguments: [
        ([], "user = u\nkey = k", "swift_auth_url"),
        (["swift_auth_url = ftp://x"], "user = u\nkey = k", "swift_auth_url"),
        (["swift_auth_url = http://u:p@x"], "user = u\nkey = k", "swift_auth_url"),
        (["swift_auth_url = http://x"], "user = u", "“key = …” is missing"),
        (["swift_auth_url = http://x"], "user = u\nkey =", "“key = …” is missing"),
        (["swift_auth_url = http://x"], "user = u\nkey = k\npassword = p", ":3: there is no key “password” here"),
        (["swift_auth_url = http://x", "swift_auth = keystone"], "user = u\nkey = k", "there is no key “key” here"),
        (["swift_auth_url = http://x"], "nonsense", ":1: the line is not of the form"),
        (["swift_auth_url = http://x"], nil, "the credentials file cannot be read"),
        (["swift_auth_url = http://x", "swift_container = a/b"], "user = u\nkey = k", "without a slash"),
    ])
    func `what cannot be is refused in words`(lines: [String], secrets: String?, words: String) {
        let error = #expect(throws: SettingsError.self) { try settings(lines, secrets: secrets) }

        #expect(error?.description.contains(words) == true, "\(String(describing: error))")
    }

    @Test func `without that store nothing of it is looked at`() throws {
        var sources = SettingsSources()
        try sources.take(file: "swift_auth_url = nonsense", named: "glance-api.conf")

        #expect(try Settings(sources).swift == nil)
    }
}
