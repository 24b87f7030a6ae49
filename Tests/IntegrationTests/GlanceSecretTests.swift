import Foundation
import Synchronization
import Testing

/// Who asks, and who must not learn it: `glance` against a server that wants credentials and writes down what it gets.
@Suite struct GlanceSecretTests {
    private static let secret = "s3cr3t-of-ann"
    /// ann and her secret (RFC 7617).
    private static let header = "Basic \(Data("ann:\(secret)".utf8).base64EncodedString())"

    private let server: DemandingServer
    private let glance: GlanceCommand

    init() throws {
        server = try DemandingServer(Self.header)
        glance = try GlanceCommand(url: server.url)
    }

    @Test func `a password comes from a file, also from one that is a pipe`() throws {
        try glance.write("\(Self.secret)\nnot this\n", to: "password")
        let user = ["GLANCE_USER": "ann"]

        let fromFile = try glance("list", environment: user.merging(["GLANCE_PASSWORD_FILE": "password"]) { $1 })
        let fromPipe = try glance.shell("glance list --user ann --password-file <(echo \(Self.secret))")
        let without = try glance("list", environment: user)

        #expect(fromFile.status == 0 && fromFile.errors == "glance: no images\n", "\(fromFile.errors)")
        #expect(fromPipe.status == 0, "\(fromPipe.errors)")
        #expect(without.status == 2 && without.errors.contains("GLANCE_PASSWORD_FILE"))
    }

    @Test func `a netrc entry is for its host alone`() throws {
        try glance.write("machine 127.0.0.1 login ann password \(Self.secret)\n", to: ".netrc")
        try glance.write("machine elsewhere login ann password \(Self.secret)\n", to: "other")

        let known = try glance("list")
        let other = try glance("list", environment: ["GLANCE_NETRC": "other"])
        let named = try glance("list", "--netrc", "none")

        #expect(known.status == 0)
        #expect(other.status == 6 && other.errors.contains("GLANCE_USER"))
        #expect(named.status == 2)
        #expect(server.received().filter { $0 == Self.header }.count == 1)
    }

    @Test func `the configuration file says where the server is and who asks`() throws {
        try FileManager.default.createDirectory(
            atPath: "\(glance.directory)/.config/glance", withIntermediateDirectories: true)
        try glance.write(Self.secret, to: "password")
        try glance.write(
            "url = \(server.url)\nuser = ann\npassword_file = ~/password\n", to: ".config/glance/config")

        #expect(try glance("list", environment: ["GLANCE_URL": ""]).status == 0)
        #expect(try glance("list", "--url", server.url + "/other").status == 6)
    }

    @Test func `a file with a password that others may read is pointed out`() throws {
        try glance.write(Self.secret, to: "password", mode: 0o644)

        let output = try glance("list", "--user", "ann", "--password-file", "password")

        #expect(output.status == 0)
        #expect(output.errors.hasPrefix("glance: warning: others may read password: chmod 600 password\n"))
    }

    @Test func `a server of https is asked where the CA file has its certificate, and no other is`() throws {
        let certificate = try Certificate()
        let (trusted, stranger) = (try TLSServer(certificate, ["-www"]), try TLSServer(certificate, ["-www"]))

        // It is no Glance, which is to be heard from within TLS.
        let heard = try glance("list", "--url", "https://localhost:\(trusted.port)", "--ca-file", certificate.file)
        let refused = try glance("list", "--url", "https://localhost:\(stranger.port)")

        #expect(heard.status == 1 && heard.errors.contains("does not answer as a Glance does"), "\(heard.errors)")
        #expect(refused.status == 7 && refused.errors.contains("certificate"), "\(refused.errors)")
    }

    @Test func `no secret is in an error, in the arguments, or shown to a server that sends elsewhere`() throws {
        let stranger = try DemandingServer("no such header")
        let redirecting = try DemandingServer(nil, redirectingTo: stranger.url)
        try glance.write("machine 127.0.0.1 login ann password wrong-\(Self.secret)\n", to: ".netrc")

        let refused = try glance("list")
        let sentElsewhere = try glance("list", "--url", redirecting.url)
        let inURL = try glance("list", "--url", "http://ann:\(Self.secret)@127.0.0.1:1")
        let uri = "http://ann:\(Self.secret)@127.0.0.1/images/1"
        let inURI = try ["show", "get", "delete", "update"].map { try glance($0, uri) }

        #expect(refused.status == 6 && sentElsewhere.status == 1 && inURL.status == 2)
        #expect(inURI.map(\.status) == [2, 2, 2, 2])
        for output in [refused, sentElsewhere, inURL] + inURI {
            #expect(!(output.text + output.errors).contains(Self.secret))
        }
        #expect(stranger.received().isEmpty)
    }
}

/// Answers an empty list to whoever sends the right `Authorization`, and 401 to everybody else.
private final class DemandingServer: Sendable {
    let url: String
    private let seen = Mutex<[String]>([])

    init(_ header: String?, redirectingTo place: String? = nil) throws {
        let (number, port) = try listeningSocket()
        url = "http://127.0.0.1:\(port)"
        let listener = Wire(number)
        Thread.detachNewThread { [self] in
            while let client = listener.accept() {
                guard let (head, _) = client.readHead() else { continue }
                let line = head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("authorization: ") }
                let given = line.map { String($0.dropFirst("authorization: ".count)) }
                seen.withLock { $0.append(given ?? "") }
                client.send(Self.answer(isRight: given == header, place))
                client.finishWriting()
            }
        }
    }

    /// The `Authorization` of each request.
    func received() -> [String] { seen.withLock { $0 } }

    private static func answer(isRight: Bool, _ place: String?) -> String {
        let body = isRight ? "{\"images\": []}" : "You are not logged in: give a user and password.\n"
        let status = place != nil ? "302 Found" : isRight ? "200 OK" : "401 Unauthorized"
        let location = place.map { "Location: \($0)/images/\r\n" } ?? ""
        return "HTTP/1.1 \(status)\r\n\(location)Content-Type: \(isRight ? "application/json" : "text/plain")\r\n"
            + "Content-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)"
    }
}
