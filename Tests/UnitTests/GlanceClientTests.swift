import HTTP
import HTTPClient
import Testing

@testable import GlanceClient

/// What a client asks, and what it makes of answers.
@Suite struct GlanceClientTests {
    @Test func `a list is asked for page by page, and only as it is read`() throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.answer(list(0..<200))
            try peer.readHead()
            try peer.answer(list(200..<203))
        }
        let images = try client(of: server).images()

        let first = try #require(try images.next())
        let rest = try images.all()

        #expect(first.id == "0" && first.name == "Image 0" && first.kind == .raw && first.size == 7)
        #expect(rest.map(\.id) == (1..<203).map { "\($0)" })
        #expect(
            server.story() == [
                "[GET /images/?limit=200 HTTP/1.1][GET /images/?limit=200&marker=199 HTTP/1.1]"
            ])
    }

    @Test func `a filter becomes a query, and its limit is kept across pages`() throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.answer(list(0..<200))
            try peer.readHead()
            try peer.answer(list(200..<201))
        }
        var filter = ImageFilter()
        filter.name = "a b&c"
        filter.kind = .kernel
        filter.status = .queued
        filter.sizeMin = 1
        filter.properties = ["os": "ü"]
        filter.visibility = .all
        filter.sortKey = .createdAt
        filter.isDescending = true
        filter.limit = 201
        filter.after = "x"

        let images = try client(of: server).imagesDetailed(filter).all()

        #expect(images.count == 201)
        let query =
            "name=a%20b%26c&type=kernel&status=queued&size_min=1&is_public=none&sort_key=created_at&sort_dir=desc"
        #expect(
            server.story() == [
                "[GET /images/detail?\(query)&limit=200&marker=x&property-os=%C3%BC HTTP/1.1]"
                    + "[GET /images/detail?\(query)&limit=1&marker=199&property-os=%C3%BC HTTP/1.1]"
            ])
    }

    @Test(arguments: [3, 200, 500])
    func `a server that knows neither limit nor marker is asked no more than twice`(count: Int) throws {
        let server = try ScriptedServer { peer in
            while true {
                try peer.readHead()
                try peer.answer(list(0..<count))
            }
        }

        let images = try client(of: server).images().all()

        #expect(images.map(\.id) == (0..<count).map { "\($0)" })
    }

    @Test func `metadata come from the headers, whatever else is there`() throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.answer("", "\(described)X-Image-Meta-Property-Distro: Ubuntu: 10.04\r\nServer: nginx\r\n")
        }

        let image = try client(of: server).image("71c675ab")

        #expect(image.id == "71c675ab" && image.uri == "http://glance.example.com/images/71c675ab")
        #expect(image.name == "Ubuntu" && image.kind == .kernel && image.size == 5 && image.store == "file")
        #expect(image.status == .available && image.isPublic && image.owner == "ann" && image.version == 3)
        #expect(image.createdAt == "2010-02-03 09:34:01" && image.deletedAt.isEmpty)
        #expect(image.sha256 == helloDigest && image.properties == ["distro": "Ubuntu: 10.04"])
        #expect(server.story() == ["[HEAD /images/71c675ab HTTP/1.1]"])
    }

    @Test(arguments: [
        ("http://127.0.0.1/images/1", "1"), ("http://127.0.0.1:9292/images/a.b", "a.b"),
        ("https://127.0.0.1/v1/images/1/", "1"), ("1", "1"),
    ])
    func `an image is named by its id, or by a URI of the server's host`(reference: String, id: String) throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.answer("", described)
        }

        _ = try client(of: server).image(reference)

        #expect(server.story() == ["[HEAD /images/\(id) HTTP/1.1]"])
    }

    @Test(arguments: [
        "http://other.example.com/images/1", "http://127.0.0.1", "ftp://127.0.0.1/images/1", "detail", "", "a/b",
        "../x",
        "a b", "http://127.0.0.1/images/detail",
    ])
    func `what names no image of this server is refused before anything is sent`(reference: String) throws {
        let server = try ScriptedServer { try $0.readHead() }

        #expect { try client(of: server).image(reference) } throws: {
            if case GlanceError.invalid = $0 { true } else { false }
        }
        #expect(server.story() == [])
    }

    @Test func `a path before the API's goes before every request`() throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.answer("", described)
        }

        _ = try GlanceClient(url: "\(server.url)/glance/").image("1")

        #expect(server.story() == ["[HEAD /glance/images/1 HTTP/1.1]"])
    }

    @Test func `an update sends what changes, and nothing else`() throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.answer(one("1"))
            try peer.readHead()
            try peer.answer(one("1"))
        }
        let client = try client(of: server)

        try client.update("1", ImageUpdate(name: "New", isPublic: false, properties: ["Some Key": "v"], version: 4))
        try client.update("1", ImageUpdate(properties: [:], replacesProperties: true))

        #expect(
            server.story() == [
                """
                [PUT /images/1 HTTP/1.1|x-image-meta-name: New|x-image-meta-version: 4|x-image-meta-is_public: False\
                |x-image-meta-property-some_key: v|Content-Length: 0]\
                [PUT /images/1 HTTP/1.1|x-glance-registry-purge-props: true|Content-Length: 0]
                """
            ])
    }

    @Test(arguments: [
        ImageUpdate(name: "a\r\nX-Evil: 1"), ImageUpdate(name: " a"), ImageUpdate(properties: ["k": "a\nb"]),
        ImageUpdate(properties: ["": "v"]), ImageUpdate(properties: ["a-b": "1", "a_b": "2"]),
    ])
    func `what could not travel in a header is never sent`(change: ImageUpdate) throws {
        let server = try ScriptedServer { try $0.readHead() }

        #expect { try client(of: server).update("1", change) } throws: {
            if case GlanceError.invalid = $0 { true } else { false }
        }
        #expect(server.story() == [])
    }

    @Test func `an image is deleted, on condition of its version`() throws {
        let server = try ScriptedServer { peer in
            for _ in 0..<2 {
                try peer.readHead()
                try peer.answer("")
            }
        }

        let client = try client(of: server)

        try client.delete("1")
        try client.delete("1", version: 7)

        #expect(server.story().joined().contains("[DELETE /images/1 HTTP/1.1|x-image-meta-version: 7]"))
    }

    @Test func `credentials go with every request, and are shown nowhere`() throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.answer("No.\n", status: 401, "Content-Type: text/plain\r\n")
        }
        var settings = GlanceClient.Settings()
        settings.credentials = Credentials(user: "Aladdin", password: "open sesame")

        let error = #expect(throws: GlanceError.self) {
            try GlanceClient(url: server.url.description, settings: settings).delete("1")
        }

        #expect(
            server.story() == ["[DELETE /images/1 HTTP/1.1|Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==]"])
        var shown = "\(settings) \(String(reflecting: settings)) \(String(describing: error))"
        dump(settings, to: &shown)
        #expect(!shown.contains("sesame") && !shown.contains("QWxh"))
    }

    @Test func `a redirect is followed nowhere`() throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.answer("", status: 301, "Location: http://127.0.0.1:1/images/1\r\n")
        }
        var settings = GlanceClient.Settings()
        settings.credentials = Credentials(user: "a", password: "b")

        let error = #expect(throws: GlanceError.self) {
            try GlanceClient(url: server.url.description, settings: settings).image("1")
        }

        #expect(
            error.map(String.init(describing:))?.contains("sends elsewhere, to http://127.0.0.1:1/images/1") == true)
    }

    @Test(arguments: [
        "http://user:secret@host", "host:9292", "ftp://host", "http://", "http://host?x=1", "http://host:0", "",
    ])
    func `what is no URL of a server is refused, and a password in it is not repeated`(url: String) {
        let error = #expect(throws: GlanceError.self) { try GlanceClient(url: url) }

        #expect(error.map(String.init(describing:))?.contains("secret") == false)
    }

    @Test(arguments: [
        "http://ann:secret@127.0.0.1/images/1", "http://127.0.0.1/images/ann:secret@1", "ann:secret@127.0.0.1",
        "http://secret@other.example.com/images/1",
    ])
    func `a password in a URI of an image is not repeated`(reference: String) throws {
        let client = try GlanceClient(host: "127.0.0.1", port: 1)

        let error = #expect(throws: GlanceError.self) { try client.image(reference) }

        guard case .invalid = error else { return #expect(Bool(false), "\(String(describing: error))") }
        #expect(error.map(String.init(describing:))?.contains("secret") == false)
    }
}

