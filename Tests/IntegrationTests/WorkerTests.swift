import Foundation
import Testing

@Suite struct WorkerTests {
    private static let shortLease = [
        "--set", "lease_seconds=3", "--set", "client_idle_seconds_max=1", "--set", "janitor_seconds=1",
    ]

    @Test func `a worker killed in an upload costs that upload alone, and the janitor frees its id`() throws {
        let site = try Site(["--workers", "1"] + Self.shortLease)
        let held = try HeldRequest(uploadTo: site, id: "killed", length: 1000, sent: 500)
        #expect(try eventually { try site.send("DELETE", "/images/killed").status == 409 })
        let worker = try #require(try site.workers().first)

        kill(worker, SIGKILL)

        let answer = held.answer()
        #expect(answer.hasPrefix("HTTP/1.1 502 "))
        #expect(try eventually { try site.add("again", ["x-image-meta-id": "killed"]).status == 200 })
        #expect(try site.curl("/images/killed").text == "again")
        #expect(try site.storedFiles().count == 1)
        let requestID = try #require(answer.firstMatch(of: /X-Request-Id: ([0-9a-f]{32})/)).1
        let ended = try #require(try site.log().split(separator: "\n").first { $0.contains("ended unasked: signal 9") })
        #expect(ended.contains(requestID))
    }

    @Test func `a worker killed in a download cuts it short, and the next download is whole`() throws {
        let site = try Site(["--workers", "1"])
        let size = 64 << 20
        let file = try SparseFile(bytes: size)
        let described = ["-H", "x-image-meta-name: n", "-H", "x-image-meta-type: raw", "-H", "x-image-meta-id: big"]
        #expect(try site.curl("/images", ["-X", "POST", "-T", file.path] + described).status == 200)
        // With If-Match the worker sends the bytes, and a client that reads none of them holds it there.
        let held = try HeldRequest(
            site, "GET /images/big HTTP/1.1\r\nHost: x\r\nIf-Match: *\r\nConnection: close\r\n\r\n")
        #expect(try eventually { try site.metric("glance_transfers_in_flight") == 1 })

        kill(try #require(try site.workers().first), SIGKILL)

        #expect(held.answer().utf8.count < size)
        #expect(try site.curl("/images/big", ["-H", "If-Match: *"]).body.count == size)
        #expect(try eventually { try site.metric("glance_transfers_in_flight") == 0 })
    }

    @Test func `an upload that is slow but alive outlives its lease`() throws {
        let site = try Site(Self.shortLease)
        let held = try HeldRequest(uploadTo: site, id: "slow", length: 100, sent: 10)
        #expect(try eventually { try site.send("DELETE", "/images/slow").status == 409 })
        let leaseTwice = Date(timeIntervalSinceNow: 6)

        // A byte, then a request, for as long as two leases and a round of the janitor take.
        var sent = 10
        while Date() < leaseTwice {
            if sent < 90 { try held.send("x") }
            sent = min(90, sent + 1)
            #expect(try site.send("DELETE", "/images/slow").status == 409)
            usleep(100_000)
        }
        try held.send(String(repeating: "x", count: 100 - sent))

        #expect(held.answer().hasPrefix("HTTP/1.1 200 "))
        #expect(try site.send("HEAD", "/images/slow")["x-image-meta-size"] == "100")
    }

    @Test func `a client that falls silent is answered 408 and leaves nothing`() throws {
        let site = try Site(Self.shortLease)

        let answer = try HeldRequest(uploadTo: site, id: "silent", length: 100, sent: 10).answer()

        #expect(answer.hasPrefix("HTTP/1.1 408 "))
        #expect(try site.add("x", ["x-image-meta-id": "silent"]).status == 200)
        #expect(try site.storedFiles().count == 1)
    }

    @Test func `TERM lets a request in hand end, takes no new one, and ends with status 0`() throws {
        let site = try Site()
        let held = try HeldRequest(uploadTo: site, id: "last", length: 10, sent: 5)
        #expect(try eventually { try site.metric("glance_transfers_in_flight") == 1 })
        let supervisor = try site.processID(of: "glance-api")
        let children = children(of: supervisor)

        kill(supervisor, SIGTERM)
        #expect(try eventually { try site.log().contains("\"stopping\"") })
        try held.send("55555")

        #expect(held.answer().hasPrefix("HTTP/1.1 200 "))
        #expect(eventually { kill(supervisor, 0) != 0 })
        #expect(children.allSatisfy { kill($0, 0) != 0 })
        #expect(try site.log().contains("\"stopped\""))
        #expect(!FileManager.default.fileExists(atPath: "\(site.directory)/run/glance-api.sock"))
    }

    @Test func `HUP brings new settings in and loses no request`() throws {
        let site = try Site()
        let held = try HeldRequest(uploadTo: site, id: "over", length: 10, sent: 5)
        #expect(try eventually { try site.metric("glance_transfers_in_flight") == 1 })
        let file = "\(site.directory)/etc/glance-api.conf"
        let settings = try String(contentsOfFile: file, encoding: .utf8) + "public_url = https://images.example.com\n"
        try settings.write(toFile: file, atomically: false, encoding: .utf8)

        kill(try site.processID(of: "glance-api"), SIGHUP)

        #expect(
            try eventually {
                (try site.add("x").json("image", "uri") as? String)?.hasPrefix("https://images.example.com/images/")
                    == true
            })
        try held.send("55555")
        #expect(held.answer().hasPrefix("HTTP/1.1 200 "))
    }

