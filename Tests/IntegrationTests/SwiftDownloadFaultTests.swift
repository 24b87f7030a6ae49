import Foundation
import Synchronization
import Testing

extension SwiftFaultTests {
    /// More than fits into the buffers between Swift and a client.
    private static let file = Result { try ImageFile(bytes: 12_000_000) }

    @Test(arguments: [nil, 3_000_000..<11_000_000])
    func `a download goes on where it stood when its proxy is killed and started again`(range: Range<Int>?) throws {
        let file = try Self.file.get()
        let id = try here.added(file)
        swift.add(
            .object("GET"),
            .atAnswerByte(1_500_000) { [here] in
                try? here.kill("swift-proxy")
                // The test waits for the download: nobody else is at work on the services.
                return (try? here.start("swift-proxy")) != nil
            })

        let asked = range.map { ["-r", "\($0.lowerBound)-\($0.upperBound - 1)"] } ?? []
        let answer = try site.curl("/images/\(id)", asked)

        #expect(answer.status == (range == nil ? 200 : 206))
        #expect(try answer.body == file.bytes(range))
        let exchanges = swift.exchanges(.object("GET"))
        #expect(exchanges.count > 1)
        #expect(exchanges[0].received < exchanges[0].answerLength)
        try here.expectWhole()
    }

    @Test func `a download goes on when its object server is killed and started again`() throws {
        let file = try Self.file.get()
        let id = try here.added(file)
        swift.add(.object("GET"), .atAnswerByte(1_500_000) { [here] in (try? here.kill("swift-object")) != nil })
        swift.add(.object("GET"), .beforeRequest { [here] in (try? here.start("swift-object")) != nil })

        let answer = try site.curl("/images/\(id)")

        #expect(answer.status == 200)
        #expect(try answer.body == file.bytes())
        #expect(swift.exchanges(.object("GET")).count > 1)
        try here.expectWhole()
    }

    @Test(arguments: Form.allCases)
    func `a connection that breaks in a download costs nothing, whatever the object is`(form: Form) throws {
        let file = try form.file
        let id = try here.added(file)
        swift.add(.object("GET"), .atAnswerByte(file.count / 3) { false })

        let answer = try site.curl("/images/\(id)")

        #expect(answer.status == 200)
        #expect(try answer.body == file.bytes())
        #expect(swift.exchanges(.object("GET")).map(\.status) == [200, 206])
        try here.expectWhole()
    }

    @Test func `a silence within the idle bound costs time alone, and one beyond it is 503`() throws {
        let undo = [
            try here.edit("glance-api.conf") { $0 + "swift_idle_seconds_max = 6\n" },
            try here.edit("swift/proxy-server.conf") {
                $0.replacing("node_timeout = 2\n", with: "node_timeout = 60\n")
            },
        ]
        try here.restart("swift-proxy")
        try site.reload()
        let file = try Self.file.get()
        let id = try here.added(file)
        let length = try site.log().count
        swift.add(
            .object("GET"),
            .atAnswerByte(1_500_000) { [here] in
                let end = Date(timeIntervalSinceNow: 2)
                try? here.signal("swift-object", SIGSTOP)
                return eventually { Date() > end } && (try? here.signal("swift-object", SIGCONT)) != nil
            })

        let late = try site.curl("/images/\(id)")
        let exchanges = swift.exchanges(.object("GET"))
        try here.signal("swift-object", SIGSTOP)
        let refused = try site.curl("/images/\(id)")
        try here.signal("swift-object", SIGCONT)
        for undo in undo { try undo() }
        try here.restart("swift-proxy")
        try site.reload()

        #expect(late.status == 200)
        #expect(try late.body == file.bytes())
        #expect(exchanges.count == 1)
        #expect(refused.status == 503)
        #expect(refused["retry-after"] == "10")
        #expect(try here.log(since: length).contains("the server was silent for too long"))
        try here.expectWhole()
    }

    @Test func `a download whose Swift does not come back is broken off, and never seems whole`() throws {
        let file = try Self.file.get()
        let id = try here.added(file)
        let length = try site.log().count
        swift.add(.object("GET"), .atAnswerByte(1_500_000) { [here] in (try? here.kill("swift-proxy")) != nil })

        let output = try run("curl", ["-s", "-o", "/dev/null", "-w", "%{size_download}", "\(site.url)/images/\(id)"])
        let refused = try site.curl("/images/\(id)")
        try here.start("swift-proxy")

        #expect(output.status == 18)
        #expect((Int(output.text) ?? .max) < file.count)
        #expect(try eventually { try here.log(since: length).contains("broke off at byte") })
        #expect(refused.status == 503)
        #expect(refused["retry-after"] == "10")
        try here.expectWhole()
    }

