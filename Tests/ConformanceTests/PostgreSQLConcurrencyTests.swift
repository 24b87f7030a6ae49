import Dispatch
import FoundationEssentials
import GlanceModel
import PostgreSQL
import Synchronization
import Testing

@testable import GlanceRegistry

/// Many at once: connections that are shared out, and transactions in each other's way.
@Suite(.scratchDirectory, .enabled(if: PostgreSQLUnderTest.url != nil, "GLANCE_TEST_POSTGRESQL names no PostgreSQL"))
struct PostgreSQLConcurrencyTests {
    @Test func `whoever finds no connection free in time is told that the registry is busy`() throws {
        let registry = try PostgreSQLUnderTest.registry(connectionsMax: 1, busySecondsMax: 1)
        let (isHeld, isDone) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let holder = DispatchQueue.global()
        holder.async {
            try? registry.pool.read { _ throws(PostgreSQLError) in
                isHeld.signal()
                isDone.wait()
            }
        }
        isHeld.wait()
        let began = ContinuousClock.now

        #expect(throws: Failure.registryBusy) { try registry.siteID() }
        let took = ContinuousClock.now - began
        isDone.signal()

        #expect((.seconds(1) ..< .seconds(8)).contains(took))
        #expect(throws: Never.self) { try registry.siteID() }
    }

    @Test func `no more connections are open than were allowed`() throws {
        let registry = try PostgreSQLUnderTest.registry(connectionsMax: 3)
        let failures = Mutex(0)

        DispatchQueue.concurrentPerform(iterations: 200) { _ in
            if (try? registry.siteID()) == nil { failures.withLock { $0 += 1 } }
        }

        #expect(failures.withLock { $0 } == 0)
        let open = try PostgreSQLUnderTest.connection().rows(
            """
            SELECT count(*) FROM pg_stat_activity
            WHERE pid <> pg_backend_pid() AND application_name = current_schema()
            """
        ) { $0.integer(0) }
        #expect((1...3).contains(open[0]))
    }

    @Test(arguments: ["40001", "40P01"])
    func `what stood in another's way is tried again, within a bound`(state: String) throws {
        let registry = try PostgreSQLUnderTest.registry()
        var tries = 0
        func fail(times: Int) throws(Failure) -> Int {
            tries = 0
            return try registry.pool.write { connection throws(PostgreSQLError) in
                tries += 1
                if tries <= times {
                    try connection.execute("DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '\(state)'; END $$")
                }
                return tries
            } lookUp: { failure throws(Failure) in
                throw failure
            }
        }

        #expect(try fail(times: 3) == 4)
        #expect(throws: Failure.registryBusy) { try fail(times: 1000) }
        #expect(tries < 20)
    }

    @Test func `two that lock each other out both come through`() throws {
        let registry = try PostgreSQLUnderTest.registry()
        let images = try ["a", "b"].map { try registry.addAvailable(.made(id: $0)).id.text }
        let arrived = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let tries = Mutex([0, 0])
        let done = Mutex(0)

        DispatchQueue.concurrentPerform(iterations: 2) { number in
            let order = number == 0 ? images : images.reversed()
            let isDone: Bool? = try? registry.pool.write { connection throws(PostgreSQLError) in
                let attempt = tries.withLock { tries in
                    tries[number] += 1
                    return tries[number]
                }
                return try connection.transaction { () throws(PostgreSQLError) in
                    for (place, id) in order.enumerated() {
                        try connection.execute("UPDATE images SET version = version + 1 WHERE id = $1", [.text(id)])
                        guard place == 0, attempt == 1 else { continue }
                        let (own, other) = number == 0 ? arrived : (arrived.1, arrived.0)
                        own.signal()
                        other.wait()
                    }
                    return true
                }
            } lookUp: { failure throws(Failure) in
                throw failure
            }
            if isDone == true { done.withLock { $0 += 1 } }
        }

        #expect(done.withLock { $0 } == 2)
        #expect(tries.withLock { $0[0] + $0[1] } == 3)
        #expect(try registry.found(ImageID("a")!).image.version == 3)
    }

    @Test func `everything holds where transactions are serializable unless they say otherwise`() throws {
        let plain = try PostgreSQLUnderTest.settings()
        try PostgreSQLRegistry.prepare(plain, newSite: "site")
        let url = plain.url + "%20-c%20default_transaction_isolation%3Dserializable"
        let registry = PostgreSQLRegistry(
            PostgreSQLRegistry.Settings(url: url, connectionsMax: 8, busySecondsMax: 20)
        ) { UUID().uuidString }
        let ids = Mutex<Set<String>>([])

        DispatchQueue.concurrentPerform(iterations: 4) { _ in
            for _ in 0..<4 {
                if let image = try? registry.reserve(.made(), lease: nil) {
                    _ = ids.withLock { $0.insert(image.id.text) }
                }
            }
        }

        #expect(ids.withLock { $0.count } == 16)
    }

    @Test func `images appear in the order of their numbers, however many add at once`() throws {
        let registry = try PostgreSQLUnderTest.registry()
        let missed = Mutex<[String]>([])

        DispatchQueue.concurrentPerform(iterations: 5) { number in
            guard number == 0 else {
                for _ in 0..<30 { _ = try? registry.reserve(.made(), lease: nil) }
                return
            }
            // Whoever pages along while others add meets every image.
            var (seen, place): (Set<String>, ListPosition?) = ([], nil)
            var isOver = false
            while !isOver {
                // Asked before: what is added between the two questions is for the next round.
                let areAllThere = (try? registry.ids(ImageQuery()).count) == 120
                guard let page = try? registry.page(ImageQuery(), after: place, count: 3) else { break }
                seen.formUnion(page.images.map(\.id.text))
                if let last = page.images.last, let record = try? registry.record(last.id) {
                    place = ListPosition(of: record, in: ImageQuery())
                }
                isOver = areAllThere && page.images.isEmpty
            }
            let all = (try? registry.ids(ImageQuery())) ?? []
            missed.withLock { $0 = all.filter { !seen.contains($0) } }
        }

        #expect(missed.withLock { $0 } == [])
        #expect(try registry.ids(ImageQuery()).count == 120)
    }
}