    @Test func `HUP gives a transfer all the time that it needs`() throws {
        let site = try Site(["--workers", "1", "--set", "drain_seconds_max=1"])
        let held = try HeldRequest(uploadTo: site, id: "long", length: 10, sent: 5)
        #expect(try eventually { try site.metric("glance_transfers_in_flight") == 1 })
        let old = try #require(try site.workers().first)

        kill(try site.processID(of: "glance-api"), SIGHUP)
        let longerThanTheBound = Date(timeIntervalSinceNow: 3)
        #expect(try eventually { try Date() > longerThanTheBound && site.curl("/images/").status == 200 })
        try held.send("55555")

        #expect(held.answer().hasPrefix("HTTP/1.1 200 "))
        #expect(eventually { kill(old, 0) != 0 })
        #expect(try site.metric("glance_transfers_in_flight") == 0)
    }

    @Test func `what TERM cannot wait for is broken off, and its id is free at once`() throws {
        let site = try Site(["--set", "drain_seconds_max=1"])
        let held = try HeldRequest(uploadTo: site, id: "cut", length: 10, sent: 5)
        #expect(try eventually { try site.metric("glance_transfers_in_flight") == 1 })
        let supervisor = try site.processID(of: "glance-api")

        kill(supervisor, SIGTERM)
        #expect(eventually { kill(supervisor, 0) != 0 })
        let up = try site.up()

        #expect(up.status == 0, "\(up.errors)")
        #expect(!held.answer().hasPrefix("HTTP/1.1 200 "))
        #expect(try site.add("again", ["x-image-meta-id": "cut"]).status == 200)
        #expect(try site.log().contains("requests were cut off"))
    }

    @Test func `settings that cannot be are refused by HUP, and the old ones go on`() throws {
        let site = try Site()
        let file = "\(site.directory)/etc/glance-api.conf"
        let settings = try String(contentsOfFile: file, encoding: .utf8) + "workers = many\n"
        try settings.write(toFile: file, atomically: false, encoding: .utf8)

        kill(try site.processID(of: "glance-api"), SIGHUP)

        #expect(try eventually { try site.log().contains("not reloaded") })
        #expect(try site.log().contains("glance-api.conf:"))
        #expect(try site.add("x").status == 200)
    }

    @Test func `workers whose supervisor is killed end by themselves`() throws {
        let site = try Site()
        let supervisor = try site.processID(of: "glance-api")
        let children = children(of: supervisor)
        #expect(children.count >= 2)

        kill(supervisor, SIGKILL)

        #expect(eventually { children.allSatisfy { kill($0, 0) != 0 } })
    }

    @Test func `a worker that keeps dying is started again with a growing pause`() throws {
        let site = try Site(["--workers", "1"])

        for round in 1...4 {
            #expect(try eventually { try !site.workers().isEmpty })
            kill(try #require(try site.workers().first), SIGKILL)
            #expect(try eventually { try site.log().matches(of: /ended unasked/).count == round })
        }

        let pauses = try site.log().matches(of: /"restart_milliseconds": "(\d+)"/).compactMap { Int($0.1) }
        #expect(pauses == pauses.sorted())
        #expect((pauses.last ?? 0) > (pauses.first ?? 0))
        #expect(try eventually { try site.curl("/images/").status == 200 })
    }

    @Test func `threads that came with a crowd go when it is gone`() throws {
        let site = try Site(["--workers", "1"])
        let worker = try #require(try site.workers().first)
        let threads = { try FileManager.default.contentsOfDirectory(atPath: "/proc/\(worker)/task").count }
        let crowd = try (0..<30).map { _ in try HeldRequest(uploadTo: site, length: 10, sent: 5) }
        #expect(try eventually { try site.metric("glance_transfers_in_flight") == 30 })
        #expect(try threads() > 30)

        for upload in crowd { try upload.send("55555") }

        #expect(crowd.allSatisfy { $0.answer().hasPrefix("HTTP/1.1 200 ") })
        #expect(try eventually(within: 60) { try threads() < 10 })
        #expect(try site.add("x").status == 200)
    }

    @Test func `a second service on the same socket is refused while the first lives`() throws {
        let site = try Site()
        let program = commandLine(of: try site.processID(of: "glance-api")).split(separator: " ")[0]

        let second = try run(String(program), ["--config", "\(site.directory)/etc/glance-api.conf"])

        #expect(second.status == 1)
        #expect(second.errors.contains("another glance-api holds"))
        #expect(try site.curl("/images/").status == 200)
    }
}
