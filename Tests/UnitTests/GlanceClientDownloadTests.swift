import Bytes
import FoundationEssentials
import Glibc
import Synchronization
import Testing

@testable import GlanceClient

@Suite(.scratchDirectory) struct GlanceClientDownloadTests {
    private func file(_ name: String = "image") -> String { "\(ScratchDirectory.path)/\(name)" }

    private func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: ScratchDirectory.path).sorted()
    }

    private static let whole: ScriptedServer.Script = { peer in
        try peer.readHead()
        try peer.answer("hello", described)
    }

    /// Answers a range request for the rest of `hello`.
    private static func rest(from first: Int) -> ScriptedServer.Script {
        { peer in
            try peer.readHead()
            let rest = String("hello".dropFirst(first))
            try peer.answer(rest, status: 206, "\(described)Content-Range: bytes \(first)-4/5\r\n")
        }
    }

    private static func cut(behind text: String) -> ScriptedServer.Script {
        { peer in
            try peer.readHead()
            try peer.send("HTTP/1.1 200 OK\r\n\(described)Content-Length: 5\r\n\r\n\(text)")
            try peer.waitUntilArrived()
        }
    }

    @Test func `metadata and data come with one request, in pieces`() throws {
        let server = try ScriptedServer(Self.whole)

        let download = try client(of: server).download("71c675ab")
        var bytes: [UInt8] = []
        while let piece = try download.next() { bytes += piece }

        #expect(download.metadata.name == "Ubuntu")
        #expect(bytes == Array("hello".utf8) && download.position == 5)
        #expect(server.story() == ["[GET /images/71c675ab HTTP/1.1]"])
    }

    @Test func `an image becomes a file under its name alone, whole or not at all`() throws {
        let server = try ScriptedServer(Self.whole)
        let told = Told()

        let image = try client(of: server).download("71c675ab", to: file()) { told.add($0) }

        #expect(image.id == "71c675ab")
        #expect(try String(contentsOfFile: file(), encoding: .utf8) == "hello")
        #expect(try names() == ["image"])
        #expect(told.all == [0, 5])
    }

    @Test func `a download that breaks off goes on by itself where it stood`() throws {
        let server = try ScriptedServer(Self.cut(behind: "he"), Self.rest(from: 2))

        try client(of: server).download("71c675ab", to: file())

        #expect(try String(contentsOfFile: file(), encoding: .utf8) == "hello")
        #expect(server.story().last?.contains("|Range: bytes=2-|If-Range: \"\(helloDigest)\"]") == true)
    }

    @Test func `what cannot go on stays, and a later call goes on from it`() throws {
        let server = try ScriptedServer(
            Self.cut(behind: "hel"),
            { peer in
                try peer.readHead()
                try peer.answer("", described)
                try peer.readHead()
                try peer.answer("lo", status: 206, "\(described)Content-Range: bytes 3-4/5\r\n")
            })

        #expect { try client(of: server, resumesMax: 0).download("71c675ab", to: file()) } throws: {
            if case GlanceError.brokenOff = $0 { true } else { false }
        }
        #expect(try names() == ["image.part"])
        try client(of: server).download("71c675ab", to: file())

        #expect(try String(contentsOfFile: file(), encoding: .utf8) == "hello")
        #expect(try names() == ["image"])
    }

    @Test(arguments: ["jello", "he??", "hello and more"])
    func `a part of something else is noticed, and the image is brought from its start`(part: String) throws {
        try part.write(toFile: "\(file()).part", atomically: false, encoding: .utf8)
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.answer("", described)
            if part.utf8.count < 5 {
                try peer.readHead()
                try peer.answer("o", status: 206, "\(described)Content-Range: bytes 4-4/5\r\n")
            }
            try peer.readHead()
            try peer.answer("hello", described)
        }

        try client(of: server).download("71c675ab", to: file())

        #expect(try String(contentsOfFile: file(), encoding: .utf8) == "hello")
        #expect(try names() == ["image"])
    }

    @Test func `a part that is whole already needs no data`() throws {
        try "hello".write(toFile: "\(file()).part", atomically: false, encoding: .utf8)
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.answer("", described)
        }

        try client(of: server).download("71c675ab", to: file())

        #expect(try String(contentsOfFile: file(), encoding: .utf8) == "hello")
        #expect(server.story() == ["[HEAD /images/71c675ab HTTP/1.1]"])
    }

    @Test(arguments: [
        "HTTP/1.1 206 Partial Content\r\n\(described)Content-Range: bytes 1-4/5\r\nContent-Length: 4\r\n\r\nello",
        "HTTP/1.1 206 Partial Content\r\n\(described)Content-Range: bytes 2-4/6\r\nContent-Length: 3\r\n\r\nllo",
        "HTTP/1.1 200 OK\r\n\(described)Content-Length: 5\r\n\r\nhello",
    ])
    func `a rest that is of something else is not taken`(answer: String) throws {
        let server = try ScriptedServer(
            Self.cut(behind: "he"),
            { peer in
                try peer.readHead()
                try peer.send(answer)
            })

        let download = try client(of: server).download("71c675ab")
        let error = try #require(throws: GlanceError.self) { while try download.next() != nil {} }

        guard case .damaged = error else { return #expect(Bool(false), "\(error)") }
        // Whoever asks again hears it again, and no happy end.
        #expect(throws: error) { try download.next() }
    }

    @Test(arguments: [
        ("Content-Length: 5\r\n\r\nhallo", "damaged"), ("Content-Length: 9\r\n\r\nhello you", "malformed"),
        ("Content-Length: 4\r\n\r\nhell", "malformed"), ("\r\nhello you", "damaged"), ("\r\nhell", "brokenOff"),
        ("Transfer-Encoding: chunked\r\n\r\n9\r\nhello you\r\n0\r\n\r\n", "damaged"),
        ("Transfer-Encoding: chunked\r\n\r\n4\r\nhell\r\n0\r\n\r\n", "brokenOff"),
        ("Transfer-Encoding: chunked\r\n\r\nx\r\n", "malformed"), ("Content-Length: 5\r\n\r\nhel", "brokenOff"),
    ])
    func `bytes that are not the image's never become its file`(wire: String, name: String) throws {
        let server = try ScriptedServer(connections: 1) { peer in
            try peer.readHead()
            try peer.send("HTTP/1.1 200 OK\r\n\(described)\(wire)")
            try peer.waitUntilArrived()
        }

        let error = try #require(throws: GlanceError.self) {
            try client(of: server, resumesMax: 0).download("71c675ab", to: file())
        }

        #expect("\(Mirror(reflecting: error).children.first?.label ?? "")" == name, "\(error)")
        #expect(try !names().contains("image"))
    }

    @Test func `a file that is there stays, unless it may be overwritten`() throws {
        try "mine".write(toFile: file(), atomically: false, encoding: .utf8)
        let server = try ScriptedServer(Self.whole)
        let client = try client(of: server)

        #expect { try client.download("71c675ab", to: file()) } throws: {
            if case GlanceError.file = $0 { true } else { false }
        }
        #expect(try String(contentsOfFile: file(), encoding: .utf8) == "mine")
        try client.download("71c675ab", to: file(), overwrites: true)

        #expect(try String(contentsOfFile: file(), encoding: .utf8) == "hello")
    }

    @Test func `a part that is the file itself is begun anew, and the file is not written into`() throws {
        // As a kill leaves it between the two names of a file that was just brought; `other` is there to look on.
        try "hel".write(toFile: file(), atomically: false, encoding: .utf8)
        try #require(link(file(), "\(file()).part") == 0 && link(file(), file("other")) == 0)
        let server = try ScriptedServer(Self.whole)

        try client(of: server).download("71c675ab", to: file(), overwrites: true)

        #expect(try String(contentsOfFile: file(), encoding: .utf8) == "hello")
        #expect(try String(contentsOfFile: file("other"), encoding: .utf8) == "hel")
        #expect(try names() == ["image", "other"])
        #expect(server.story() == ["[GET /images/71c675ab HTTP/1.1]"])
    }

    @Test func `one download at a time writes a file`() throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.send("HTTP/1.1 200 OK\r\n\(described)Content-Length: 5\r\n\r\nhe")
            peer.tell()
            peer.waitForTest()
            try peer.send("llo")
        }
        let path = file()
        let client = try client(of: server)
        let first = ThreadBeside { try? client.download("71c675ab", to: path).id }
        server.waitForPeer()

        let error = #expect(throws: GlanceError.self) { try client.download("71c675ab", to: path) }
        server.tell()

        #expect(error?.description.contains("another download") == true)
        #expect(first.value() == .some("71c675ab"))
    }

    @Test func `a directory that is not there is said before anything is asked`() throws {
        let server = try ScriptedServer(Self.whole)

        let error = #expect(throws: GlanceError.self) {
            try client(of: server).download("71c675ab", to: file("no/such"))
        }

        #expect(error?.description.contains("No such file or directory") == true)
        #expect(server.story() == [])
    }
}

/// What was told, in order.
final class Told: Sendable {
    private let list = Mutex<[Int64]>([])

    func add(_ count: Int64) { list.withLock { $0.append(count) } }

    var all: [Int64] { list.withLock(\.self) }
}
