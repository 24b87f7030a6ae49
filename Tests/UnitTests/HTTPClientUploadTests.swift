import Bytes
import HTTP
import Testing

@testable import HTTPClient

@Suite struct HTTPClientUploadTests {
    private static let asked = "[PUT /a HTTP/1.1|Content-Length: 5|Expect: 100-continue]"
    private static let chunked = "[PUT /a HTTP/1.1|Transfer-Encoding: chunked|Expect: 100-continue]"
    private static let goOn = "HTTP/1.1 100 Continue\r\n\r\n"

    private let client: HTTPClient

    init() throws {
        client = HTTPClient()
    }

    @Test func `a body goes out once the server wants it`() throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            if peer.hasInput { peer.note("<too early>") }
            try peer.send(Self.goOn)
            try peer.readBody(5)
            try peer.answer("stored", status: 201)
        }

        let upload = try #require(try client.wantedUpload(length: 5, to: server))
        #expect(try upload.write("he"))
        #expect(try upload.write(""))
        #expect(try upload.write("llo"))
        let answer = try upload.finish()

        #expect(answer.status == 201)
        #expect(try answer.bytes() == Array("stored".utf8))
        #expect(server.story() == ["\(Self.asked)hello"])
    }

    @Test func `a body of unknown length goes out in chunks as it is written`() throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.send(Self.goOn)
            try peer.readBody(7 + 8 + 22 + 5)
            try peer.answer("", status: 201)
        }

        let upload = try #require(try client.wantedUpload(length: nil, to: server))
        #expect(try upload.write("he"))
        #expect(try upload.write(""))
        #expect(try upload.write("llo"))
        #expect(try upload.write("0123456789abcdef"))

        #expect(try upload.finish().status == 201)
        let chunks = "2\r\nhe\r\n3\r\nllo\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n"
        #expect(server.story() == [Self.chunked + chunks])
    }

    @Test func `a chunked body of nothing is its end alone`() throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.send(Self.goOn)
            try peer.readBody(5)
            try peer.answer("", status: 201)
        }

        let upload = try #require(try client.wantedUpload(length: nil, to: server))

        #expect(try upload.finish().status == 201)
        #expect(server.story() == ["\(Self.chunked)0\r\n\r\n"])
    }

    @Test func `an empty body is not asked about`() throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.answer("", status: 201)
        }

        let upload = try #require(try client.wantedUpload(length: 0, to: server))

        #expect(try upload.finish().status == 201)
        #expect(server.story() == ["[PUT /a HTTP/1.1|Content-Length: 0]"])
    }

    @Test(arguments: [5, nil])
    func `a server that refuses gets no byte of the body`(length: Int64?) throws {
        let server = try ScriptedServer(
            { peer in
                try peer.readHead()
                try peer.answer("who are you?", status: 401)
                try peer.readToEnd()
            },
            { peer in
                try peer.readHead()
                try peer.answer("second")
            })

        do {
            guard
                case .answered(let answer) = try client.upload(
                    ClientRequest("PUT", "/a"), length: length, to: server.url)
            else {
                Issue.record("the body was not refused")
                return
            }
            #expect(answer.status == 401)
            #expect(try answer.bytes() == Array("who are you?".utf8))
        }

        #expect(try client.send(ClientRequest("GET", "/2"), to: server.url).bytes() == Array("second".utf8))
        #expect(
            server.story() == [(length == nil ? Self.chunked : Self.asked) + "<gone>", "[GET /2 HTTP/1.1]"],
            "and the connection, on which the server may wait for a body, is not used again")
    }

    @Test func `a server that says nothing about it gets the body nevertheless`() async throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.readBody(5)
            try peer.answer("", status: 201)
        }
        var settings = HTTPClient.Settings()
        settings.continueSecondsMax = 1
        let client = HTTPClient(settings)

        let status = await withCheckedContinuation { continuation in
            _ = ThreadBeside {
                continuation.resume(returning: try? Self.upload("hello", by: client, to: server.url))
            }
        }

        #expect(status == 201)
        #expect(server.story() == ["\(Self.asked)hello"])
    }

    @Test func `a connection takes a second upload behind a 201`() throws {
        let server = try ScriptedServer { peer in
            for _ in 0..<2 {
                try peer.readHead()
                try peer.send(Self.goOn)
                try peer.readBody(5)
                try peer.answer("", status: 201)
            }
        }

        #expect(try Self.upload("hello", by: client, to: server.url) == 201)
        #expect(try Self.upload("again", by: client, to: server.url) == 201)

        #expect(server.story() == ["\(Self.asked)hello\(Self.asked)again"])
    }

    @Test func `an upload begins anew where a kept connection dies under its head`() throws {
        let server = try ScriptedServer(
            { peer in
                try peer.readHead()
                try peer.answer("first")
                try peer.readHead()
            },
            { peer in
                try peer.readHead()
                try peer.send(Self.goOn)
                try peer.readBody(5)
                try peer.answer("", status: 201)
            })
        _ = try client.send(ClientRequest("GET", "/"), to: server.url).bytes()

        #expect(try Self.upload("hello", by: client, to: server.url) == 201)

        #expect(server.story() == ["[GET / HTTP/1.1]\(Self.asked)", "\(Self.asked)hello"])
    }

    @Test func `interim answers amid the body are no answers`() throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.send(Self.goOn + "HTTP/1.1 102 Processing\r\n\r\n" + Self.goOn)
            try peer.readBody(5)
            try peer.send("HTTP/1.1 102 Processing\r\n\r\n")
            try peer.answer("", status: 201)
        }

        #expect(try Self.upload("hello", by: client, to: server.url) == 201)
    }

    @Test func `letting go of an upload closes the connection`() throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.send(Self.goOn)
            try peer.readToEnd()
        }

        do {
            let upload = try #require(try client.wantedUpload(length: 5, to: server))
            #expect(try upload.write("hel"))
        }

        #expect(server.story() == ["\(Self.asked)hel<gone>"])
    }

    /// The status of an upload; nil where the server did not want it.
    private static func upload(_ text: String, by client: HTTPClient, to url: ServerURL) throws -> Int? {
        let start = try client.upload(ClientRequest("PUT", "/a"), length: Int64(text.utf8.count), to: url)
        guard case .wanted(let upload) = start, try Array(text.utf8).withUnsafeBytes(upload.write) else { return nil }
        return try upload.finish().status
    }
}

extension HTTPClient {
    /// An upload that the server wants; nil where it does not.
    func wantedUpload(length: Int64?, to server: ScriptedServer) throws -> HTTPUpload? {
        guard case .wanted(let upload) = try upload(ClientRequest("PUT", "/a"), length: length, to: server.url)
        else { return nil }
        return upload
    }
}

extension HTTPUpload {
    func write(_ text: String) throws -> Bool { try Array(text.utf8).withUnsafeBytes(write) }

    /// Status and body of the answer.
    func answer() throws -> String {
        let answer = try finish()
        return "\(answer.status) \(String(decoding: try answer.bytes(), as: UTF8.self))"
    }
}