    @Test func `a download goes on when its object server stands still for longer than the proxy waits`() throws {
        let file = try Self.file.get()
        let id = try here.added(file)
        swift.add(
            .object("GET"), .atAnswerByte(1_500_000) { [here] in (try? here.signal("swift-object", SIGSTOP)) != nil })
        // The proxy has given up by the time that the worker asks again.
        swift.add(.object("GET"), .beforeRequest { [here] in (try? here.signal("swift-object", SIGCONT)) != nil })

        let answer = try site.curl("/images/\(id)")

        #expect(answer.status == 200)
        #expect(try answer.body == file.bytes())
        #expect(swift.exchanges(.object("GET")).count > 1)
        try here.expectWhole()
    }

    @Test(arguments: [10, 50, 99])
    func `a client that breaks off a download ends the connection to Swift at once`(percent: Int) throws {
        let file = try Self.file.get()
        let id = try here.added(file)
        let client = try HeldDownload(site, "/images/\(id)")
        swift.add(.object("GET"), .trickle(fromAnswerByte: file.count * percent / 100) { client.breakOff() })

        try client.begin()

        #expect(eventually { swift.exchanges(.object("GET")).first?.isBrokenOffByClient == true })
        #expect(try eventually { try site.metric("glance_transfers_in_flight") == 0 })
        try here.expectWhole()
    }

    @Test(arguments: [true, false])
    func `a client that breaks off while nothing comes from Swift gives its place back soon`(isSilent: Bool) throws {
        let file = try Self.file.get()
        let id = try here.added(file)
        let client = try HeldDownload(site, "/images/\(id)")
        let (isQuiet, isOver) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        swift.add(
            .object("GET"),
            .atAnswerByte(1_500_000) {
                isQuiet.signal()
                if isSilent { _ = isOver.wait(timeout: .now() + 50) }
                return false
            })
        // Where the worker asks for the rest there is nobody.
        if !isSilent { swift.add(.object("GET"), times: 99, .answer(status: 503)) }

        try client.begin()
        #expect(isQuiet.wait(timeout: .now() + 50) == .success)
        // The gateway keeps a part of what came.
        #expect(eventually { client.received > 1_200_000 })
        #expect(try site.metric("glance_transfers_in_flight") == 1)
        client.breakOff()

        #expect(try eventually(within: 8) { try site.metric("glance_transfers_in_flight") == 0 })
        isOver.signal()
        swift.clear()
        try here.expectWhole()
    }

    @Test(arguments: [10, 50, 99])
    func `a worker killed in a download breaks off that one, and costs nothing else`(percent: Int) throws {
        let file = try Self.file.get()
        let id = try here.added(file)
        swift.add(
            .object("GET"), .atAnswerByte(file.count * percent / 100) { [here] in (try? here.killWorker()) != nil })

        let output = try run("curl", ["-s", "-o", "/dev/null", "-w", "%{size_download}", "\(site.url)/images/\(id)"])

        #expect(output.status == 18)
        #expect((Int(output.text) ?? .max) < file.count)
        #expect(try here.objects().count == 13)
        try here.expectWhole()
    }

    @Test func `a download with a segment that is gone breaks off, and the log names the segment`() throws {
        let id = try here.added(Form.segmented.file)
        let location = try here.location(of: id)
        let (length, name) = (try site.log().count, location.split(separator: "/")[1])
        #expect(try here.ask("DELETE", "glance_segments/\(name)/00000001").status == 204)

        let output = try run("curl", ["-s", "-o", "/dev/null", "\(site.url)/images/\(id)"])

        #expect(output.status == 18)
        // 2500000 bytes in three segments.
        let said = "GET of /glance/\(name) broke off at byte 833334 of 2500000, in /glance_segments/\(name)/00000001: "
        #expect(try eventually { try here.log(since: length).contains(said) })
        #expect(try site.send("DELETE", "/images/\(id)").status == 200)
        try here.expectWhole()
    }

    @Test func `an image whose object is gone is answered 503, and the log names it`() throws {
        let id = try here.added(Form.plain.file)
        let (length, location) = (try site.log().count, try here.location(of: id))
        #expect(try here.ask("DELETE", location).status == 204)

        let answer = try site.curl("/images/\(id)")

        #expect(answer.status == 503)
        #expect(try here.log(since: length).contains("GET of /\(location): it is not there"))
        #expect(try site.send("DELETE", "/images/\(id)").status == 200)
        try here.expectWhole()
    }
}

/// A download that is read and thrown away until it is broken off.
private final class HeldDownload: Sendable {
    private let number: Int32
    private let request: String
    private let count = Mutex(0)

    /// Bytes that have come, the head included.
    var received: Int { count.withLock { $0 } }

    init(_ site: Site, _ path: String) throws {
        let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        let connected = withLoopbackAddress(site.port) { connect(number, $0, $1) }
        try #require(connected == 0)
        self.number = number
        request = "GET \(path) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    }

    deinit { close(number) }

    func begin() throws {
        try #require(Glibc.send(number, request, request.utf8.count, Int32(MSG_NOSIGNAL)) == request.utf8.count)
        Thread.detachNewThread { [self] in
            var piece = [UInt8](repeating: 0, count: 65536)
            while case let come = recv(number, &piece, piece.count, 0), come > 0 { count.withLock { $0 += come } }
        }
    }

    func breakOff() { shutdown(number, Int32(SHUT_RDWR)) }
}
