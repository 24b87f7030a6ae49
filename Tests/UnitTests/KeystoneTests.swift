import FoundationEssentials
import HTTPClient
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

/// What comes of asking a Keystone for a token.
struct KeystoneClientTests {
    private static let credentials = KeystoneCredentials.applicationCredential(id: "i", secret: "s")
    private static let body =
        #"{"auth":{"identity":{"methods":["application_credential"],"application_credential":{"id":"i","secret":"s"}}}}"#

    private static let token = #"{"token": {"expires_at": "2026-11-24T05:00:00.000000Z"}}"#

    /// What a Keystone that gives these answers is asked, and what comes of it.
    private func outcome(_ answers: [(status: Int, body: String, fields: String)]) throws -> (
        Result<String, KeystoneError>, asked: Int
    ) {
        let server = try ScriptedServer { peer in
            for answer in answers {
                try peer.readHead()
                try peer.readBody(Self.body.utf8.count)
                try peer.answer(answer.body, status: answer.status, answer.fields)
            }
            try peer.readToEnd()
        }
        let outcome: Result<String, KeystoneError>
        do throws(KeystoneError) {
            outcome = .success(try KeystoneClient(server.url, client: HTTPClient()).token(for: Self.credentials).text)
        } catch {
            outcome = .failure(error)
        }
        let story = server.story().joined()
        return (outcome, story.matches(of: /\[POST \/auth\/tokens HTTP/).count)
    }

    @Test func `a token comes in a header`() throws {
        let (outcome, asked) = try outcome([(201, Self.token, "X-Subject-Token: secret\r\n")])

        #expect(outcome == .success("secret"))
        #expect(asked == 1)
    }

    @Test(arguments: [
        (401, "{}"), (403, "{}"),
        (404, #"{"error":{"code":404,"message":"Could not find Application Credential: i.","title":"Not Found"}}"#),
    ])
    func `credentials that are refused are not tried again`(status: Int, body: String) throws {
        let (outcome, asked) = try outcome([(status, body, "")])

        #expect(outcome == .failure(.refused))
        #expect(asked == 1)
    }

    @Test func `a Keystone that stumbles twice is no failure`() throws {
        let stumble = (503, "", "")

        let (outcome, asked) = try outcome([stumble, stumble, (201, Self.token, "X-Subject-Token: secret\r\n")])

        #expect(outcome == .success("secret"))
        #expect(asked == 3)
    }

    @Test func `a Keystone that does not work is asked three times`() throws {
        let (outcome, asked) = try outcome(Array(repeating: (503, "", ""), count: 3))

        guard case .failure(.away(let reason)) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(reason.hasSuffix("answers HTTP 503"))
        #expect(asked == 3)
    }

    @Test(arguments: [
        (201, token, ""), (201, "{}", "X-Subject-Token: secret\r\n"), (201, "<html>", "X-Subject-Token: secret\r\n"),
        (200, token, "X-Subject-Token: secret\r\n"), (300, "{}", ""), (404, "{}", ""),
    ])
    func `an answer that is no token is said to be none`(status: Int, body: String, fields: String) throws {
        #expect(try outcome([(status, body, fields)]).0 == .failure(.malformed))
    }
}
