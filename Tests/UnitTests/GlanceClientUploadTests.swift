import Bytes
import FoundationEssentials
import Testing

@testable import GlanceClient

@Suite(.scratchDirectory) struct GlanceClientUploadTests {
    private let image = ImageDescription(name: "Hello", kind: .kernel)

    @Test func `an image is sent with its length and its description`() throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.send("HTTP/1.1 100 Continue\r\n\r\n")
            try peer.readBody(5)
            try peer.answer(one("1", sha256: helloDigest))
        }
        let image = ImageDescription(
            name: "Hello", kind: .kernel, id: "h", isPublic: true, properties: ["os": "x"], store: "swift")

        let added = try client(of: server).add(image, from: .bytes(Array("hello".utf8)))

        #expect(added.id == "1" && added.sha256 == helloDigest)
        #expect(
            server.story() == [
                """
                [POST /images HTTP/1.1|x-image-meta-id: h|x-image-meta-name: Hello|x-image-meta-type: kernel\
                |x-image-meta-store: swift|x-image-meta-is_public: True|x-image-meta-property-os: x\
                |Content-Type: application/octet-stream|x-image-meta-size: 5|Content-Length: 5|Expect: 100-continue]hello
                """
            ])
    }

    @Test func `an image without data is queued, and one of no bytes is not`() throws {
        let server = try ScriptedServer { peer in
            for _ in 0..<2 {
                try peer.readHead()
                try peer.answer(one("1"))
            }
        }
        let client = try client(of: server)

        try client.add(image)
        try client.add(image, from: .bytes([]))

        let head =
            "[POST /images HTTP/1.1|x-image-meta-name: Hello|x-image-meta-type: kernel|x-image-meta-is_public: False"
        #expect(
            server.story() == [
                "\(head)|Content-Length: 0]"
                    + "\(head)|Content-Type: application/octet-stream|x-image-meta-size: 0|Content-Length: 0]"
            ])
    }

    @Test func `a stream of unknown length goes in chunks`() throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.send("HTTP/1.1 100 Continue\r\n\r\n")
            try peer.readBody("5\r\nhello\r\n0\r\n\r\n".utf8.count)
            try peer.answer(one("1"))
        }
        let source = MemorySourceOnce("hello")

        try client(of: server).addData(to: "1", from: .stream(length: nil) { source.read(into: $0) })

        let wire = "|Transfer-Encoding: chunked|Expect: 100-continue]5\r\nhello\r\n0\r\n\r\n"
        #expect(server.story() == ["[PUT /images/1 HTTP/1.1|Content-Type: application/octet-stream\(wire)"])
    }

    @Test func `a file is sent as long as it was when it was opened, and progress is told`() throws {
        let path = "\(ScratchDirectory.path)/image"
        try Data(repeating: 7, count: 200_000).write(to: URL(filePath: path))
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.send("HTTP/1.1 100 Continue\r\n\r\n")
            try peer.skim(200_000)
            try peer.answer(one("1"))
        }
        let told = Told()

        try client(of: server).add(image, from: .file(path)) { told.add($0) }

        #expect(told.all.last == 200_000 && told.all == told.all.sorted())
        #expect(server.story()[0].hasSuffix("<200000 bytes>"))
    }

    @Test(arguments: ["no/such/file", "/", ""])
    func `a file that is none is said before anything is sent`(path: String) throws {
        let server = try ScriptedServer { try $0.readHead() }

        #expect { try client(of: server).add(image, from: .file(path)) } throws: {
            if case GlanceError.file = $0 { true } else { false }
        }
        #expect(server.story() == [])
    }

    @Test(arguments: [409, 413, 507])
    func `an early answer is reported at once, and the rest is not sent`(status: Int) throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.send("HTTP/1.1 100 Continue\r\n\r\n")
            try peer.skim(100_000)
            try peer.answer("Because.\n", status: status, "Content-Type: text/plain\r\n")
            try peer.skimToEnd()
        }
        let told = Told()

        let error = try #require(throws: GlanceError.self) {
            try client(of: server).add(
                image,
                from: .stream(length: 1 << 40) { buffer in
                    buffer.initializeMemory(as: UInt8.self, repeating: 0)
                    return buffer.count
                }, progress: { told.add($0) })
        }

        #expect(error.refusal?.status == status && error.description == "Because.")
        #expect(told.all.last.map { $0 < 1 << 30 } == true)
    }

    @Test func `a refusal instead of 100 Continue costs no byte of the image`() throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.answer("Taken.\n", status: 409, "Content-Type: text/plain\r\n")
            try peer.readToEnd()
        }

        #expect { try client(of: server).add(image, from: .bytes([1, 2, 3])) } throws: {
            if case GlanceError.conflict = $0 { true } else { false }
        }
        #expect(server.story()[0].hasSuffix("|Expect: 100-continue]<gone>"))
    }

    @Test func `a source that ends early, or fails, adds nothing`() throws {
        let server = try ScriptedServer(connections: 2) { peer in
            try peer.readHead()
            try peer.send("HTTP/1.1 100 Continue\r\n\r\n")
            try peer.readToEnd()
        }
        let short = MemorySourceOnce("hello")
        let client = try client(of: server)

        let ended = try #require(throws: GlanceError.self) {
            try client.add(image, from: .stream(length: 6) { short.read(into: $0) })
        }
        let failed = try #require(throws: GlanceError.self) {
            try client.add(image, from: .stream(length: 6) { _ in throw StreamError.timedOut })
        }

        #expect(ended == .file("the source ended after 5 of 6 bytes. Nothing was added"))
        #expect(failed == .file("timedOut"))
        #expect(server.story().allSatisfy { $0.hasSuffix("hello<gone>") || $0.hasSuffix("]<gone>") })
    }

    @Test func `a server that has other bytes than were sent is found out`() throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.send("HTTP/1.1 100 Continue\r\n\r\n")
            try peer.skim(5)
            try peer.answer(one("9", sha256: String(repeating: "0", count: 64)))
        }

        let error = try #require(throws: GlanceError.self) {
            try client(of: server).add(image, from: .bytes(Array("hello".utf8)))
        }

        guard case .damaged(let text) = error else { return #expect(Bool(false), "\(error)") }
        #expect(text.contains("delete the image 9"))
    }

    @Test func `a server that goes away amid an upload is said to have`() throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.send("HTTP/1.1 100 Continue\r\n\r\n")
            try peer.skim(3)
            peer.reset()
        }

        #expect { try client(of: server).add(image, from: .bytes(Array(repeating: 0, count: 1 << 22))) } throws: {
            if case GlanceError.brokenOff = $0 { true } else { false }
        }
    }
}

/// Gives its text once, then its end. Used by one thread at a time.
private final class MemorySourceOnce: @unchecked Sendable {
    private let source: MemorySource

    init(_ text: String) {
        source = MemorySource(text.utf8)
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int { source.read(into: buffer) }
}
