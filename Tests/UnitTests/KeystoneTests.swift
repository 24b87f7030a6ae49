import FoundationEssentials
import Testing

@testable import Keystone

/// What is asked of Keystone, and what its answer says.
struct KeystoneTests {
    private let body = """
        {"token": {"methods": ["password"], "expires_at": "2026-11-24T05:00:00.000000Z",
          "issued_at": "2026-11-24T04:00:00.000000Z", "catalog": [
          {"type": "identity", "name": "keystone", "endpoints": []},
          {"type": "object-store", "name": "swift", "endpoints": [
            {"interface": "public", "region": "One", "url": "http://one/v1/KEY_1"},
            {"interface": "internal", "region": "One", "url": "http://inner/v1/KEY_1"},
            {"interface": "public", "region": "Two", "url": "http://two/v1/KEY_1"}]}]}}
        """

    @Test func `a token has its end and its catalog`() throws {
        let token = try #require(KeystoneToken(text: "secret", body: Array(body.utf8)))

        #expect(token.expiresAt == 1_795_496_400)
        #expect(token.issuedAt == 1_795_492_800)
        #expect(token.endpoint(type: "object-store", interface: "public", region: nil) == "http://one/v1/KEY_1")
        #expect(token.endpoint(type: "object-store", interface: "public", region: "Two") == "http://two/v1/KEY_1")
        #expect(token.endpoint(type: "object-store", interface: "internal", region: nil) == "http://inner/v1/KEY_1")
        #expect(token.endpoint(type: "object-store", interface: "internal", region: "Two") == nil)
        #expect(token.endpoint(type: "image", interface: "public", region: nil) == nil)
    }

    @Test(arguments: [
        "", "{}", "<html>", #"{"token": {"expires_at": "tomorrow"}}"#, #"{"token": {"expires_at": "2026-11-24"}}"#,
    ])
    func `what is no token is none`(body: String) {
        #expect(KeystoneToken(text: "secret", body: Array(body.utf8)) == nil)
    }

    @Test func `an end without a fraction is an end too`() {
        let body = #"{"token": {"expires_at": "2026-11-24T05:00:00Z"}}"#

        #expect(KeystoneToken(text: "secret", body: Array(body.utf8))?.expiresAt == 1_795_496_400)
    }

    @Test func `a password is for a user of a domain and a project of one`() throws {
        let credentials = KeystoneCredentials.password(
            user: "u", userDomain: "ud", password: "p", project: "pr", projectDomain: "pd")

        #expect(
            try json(credentials) == """
                {"auth":{"identity":{"methods":["password"],"password":{"user":{"domain":{"name":"ud"},"name":"u",\
                "password":"p"}}},"scope":{"project":{"domain":{"name":"pd"},"name":"pr"}}}}
                """)
    }

    @Test func `an application credential has no scope but its own`() throws {
        #expect(
            try json(.applicationCredential(id: "i", secret: "s")) == """
                {"auth":{"identity":{"application_credential":{"id":"i","secret":"s"},\
                "methods":["application_credential"]}}}
                """)
    }

    private func json(_ credentials: KeystoneCredentials) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return String(decoding: try encoder.encode(credentials.body), as: UTF8.self)
    }
}
