import FoundationEssentials
import GlanceModel
import Glibc
import PostgreSQL
import Synchronization
import Testing

@testable import GlanceRegistry

/// Connections that break and servers that hang.
@Suite(.scratchDirectory, .enabled(if: PostgreSQLUnderTest.url != nil, "GLANCE_TEST_POSTGRESQL names no PostgreSQL"))
struct PostgreSQLFaultTests {
    /// A way to the running test's registry through a forwarder that can break it.
    private struct Fragile {
        let registry: PostgreSQLRegistry
        let cutter: AnswerCutter

        init() throws {
            let place = try #require(
                try PostgreSQLUnderTest.connection().rows(
                    "SELECT host(inet_server_addr()), inet_server_port()"
                ) { (address: $0.text(0), port: UInt16($0.integer(1))) }.first)
            cutter = try AnswerCutter(before: place)
            _ = try PostgreSQLUnderTest.registry()
            let url = try "\(PostgreSQLUnderTest.url())&host=127.0.0.1&port=\(cutter.port)"
            registry = PostgreSQLRegistry(
                PostgreSQLRegistry.Settings(
                    url: "\(url)&sslmode=disable&gssencmode=disable", connectionsMax: 4, busySecondsMax: 10)
            ) { UUID().uuidString }
        }
    }

    @Test(arguments: AnswerCutter.Moment.allCases)
    func `a reservation whose answer is lost is found, and one that was not made is not made twice`(
        moment: AnswerCutter.Moment
    ) throws {
        let fragile = try Fragile()
        let registry = fragile.registry
        for (number, lease) in [nil, Lease.fresh()].enumerated() {
            for id in [nil, "chosen\(number)"] {
                fragile.cutter.cutOnce(moment, at: "UPDATE counter")
                let reserved = Result { () throws(any Error) in try registry.reserve(.made(id: id), lease: lease) }

                #expect(fragile.cutter.wasCut)
                switch moment {
                case .before: #expect(throws: Failure.self) { try reserved.get() }
                case .after:
                    let image = try reserved.get()
                    #expect(try registry.found(image.id).image == image)
                    if let lease { try registry.release(lease, of: image.id, leavesBytes: false) }
                }
            }
        }
        let count = try PostgreSQLUnderTest.connection().rows("SELECT count(*) FROM images") { $0.integer(0) }
        #expect(count == [moment == .after ? 2 : 0])
    }

    @Test(arguments: AnswerCutter.Moment.allCases)
    func `an upload's steps are done once, whatever becomes of the connection`(moment: AnswerCutter.Moment) throws {
        let fragile = try Fragile()
        let (registry, lease) = (fragile.registry, Lease.fresh())
        let queued = try registry.reserve(.made(properties: ["a": "1"]), lease: nil)
        func cut() { fragile.cutter.cutOnce(moment, at: "UPDATE images") }

        cut()
        #expect(try registry.beginSaving(queued.id, version: 1, lease: lease))
        #expect(fragile.cutter.wasCut)
        cut()
        #expect(try registry.renew(lease, of: queued.id))
        #expect(fragile.cutter.wasCut)
        cut()
        #expect(try registry.commit(queued.filled(), lease: lease))

        #expect(fragile.cutter.wasCut)
        #expect(try registry.found(queued.id).image == queued.filled())
        #expect(try registry.found(queued.id).location == lease.bytes.location)
    }

    @Test(arguments: AnswerCutter.Moment.allCases, [true, false])
    func `a lease that was lost stays lost when the answer is lost too`(
        moment: AnswerCutter.Moment, isOwn: Bool
    ) throws {
        let fragile = try Fragile()
        let (registry, lease) = (fragile.registry, Lease.fresh())
        let image = try registry.reserve(.made(), lease: isOwn ? lease : .fresh())

        fragile.cutter.cutOnce(moment, at: "FOR UPDATE")
        try registry.release(lease, of: image.id, leavesBytes: true)

        #expect(fragile.cutter.wasCut)
        #expect(try registry.doomedBytes(count: 10) == [lease.bytes])
        #expect(try registry.record(image.id)?.image.status == (isOwn ? nil : .saving))
        fragile.cutter.cutOnce(moment, at: "UPDATE images")
        #expect(try !registry.commit(image.filled(), lease: lease))
    }

    @Test(arguments: AnswerCutter.Moment.allCases)
    func `a change and a delete are done once, whatever becomes of the connection`(moment: AnswerCutter.Moment) throws {
        let fragile = try Fragile()
        let registry = fragile.registry
        let available = try registry.addAvailable(.made(properties: ["a": "1", "b": "2"]))
        let queued = try registry.reserve(.made(id: "queued"), lease: nil)
        var changed = available.renamed("changed")
        changed.properties = try NewImage.made(properties: ["b": "3", "c": "4"]).properties

        fragile.cutter.cutOnce(moment, at: "UPDATE images")
        #expect(try registry.update(changed))
        #expect(fragile.cutter.wasCut)
        #expect(try registry.found(available.id).image == changed)
        fragile.cutter.cutOnce(moment, at: "UPDATE images")
        #expect(try registry.delete(changed, at: Timestamp(seconds: 2000)))
        #expect(fragile.cutter.wasCut)
        #expect(try registry.found(available.id).image.status == .deleted)
        #expect(try registry.doomedBytes(count: 10).count == 1)
        fragile.cutter.cutOnce(moment, at: "DELETE FROM images")
        #expect(try registry.delete(queued, at: Timestamp(seconds: 2000)))
        #expect(fragile.cutter.wasCut)
        #expect(try registry.record(queued.id) == nil)
    }

    @Test func `a change that another one overtook while its answer was lost says that nobody knows`() throws {
        let fragile = try Fragile()
        let image = try fragile.registry.addAvailable(.made())
        let others = try PostgreSQLUnderTest.registry()

        fragile.cutter.cutOnce(.before, at: "UPDATE images")
        try PostgreSQLUnderTest.connection().execute("UPDATE images SET version = 2, name = 'other'")
        let failure = #expect(throws: Failure.self) { try fragile.registry.update(image.renamed("mine")) }

        #expect(failure?.operatorSays.isEmpty == false)
        #expect(try others.found(image.id).image.name.text == "other")
    }

    @Test func `a write whose connection breaks again and again is tried twice, and no more`() throws {
        let fragile = try Fragile()
        let available = try fragile.registry.addAvailable(.made())
        let queued = try fragile.registry.reserve(.made(id: "queued"), lease: nil)

        fragile.cutter.cutAlways(.before, at: "UPDATE images")
        #expect(throws: Failure.self) { try fragile.registry.update(available.renamed("changed")) }
        #expect(throws: Failure.self) { try fragile.registry.delete(available, at: Timestamp(seconds: 2000)) }
        #expect(fragile.cutter.cuts == 4)
        fragile.cutter.cutAlways(.before, at: "DELETE FROM images")
        #expect(throws: Failure.self) { try fragile.registry.delete(queued, at: Timestamp(seconds: 2000)) }

        #expect(fragile.cutter.cuts == 6)
        let direct = try PostgreSQLUnderTest.registry()
        #expect(try direct.found(available.id).image == available)
        #expect(try direct.found(queued.id).image == queued)
    }

    @Test(arguments: AnswerCutter.Moment.allCases)
    func `reading and the janitor's steps go on over a connection that broke`(moment: AnswerCutter.Moment) throws {
        let fragile = try Fragile()
        let registry = fragile.registry
        let image = try registry.addAvailable(.made())
        let doomed = try registry.reserve(.made(), lease: .over())
        func cut() { fragile.cutter.cutOnce(moment, at: "WHERE") }

        cut()
        #expect(try registry.found(image.id).image == image)
        cut()
        #expect(try registry.ids(ImageQuery()) == [image.id.text])
        cut()
        #expect(try registry.hasWorkForJanitor())
        cut()
        #expect(try registry.takeJanitorLock(holder: "one", seconds: 60))
        cut()
        #expect(throws: Failure.self) { try registry.endLeases() }
        #expect(try registry.endLeases() == (moment == .before ? [doomed.id] : []))
        let bytes = try registry.doomedBytes(count: 10)
        #expect(bytes.count == 1)
        cut()
        try registry.forget(bytes[0])
        #expect(fragile.cutter.wasCut)
        #expect(try registry.doomedBytes(count: 10) == [])
    }

    @Test func `a property's name that no index takes is the client's fault, and leaves nothing`() throws {
        let registry = try PostgreSQLUnderTest.registry()
        // Of which nothing can be compressed.
        let long = (0..<110).map { _ in UUID().uuidString.filter { $0 != "-" }.lowercased() }.joined()
        let new = try NewImage.made(properties: [long: "1"])

        let failure = #expect(throws: Failure.self) { try registry.reserve(new, lease: nil) }

        guard case .invalid(field: "properties", _) = failure else { throw try #require(failure) }
        let image = try registry.reserve(.made(), lease: nil)
        #expect(image.id.text == "1")
        var changed = image.renamed("changed")
        changed.properties = new.properties
        #expect(throws: Failure.self) { try registry.update(changed) }
        #expect(try registry.found(image.id).image == image)
    }

    @Test func `connections that the server ended while nobody used them cost nothing`() throws {
        let registry = try PostgreSQLUnderTest.registry()
        let image = try registry.addAvailable(.made())
        let connection = try PostgreSQLUnderTest.connection()

        for _ in 0..<5 {
            let ended = try connection.rows(
                """
                SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
                WHERE pid <> pg_backend_pid() AND query LIKE '%images%' AND application_name = current_schema()
                """
            ) { $0.text(0) }
            #expect(ended == ["t"])
            #expect(try registry.reserve(.made(), lease: nil).status == .queued)
            #expect(try registry.found(image.id).image == image)
        }
    }

    @Test func `a host that stands still while it counts for a quota keeps nobody waiting for long`() throws {
        let fragile = try Fragile()
        let others = try PostgreSQLUnderTest.registry(busySecondsMax: 60)
        let reserved = Mutex<Result<Image, any Error>?>(nil)
        fragile.cutter.holdOnce(at: "UPDATE counter SET last = last") {
            let image = Result { () throws(any Error) in try others.reserve(.made(id: "other"), lease: nil) }
            reserved.withLock { $0 = image }
        }
        let quota = OwnerQuota(owner: "ann", imagesMax: 5, bytesMax: nil)

        #expect(throws: Failure.self) {
            try fragile.registry.reserve(.made(id: "still", owner: "ann"), lease: nil, within: quota)
        }

        let isReserved = { reserved.withLock { $0 != nil } }
        while !isReserved() { usleep(20_000) }
        #expect(throws: Never.self) { try reserved.withLock { $0 }?.get() }
        #expect(try others.record(ImageID("still")!) == nil)
    }

    @Test func `a server that hangs is away after as long as it was given`() throws {
        let image = try PostgreSQLUnderTest.registry().addAvailable(.made())
        let impatient = try PostgreSQLUnderTest.registry(busySecondsMax: 1)
        let holder = try PostgreSQLUnderTest.connection()
        try holder.execute("BEGIN")
        try holder.execute("LOCK TABLE images")
        let began = ContinuousClock.now

        let failure = #expect(throws: Failure.self) { try impatient.record(image.id) }
        let took = ContinuousClock.now - began
        try holder.execute("ROLLBACK")

        #expect(failure?.operatorSays.contains("in time") == true)
        #expect(took < .seconds(8))
        #expect(try impatient.found(image.id).image == image)
    }

    @Test func `what was given up for a lock is not done when the lock is free`() throws {
        let registry = try PostgreSQLUnderTest.registry()
        let (queued, new) = (try registry.reserve(.made(), lease: nil), try NewImage.made(id: "late"))
        let impatient = try PostgreSQLUnderTest.registry(busySecondsMax: 1)
        let holder = try PostgreSQLUnderTest.connection()
        try holder.execute("BEGIN")
        try holder.execute("UPDATE counter SET last = last")
        try holder.execute("SELECT 1 FROM images FOR UPDATE")

        let reserving = #expect(throws: Failure.self) { try impatient.reserve(new, lease: .fresh()) }
        let changing = #expect(throws: Failure.self) { try impatient.update(queued.renamed("late")) }
        let waiting = try holder.rows(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = current_schema() AND wait_event_type = 'Lock'"
        ) { $0.integer(0) }
        try holder.execute("ROLLBACK")

        for failure in [reserving, changing] { #expect(failure?.operatorSays.contains("in time") == true) }
        #expect(waiting == [0])
        #expect(try registry.ids(ImageQuery()) == [queued.id.text])
        #expect(try registry.found(queued.id).image == queued)
    }

    @Test func `a server that became a standby is left for the one that takes changes`() throws {
        let registry = try PostgreSQLUnderTest.registry(connectionsMax: 1)
        let image = try registry.addAvailable(.made())
        _ = try registry.pool.read { connection throws(PostgreSQLError) in
            try connection.execute("SET default_transaction_read_only = on")
        }

        #expect(try registry.found(image.id).image == image)
        #expect(try registry.update(image.renamed("changed")))
    }
}
