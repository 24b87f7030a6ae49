import Foundation
import Testing

/// What nginx has to do for a request to arrive, and an answer to leave, as they were meant.
@Suite struct GatewayTests {
    let site: Site

    init() throws {
        site = try Site.shared.get()
    }

    @Test func `a header with underscores in its name arrives`() throws {
        let answer = try site.add("x", ["x-image-meta-is_public": "true"])

        #expect(try answer.json("image", "is_public") as? Bool == true)
    }

    @Test func `a property whose name has other marks arrives, folded`() throws {
        let answer = try site.add("x", ["x-image-meta-property-os.Version!": "10.04"])

        #expect(try answer.json("image", "properties") as? [String: String] == ["os_version_": "10.04"])
    }

    @Test func `text beyond ASCII and an empty value come back as they were, on every way`() throws {
        let fields = ["x-image-meta-name": "Übuntu 日本 🐧", "x-image-meta-property-empty": ""]
        let id = try #require(try site.add("x", fields).json("image", "id") as? String)

        for answer in [
            try site.send("HEAD", "/images/\(id)"), try site.curl("/images/\(id)"),
            try site.curl("/images/\(id)", ["-r", "0-0"]), try site.curl("/images/\(id)", ["-H", "If-Match: *"]),
        ] {
            #expect(answer["x-image-meta-name"] == "Übuntu 日本 🐧")
            #expect(answer["x-image-meta-property-empty"] == "")
        }
    }

    @Test func `no header of an answer can be made by a value in a record`() throws {
        let bare = try HeldRequest(
            site,
            "POST /images HTTP/1.1\r\nHost: x\r\nConnection: close\r\nx-image-meta-type: raw\r\n"
                + "x-image-meta-name: a\rSet-Cookie: b\r\n\r\n"
        ).answer()
        let json = #"{"image": {"name": "a", "type": "raw", "properties": {"p": "a\r\nSet-Cookie: b"}}}"#
        let escaped = try site.curl("/images", ["-H", "Content-Type: application/json", "--data-binary", json])

        #expect(bare.hasPrefix("HTTP/1.1 400 "))
        #expect(escaped.status == 400)
        #expect(escaped["set-cookie"] == nil)
    }

