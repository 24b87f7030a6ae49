import Synchronization
import Testing

@testable import GlanceClient

/// The same calls for tasks.
@Suite struct GlanceClientAsyncTests {
    @Test func `every call has a form for tasks`() async throws {
        try await onOwnThreads {
            let server = try ScriptedServer { peer in
                for answer in [one("1"), one("1"), "", ""] {
                    try peer.readHead()
                    try peer.answer(answer, described)
                }
            }
            let client = try client(of: server)

            let added = try await client.add(ImageDescription(name: "a", kind: .raw))
            let updated = try await client.update("1", ImageUpdate(isPublic: true))
            let image = try await client.image("1")
            try await client.delete("1")

            #expect(added.id == "1" && updated.id == "1" && image.id == "71c675ab")
        }
    }

    @Test func `data come as a sequence of pieces that is fetched as it is read`() async throws {
        try await onOwnThreads {
            let server = try ScriptedServer { peer in
                try peer.readHead()
                try peer.send("HTTP/1.1 200 OK\r\n\(described)Content-Length: 5\r\n\r\nhel")
                peer.waitForTest()
                try peer.send("lo")
            }
            let chunks = try await client(of: server).download("71c675ab")
            var bytes: [UInt8] = []

            for try await piece in chunks {
                if bytes.isEmpty { server.tell() }
                bytes += piece
            }

            #expect(bytes == Array("hello".utf8) && chunks.metadata.size == 5)
        }
    }

    @Test func `a list is a sequence`() async throws {
        try await onOwnThreads {
            let server = try ScriptedServer { peer in
                try peer.readHead()
                try peer.answer(
                    #"{"images": [{"id": "1", "name": "a", "type": "raw"}, {"id": "2", "name": "b", "type": "raw"}]}"#)
            }
            var ids: [String] = []

            for try await image in try client(of: server).imageSequence() { ids.append(image.id) }

            #expect(ids == ["1", "2"])
        }
    }

    @Test(arguments: [
        "", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\n\(described)Content-Length: 5\r\n\r\nhel",
    ])
    func `a task that is cancelled ends its connection at once`(begun: String) async throws {
        try await onOwnThreads {
            let server = try ScriptedServer { peer in
                try peer.readHead()
                try peer.send(begun)
                peer.tell()
                try peer.skimToEnd()
            }
            let client = try client(of: server)
            let task = Task(executorPreference: ThreadsExecutor.shared) {
                for try await _ in try await client.download("71c675ab") {}
            }
            server.waitForPeer()

            task.cancel()

            await #expect(throws: GlanceError.cancelled) { try await task.value }
            #expect(server.story() == ["[GET /images/71c675ab HTTP/1.1]<gone>"])
        }
    }

    @Test func `a cancelled upload ends its connection, and so does a cancelled list`() async throws {
        try await onOwnThreads {
            let uploaded = try ScriptedServer { peer in
                try peer.readHead()
                try peer.send("HTTP/1.1 100 Continue\r\n\r\n")
                try peer.skim(100_000)
                peer.tell()
                try peer.skimToEnd()
            }
            let listed = try ScriptedServer { peer in
                try peer.readHead()
                try peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
                peer.tell()
                try peer.skimToEnd()
            }
            let (to, from) = (try client(of: uploaded), try client(of: listed))
            let adding = Task(executorPreference: ThreadsExecutor.shared) {
                _ = try await to.add(
                    ImageDescription(name: "x", kind: .raw),
                    from: .stream(length: 1 << 40) { buffer in
                        buffer.initializeMemory(as: UInt8.self, repeating: 0)
                        return buffer.count
                    })
            }
            let listing = Task(executorPreference: ThreadsExecutor.shared) {
                for try await _ in from.imageSequence() {}
            }
            uploaded.waitForPeer()
            listed.waitForPeer()

            adding.cancel()
            listing.cancel()

            await #expect(throws: GlanceError.cancelled) { try await adding.value }
            await #expect(throws: GlanceError.cancelled) { try await listing.value }
            #expect(uploaded.story()[0].hasSuffix("<100000 bytes><gone>"))
            #expect(listed.story()[0].hasSuffix("<gone>"))
        }
    }

    @Test func `a task that was cancelled before asks nobody for long`() async throws {
        try await onOwnThreads {
            let deaf = try DeafServer(refuses: false)
            let client = try GlanceClient(url: deaf.url.description)
            let task = Task(executorPreference: ThreadsExecutor.shared) { try await client.image("1") }

            task.cancel()

            await #expect(throws: GlanceError.cancelled) { try await task.value }
        }
    }

    @Test func `more tasks wait at a time than there are threads for tasks`() async throws {
        try await onOwnThreads {
            let count = 40
            let waiting = Atomic(0)
            let server = try ScriptedServer(connections: count) { peer in
                try peer.readHead()
                // Nobody is answered before all have asked.
                if waiting.add(1, ordering: .relaxed).newValue < count { peer.waitForTest() }
                peer.wakeAnother()
                try peer.answer("", described)
            }
            let client = try client(of: server)

            let ids = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<count { group.addTask { try await client.image("1").id } }
                return try await group.reduce(into: []) { $0.append($1) }
            }

            #expect(ids.count == count)
        }
    }
}
