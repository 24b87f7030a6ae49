import Foundation
import Glibc
import Testing

/// Clients that cost by being there: slow, silent, many, or deadly.
@Suite struct CrowdTests {
    /// Together they are fewer than one of nginx's processes may have, which is what all may come to.
    @Test func `2,000 idle connections and 1,000 half requests keep nobody else waiting`() throws {
        allowDescriptors(5000)
        let site = try Site()
        _ = try site.add("here", ["x-image-meta-id": "x", "x-image-meta-is_public": "1"])
        var crowd: [HeldRequest] = []
        for number in 0..<3000 {
            crowd.append(try HeldRequest(site, number < 2000 ? "" : "GET /images/x HTTP/1.1\r\nHost: x\r\nX-Slow:"))
        }

        for _ in 0..<20 {
            let answer = try site.curl("/images/x", ["--max-time", "5"])
            #expect(answer.text == "here")
        }
        #expect(try site.add("also", ["x-image-meta-id": "y"]).status == 200)
        #expect(crowd.count == 3000)
    }

    @Test func `slow bodies take transfers and nothing else, and each ends`() throws {
        let site = try Site(["--workers", "1", "--set", "transfers_max=4", "--set", "client_idle_seconds_max=2"])
        let slow = try (0..<4).map { try HeldRequest(uploadTo: site, id: "slow\($0)", length: 1000, sent: 1) }
        #expect(try eventually { try site.metric("glance_transfers_in_flight") == 4 })

        let refused = try site.add("x")
        let list = try site.curl("/images/", ["--max-time", "5"])

        #expect(refused.status == 503)
        #expect(refused["retry-after"] != nil)
        #expect(list.status == 200)
        for upload in slow { #expect(upload.answer().hasPrefix("HTTP/1.1 408 ")) }
        #expect(try site.add("x").status == 200)
    }

    @Test func `slow JSON takes transfers and nothing else, and each ends`() throws {
        let options = ["threads_max=5", "transfers_max=4", "client_idle_seconds_max=2"].flatMap { ["--set", $0] }
        let site = try Site(["--workers", "1"] + options)
        let head = """
            POST /images HTTP/1.1\r\nHost: 127.0.0.1:\(site.port)\r\nConnection: close\r\n\
            Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{
            """
        let slow = try (0..<4).map { _ in try HeldRequest(site, head) }
        #expect(try eventually { try site.metric("glance_transfers_in_flight") == 4 })

        let refused = try HeldRequest(site, head).answer()
        let list = try site.curl("/images/", ["--max-time", "5"])

        #expect(refused.hasPrefix("HTTP/1.1 503 "))
        #expect(list.status == 200)
        for request in slow { #expect(request.answer().hasPrefix("HTTP/1.1 408 ")) }
        #expect(try site.add("x").status == 200)
    }

    @Test(.enabled(if: Site.keepsFiles, "nginx sends files alone by itself"))
    func `clients that read nothing hold no worker`() throws {
        let site = try Site(["--workers", "1", "--set", "transfers_max=4"])
        let file = try SparseFile(bytes: 64 << 20)
        let described = ["-H", "x-image-meta-name: n", "-H", "x-image-meta-type: raw", "-H", "x-image-meta-id: big"]
        #expect(try site.curl("/images", ["-X", "POST", "-T", file.path] + described).status == 200)

        let readers = try (0..<200).map { _ in
            try HeldRequest(site, "GET /images/big HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        }

        #expect(try site.add("x").status == 200)
        #expect(try site.metric("glance_transfers_in_flight") == 0)
        #expect(readers.count == 200)
    }

    /// `If-Match` is what nginx cannot compare, so the worker sends the data itself.
    @Test func `a download that a worker sends and nobody reads gives its transfer back`() throws {
        let site = try Site(["--workers", "1", "--set", "transfers_max=4", "--set", "client_idle_seconds_max=5"])
        let file = try SparseFile(bytes: 64 << 20)
        let described = ["-H", "x-image-meta-name: n", "-H", "x-image-meta-type: raw", "-H", "x-image-meta-id: big"]
        #expect(try site.curl("/images", ["-X", "POST", "-T", file.path] + described).status == 200)

        let readers = try (0..<4).map { _ in
            try HeldRequest(site, "GET /images/big HTTP/1.1\r\nHost: x\r\nIf-Match: *\r\nConnection: close\r\n\r\n")
        }
        #expect(try eventually { try site.metric("glance_transfers_in_flight") == 4 })

        #expect(try eventually(within: 60) { try site.metric("glance_transfers_in_flight") == 0 })
        #expect(try site.add("x").status == 200)
        #expect(readers.count == 4)
    }

    @Test func `a request that kills its worker, again and again, costs itself alone`() throws {
        let site = try Site(["--workers", "1"])
        _ = try site.add("here", ["x-image-meta-id": "x"])

        var deadly: [String] = []
        for round in 1...8 {
            let held = try HeldRequest(uploadTo: site, id: "deadly\(round)", length: 1000, sent: 5)
            #expect(try eventually { try site.metric("glance_transfers_in_flight") == 1 })
            kill(try #require(try site.workers().first), SIGKILL)
            let answer = held.answer()
            #expect(answer.hasPrefix("HTTP/1.1 502 "))
            deadly.append(try String(#require(answer.firstMatch(of: /(?i)x-request-id: ([0-9a-f]{32})/)).1))
            #expect(try eventually(within: 5) { try site.curl("/images/x").text == "here" })
        }

        #expect(try site.metric("glance_restarts_total{process=\"worker\"}") == 8)
        // What the dead ones have counted counts; the last answer is counted a moment after it went out.
        let gets = "glance_requests_total{route=\"get\",status=\"200\"}"
        #expect(try eventually { try site.metric(gets) ?? 0 >= 8 })
        let ends = try site.log().split(separator: "\n").filter { $0.contains("ended unasked") }
        #expect(ends.count == 8)
        // A request whose answer went out a moment ago may be named beside it.
        #expect(zip(ends, deadly).allSatisfy { end, id in end.contains(id) })
        #expect(ends.allSatisfy { $0.contains("\"restart_milliseconds\": \"0\"") })
    }

    @Test func `JSON that nests ends no worker`() throws {
        let site = try Site.shared.get()
        let workers = try site.workers()

        for depth in [200, 400, 510] {
            for (open, close) in [("{\"a\":", "}"), ("[", "]")] {
                let nested = String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
                let body = "{\"image\": {\"name\": \"n\", \"type\": \"raw\", \"x\": \(nested)}}"
                let answer = try site.curl(
                    "/images", ["-X", "POST", "-H", "Content-Type: application/json", "--data-binary", "@-"],
                    input: Data(body.utf8))
                #expect(answer.status == 200 || answer.status == 400)
            }
        }

        #expect(try site.workers() == workers)
    }
}

/// As many descriptors for this process as `count`, if it may have them.
private func allowDescriptors(_ count: rlim_t) {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    limit.rlim_cur = min(max(limit.rlim_cur, count), limit.rlim_max)
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
}
