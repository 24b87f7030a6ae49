import HTTPClient
import Testing

/// The HTTP client above TLS, against `openssl s_server -www`.
@Suite struct HTTPSTests {
    private let certificate: Certificate

    init() throws {
        certificate = try Certificate()
    }

    private func get(_ host: String, _ port: UInt16, caFile: String?) throws -> (status: Int, text: String) {
        var settings = HTTPClient.Settings()
        settings.caFile = caFile
        let url = try #require(ServerURL("https://\(host):\(port)"))
        let answer = try HTTPClient(settings).send(ClientRequest("GET", "/"), to: url, secondsMax: 20)
        return (answer.status, String(decoding: try answer.bytes(), as: UTF8.self))
    }

    @Test func `an answer comes through whole`() throws {
        let server = try TLSServer(certificate, ["-www"])

        let answer = try get("localhost", server.port, caFile: certificate.file)

        #expect(answer.status == 200)
        #expect(answer.text.contains("s_server"))
        #expect(answer.text.contains("</HTML>") || answer.text.contains("</html>"))
    }

    @Test func `a server that cannot be trusted is unreachable, and the error says why`() throws {
        let server = try TLSServer(certificate, ["-www"])

        let error = #expect(throws: HTTPClientError.self) { try get("localhost", server.port, caFile: nil) }

        #expect(error?.description.contains("self-signed certificate") == true, "\(String(describing: error))")
        #expect(error?.description.contains("localhost:\(server.port)") == true)
    }

    @Test func `https asked of what speaks http is unreachable, and the error says so`() throws {
        let site = try Site.shared.get()

        let error = #expect(throws: HTTPClientError.self) {
            try get("127.0.0.1", UInt16(site.port), caFile: certificate.file)
        }

        #expect(error?.description.contains("TLS") == true, "\(String(describing: error))")
    }
}