    @Test(arguments: [
        ("GET / HTTP/9.9\r\n\r\n", 505), ("nonsense\r\n\r\n", 400),
        ("GET /\(String(repeating: "x", count: 40_000)) HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        ("GET / HTTP/1.1\r\nHost: x\r\nX-Long: \(String(repeating: "x", count: 40_000))\r\n\r\n", 431),
        ("GET / HTTP/1.1\r\n\r\n", 400),
    ]) func `errors that nginx makes look like ours`(request: String, status: Int) throws {
        let answer = try HeldRequest(site, request).answer()

        #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer)")
        #expect(answer.contains("X-Request-Id: "))
        #expect(!answer.contains("<html>"))
    }

    @Test func `no query of a client's chooses what an error says`() throws {
        let answer = try site.curl("/images?495", ["-X", "TRACE"])

        #expect(answer.text.hasPrefix("405 Method Not Allowed: this method"))
    }

    @Test func `errors are JSON where JSON is asked for, whoever makes them`() throws {
        let id = try #require(try site.add("12345").json("image", "id") as? String)

        for (path, arguments, code) in [
            ("/images/none", [], 404), ("/images/\(id)", ["-r", "9-"], 416), ("/images", ["-X", "TRACE"], 405),
        ] as [(String, [String], Int)] {
            let answer = try site.curl(path, ["-H", "Accept: application/json"] + arguments)

            #expect(answer.status == code)
            #expect(try answer.json("error", "code") as? Int == code)
            #expect(try answer.json("error", "request_id") as? String == answer["x-request-id"])
        }
    }

    @Test func `a service that is not there is a 502 of ours, and back at once when it is`() throws {
        let site = try Site()
        let supervisor = try site.processID(of: "glance-api")

        kill(supervisor, SIGKILL)
        #expect(try eventually { try site.curl("/images/").status == 502 })
        let answer = try site.curl("/images/")
        _ = try site.up()

        #expect(answer.text.hasPrefix("502 "))
        #expect(answer["retry-after"] != nil)
        #expect(try site.curl("/images/").status == 200)
    }

    @Test func `a service that takes too long is a 504 of ours`() throws {
        let site = try Site(["--workers", "1"])
        try site.service("stop", "nginx")
        try site.edit("nginx/glance.conf") { $0.replacing("scgi_read_timeout 600s;", with: "scgi_read_timeout 1s;") }
        try site.service("start", "nginx")
        let worker = try #require(try site.workers().first)

        kill(worker, SIGSTOP)
        defer { kill(worker, SIGCONT) }
        let answer = try site.curl("/images/", ["--max-time", "60"])

        #expect(answer.status == 504)
        #expect(answer.text.hasPrefix("504 Gateway Timeout: the image service took too long"))
        #expect(answer["x-request-id"] != nil)
    }

    @Test(.enabled(if: Site.keepsFiles, "only the file store has files"))
    func `a file that is gone is a 404 that says so, and names no image`() throws {
        let site = try Site()
        #expect(try site.add("x", ["x-image-meta-id": "gone"]).status == 200)
        let file = try #require(try site.storedFiles().first)
        try FileManager.default.removeItem(atPath: "\(site.directory)/data/images/\(file)")

        let answer = try site.curl("/images/gone")

        #expect(answer.status == 404)
        #expect(answer.text.contains("the image was deleted at this moment, or its file is missing"))
        #expect(!answer.headers.contains { $0.name.hasPrefix("x-image-meta-") || $0.name == "etag" })
        let errors = try String(contentsOfFile: "\(site.directory)/log/nginx-error.log", encoding: .utf8)
        #expect(errors.contains(file))
    }

    @Test func `the access log has each request's times and bytes`() throws {
        let added = try site.add(String(repeating: "x", count: 5000))
        let id = try #require(try added.json("image", "id") as? String)
        let fetched = try site.curl("/images/\(id)")

        func entry(of answer: Answer) throws -> [String: Any] {
            let lines = try site.accessLines(with: try #require(answer["x-request-id"]))
            return try #require(try JSONSerialization.jsonObject(with: Data(lines[0].utf8)) as? [String: Any])
        }
        let (upload, download) = (try entry(of: added), try entry(of: fetched))

        #expect((upload["bytes_in"] as? Int).map { (5000..<7000).contains($0) } == true)
        #expect((download["bytes_out"] as? Int).map { (5000..<7000).contains($0) } == true)
        for entry in [upload, download] {
            let seconds = try #require(entry["seconds"] as? Double)
            // Two with a comma where nginx has sent a file after it.
            let parts = (entry["api_seconds"] as? String)?.split(separator: ", ").compactMap { Double($0) }
            let part = try #require(parts?.first)
            #expect(part >= 0 && part <= seconds + 0.01 && seconds < 60)
        }
    }

    @Test func `ranges of a file are cut by nginx, with our tag`() throws {
        let id = try #require(try site.add("0123456789").json("image", "id") as? String)
        let etag = try #require(try site.send("HEAD", "/images/\(id)")["etag"])
        let get = { try site.curl("/images/\(id)", $0) }

        #expect(try get(["-r", "2-4"]).text == "234")
        #expect(try get(["-r", "-3"]).text == "789")
        #expect(try get(["-r", "0-1,5-6"]).text == "0123456789")
        #expect(try get(["-r", "2-4", "-H", "If-Range: \(etag)"]).text == "234")
        #expect(try get(["-r", "2-4", "-H", "If-Range: \"other\""]).text == "0123456789")
        #expect(try get(["-H", "If-None-Match: \(etag)"]).status == 304)
        #expect(try get(["-H", "If-Match: \(etag)", "-r", "2-4"]).text == "234")
        #expect(try get(["-H", "If-Match: \"other\""]).status == 412)
        let beyond = try get(["-r", "10-"])
        #expect(beyond.status == 416)
        #expect(beyond["content-range"] == "bytes */10")
        let head = try site.send("HEAD", "/images/\(id)", nil, ["Range": "bytes=2-4"])
        #expect(head.status == 200)
        #expect(head["content-length"] == "10")
    }

    @Test func `times of nginx and of the worker agree`() throws {
        let id = try #require(try site.add("x").json("image", "id") as? String)
        let modified = try #require(try site.send("HEAD", "/images/\(id)")["last-modified"])
        let earlier = "Sun, 06 Nov 1994 08:49:37 GMT"

        #expect(try site.curl("/images/\(id)")["last-modified"] == modified)
        #expect(try site.curl("/images/\(id)", ["-H", "If-Modified-Since: \(modified)"]).status == 304)
        #expect(try site.curl("/images/\(id)", ["-H", "If-Modified-Since: \(earlier)"]).status == 200)
        #expect(try site.curl("/images/\(id)", ["-H", "If-Unmodified-Since: \(modified)"]).status == 200)
        #expect(try site.curl("/images/\(id)", ["-H", "If-Unmodified-Since: \(earlier)"]).status == 412)
    }

    @Test func `an image of no bytes is one`() throws {
        let added = try site.curl(
            "/images",
            ["-X", "POST", "-H", "Content-Length: 0", "-H", "x-image-meta-size: 0"]
                + ["-H", "x-image-meta-name: Nothing", "-H", "x-image-meta-type: raw"])
        let id = try #require(try added.json("image", "id") as? String)

        let answer = try site.curl("/images/\(id)", ["-r", "0-4"])

        #expect(try added.json("image", "status") as? String == "available")
        #expect(answer.status == 200)
        #expect(answer.body.isEmpty)
        #expect(answer["content-length"] == "0")
    }

    @Test func `metadata of the largest size allowed pass, and more are refused`() throws {
        let most = Dictionary(
            uniqueKeysWithValues: (0..<7).map { ("x-image-meta-property-p\($0)", String(repeating: "ü", count: 500)) })

        let answer = try site.add("x", most)
        let tooMuch = try site.add(
            "x", most.merging(["x-image-meta-property-q": String(repeating: "x", count: 1000)]) { $1 })

        let id = try #require(try answer.json("image", "id") as? String)
        #expect(try site.curl("/images/\(id)")["x-image-meta-property-p6"] == String(repeating: "ü", count: 500))
        #expect(tooMuch.status == 400)
    }

    @Test func `the internal location and the health routes are not to be had from outside`() throws {
        for path in ["/_glance/images/", "/_glance/images/aa/bb/cc", "/healthz", "/readyz", "/metrics"] {
            #expect(try site.curl(path).status == 404, "\(path)")
        }
        #expect(try run("curl", ["-s", "http://127.0.0.1:\(site.healthPort)/healthz"]).text == "ok\n")
        #expect(try run("curl", ["-s", "http://127.0.0.1:\(site.healthPort)/images/"]).text.hasPrefix("404 "))
    }

    @Test(.enabled(if: Site.keepsFiles, "only the file store has files"))
    func `nginx reads image files, and nobody else writes them`() throws {
        _ = try site.add("x")
        let file = try #require(try site.storedFiles().first)

        let attributes = try FileManager.default.attributesOfItem(atPath: "\(site.directory)/data/images/\(file)")

        #expect((attributes[.posixPermissions] as? Int).map { $0 & 0o777 } == 0o640)
    }

    @Test func `a list longer than a page comes whole, and as pages`() throws {
        let site = try Site()
        for number in 0..<300 {
            let body = #"{"image": {"name": "n\#(number)", "type": "raw", "is_public": true}}"#
            _ = try HeldRequest(
                site,
                "POST /images HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n"
                    + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
            ).answer()
        }

        let whole = try site.curl("/images/").ids()
        let first = try site.curl("/images/?limit=100").ids()
        let second = try site.curl("/images/?limit=1000&marker=\(first.last ?? "")").ids()

        #expect(whole.count == 300)
        #expect(first + second == whole)
    }
}
