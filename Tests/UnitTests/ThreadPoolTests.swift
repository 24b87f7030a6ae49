import Bytes
import Dispatch
import Sockets
import Synchronization
import Testing

@testable import Workers

@Suite(.scratchDirectory) struct ThreadPoolTests {
    /// A service that keeps each connection until it is told to answer it.
    private final class Service: Sendable {
        let begun = DispatchSemaphore(value: 0)
        let mayAnswer = DispatchSemaphore(value: 0)
        let threads = Mutex<[Int]>([])

        @Sendable func serve(_ connection: Connection, _ chunk: Chunk, _ thread: Int) {
            threads.withLock { $0.append(thread) }
            begun.signal()
            _ = mayAnswer.wait(timeout: .now() + 30)
            try? Array("thread \(thread)".utf8).withUnsafeBytes(connection.write)
        }

        func hasBegun(_ count: Int) -> Bool {
            (0..<count).allSatisfy { _ in begun.wait(timeout: .now() + 30) == .success }
        }

        func answer(_ count: Int) {
            for _ in 0..<count { mayAnswer.signal() }
        }
    }

    private let path = "\(ScratchDirectory.path)/pool.sock"
    private let service = Service()

    @Test func `there is a thread for every connection up to the bound`() throws {
        let pool = try pool(threadsMin: 1, threadsMax: 6)

        let peers = try (0..<6).map { _ in try SocketPeer.connected(to: path) }

        #expect(service.hasBegun(6))
        #expect(service.threads.withLock { $0.sorted() } == [0, 1, 2, 3, 4, 5])
        service.answer(6)
        #expect(Set(peers.map { $0.receivedText() }) == Set((0..<6).map { "thread \($0)" }))
        #expect(pool.drain(secondsMax: 30))
    }

    @Test func `one that says it blocks lets the next one in at once`() throws {
        let listener = try Listener(.unix(path: path))
        let service = service
        let pool = ThreadPool(
            listener, limits: ThreadPool.Limits(threadsMin: 1, threadsMax: 64), onError: { Issue.record($0) },
            serve: { connection, chunk, thread in blocking { service.serve(connection, chunk, thread) } })
        try pool.start()

        let peers = try (0..<64).map { _ in try SocketPeer.connected(to: path) }

        #expect(service.hasBegun(64))
        service.answer(64)
        #expect(peers.allSatisfy { $0.receivedText().hasPrefix("thread ") })
        #expect(pool.drain(secondsMax: 30))
    }

    @Test func `beyond the bound a connection waits for a thread`() throws {
        let pool = try pool(threadsMin: 2, threadsMax: 2)
        let peers = try (0..<3).map { _ in try SocketPeer.connected(to: path) }
        #expect(service.hasBegun(2))
        #expect(service.threads.withLock { $0.count } == 2)

        service.answer(1)

        #expect(service.hasBegun(1))
        service.answer(2)
        #expect(peers.allSatisfy { $0.receivedText().hasPrefix("thread ") })
        #expect(pool.drain(secondsMax: 30))
    }

    @Test func `a pool ends when what it has in hand is done, and not before`() throws {
        let pool = try pool(threadsMin: 3, threadsMax: 4)
        let peer = try SocketPeer.connected(to: path)
        #expect(service.hasBegun(1))

        #expect(!pool.drain(secondsMax: 1))
        service.answer(1)

        #expect(pool.drain(secondsMax: 30))
        #expect(peer.receivedText().hasPrefix("thread "))
    }

    @Test func `a pool that has nothing to do ends at once`() throws {
        let pool = try pool(threadsMin: 4, threadsMax: 4)

        #expect(pool.drain(secondsMax: 30))
    }

    @Test func `a pool that ends takes no more connections`() throws {
        let pool = try pool(threadsMin: 2, threadsMax: 4)
        #expect(pool.drain(secondsMax: 30))

        let late = try SocketPeer.connected(to: path)
        service.answer(1)
        withExtendedLifetime(late) {}

        #expect(service.threads.withLock { $0 } == [])
    }

    private func pool(threadsMin: Int, threadsMax: Int) throws -> ThreadPool {
        let listener = try Listener(.unix(path: path))
        let service = service
        let pool = ThreadPool(
            listener, limits: ThreadPool.Limits(threadsMin: threadsMin, threadsMax: threadsMax),
            onError: { Issue.record($0) },
            serve: { connection, chunk, thread in service.serve(connection, chunk, thread) })
        try pool.start()
        return pool
    }
}