// MARK: What servers say

let helloDigest = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

/// The headers of an image whose data are `hello`.
let described = """
    X-Image-Meta-Uri: http://glance.example.com/images/71c675ab\r
    x-image-meta-id: 71c675ab\r
    x-image-meta-name: Ubuntu\r
    x-image-meta-type: kernel\r
    x-image-meta-size: 5\r
    x-image-meta-store: file\r
    x-image-meta-created_at: 2010-02-03 09:34:01\r
    x-image-meta-updated_at: 2010-02-03 09:34:01\r
    x-image-meta-deleted_at: \r
    x-image-meta-status: available\r
    x-image-meta-is_public: True\r
    x-image-meta-owner: ann\r
    x-image-meta-sha256: \(helloDigest)\r
    x-image-meta-version: 3\r

    """

func client(of server: ScriptedServer, resumesMax: Int = 2) throws -> GlanceClient {
    var settings = GlanceClient.Settings()
    settings.resumesMax = resumesMax
    settings.idleSecondsMax = 30
    return try GlanceClient(url: server.url.description, settings: settings)
}

func one(_ id: String, sha256: String = "") -> String {
    """
    {"image": {"uri": "http://h/images/\(id)", "id": "\(id)", "name": "Image \(id)", "type": "raw", "size": "7", \
    "status": "available", "is_public": true, "properties": {"a": "b"}, "sha256": "\(sha256)", "version": 1}}
    """
}

private func list(_ ids: Range<Int>) -> String {
    let images = ids.map { #"{"uri": "http://h/images/\#($0)", "name": "Image \#($0)", "type": "raw", "size": "7"}"# }
    return #"{"images": [\#(images.joined(separator: ","))]}"#
}
