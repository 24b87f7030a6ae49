import GlanceModel
import Testing

/// What a registry does for the janitor.
@Suite(.scratchDirectory) struct RegistryJanitorTests {
    @Test(arguments: RegistryKind.allCases)
    func `there is nothing to do where every lease holds and nothing was deleted`(kind: RegistryKind) throws {
        let registry = try kind.open()
        #expect(try !registry.hasWorkForJanitor())

        let saving = try registry.reserve(.made(), lease: .fresh())
        try registry.addAvailable(.made())
        _ = try registry.reserve(.made(), lease: nil)

        #expect(try !registry.hasWorkForJanitor())
        #expect(try registry.endLeases() == [])
        #expect(try registry.found(saving.id).image.status == .saving)
    }

    @Test(arguments: RegistryKind.allCases)
    func `a lease that ran out is ended, and what it may have stored is to go`(kind: RegistryKind) throws {
        let registry = try kind.open()
        let (new, filling, living) = (Lease.over(), Lease.over(), Lease.fresh())
        let added = try registry.reserve(.made(), lease: new)
        let queued = try registry.reserve(.made(), lease: nil)
        #expect(try registry.beginSaving(queued.id, version: 1, lease: filling))
        let other = try registry.reserve(.made(), lease: living)
        #expect(try registry.hasWorkForJanitor())

        let ended = try registry.endLeases()

        #expect(Set(ended) == [added.id, queued.id])
        #expect(try registry.record(added.id) == nil)
        #expect(try registry.found(queued.id).image == queued)
        #expect(try registry.found(other.id).image.status == .saving)
        #expect(try Set(registry.doomedBytes(count: 10)) == [new.bytes, filling.bytes])
        #expect(try registry.endLeases() == [])
    }

    @Test(arguments: RegistryKind.allCases)
    func `a lease that was renewed has not run out`(kind: RegistryKind) throws {
        let registry = try kind.open()
        let lease = Lease.over()
        let image = try registry.reserve(.made(), lease: lease)

        let longer = Lease(name: lease.name, bytes: lease.bytes, size: 0, seconds: 3600)
        #expect(try registry.renew(longer, of: image.id))

        #expect(try !registry.hasWorkForJanitor())
        #expect(try registry.endLeases() == [])
        #expect(try registry.commit(image.filled(), lease: lease))
    }

    @Test(arguments: RegistryKind.allCases)
    func `an image that was committed in time is no janitor's business`(kind: RegistryKind) throws {
        let registry = try kind.open()
        let lease = Lease.over()
        let image = try registry.reserve(.made(), lease: lease)
        #expect(try registry.commit(image.filled(), lease: lease))

        #expect(try registry.endLeases() == [])
        #expect(try registry.doomedBytes(count: 10) == [])
        #expect(try registry.found(image.id).image.status == .available)
    }

    @Test(arguments: RegistryKind.allCases)
    func `bytes are to go until they are forgotten`(kind: RegistryKind) throws {
        let registry = try kind.open()
        let leases = (0..<5).map { _ in Lease.over() }
        for lease in leases { _ = try registry.reserve(.made(), lease: lease) }
        #expect(try registry.endLeases().count == 5)

        #expect(try registry.doomedBytes(count: 2).count == 2)
        for lease in leases.dropLast() { try registry.forget(lease.bytes) }
        try registry.forget(leases[0].bytes)

        #expect(try registry.doomedBytes(count: 10) == [leases[4].bytes])
        #expect(try registry.hasWorkForJanitor())
        try registry.forget(leases[4].bytes)
        #expect(try !registry.hasWorkForJanitor())
    }

    @Test(arguments: RegistryKind.allCases)
    func `however many leases ran out, all are ended in some rounds`(kind: RegistryKind) throws {
        let registry = try kind.open()
        for _ in 0..<250 { _ = try registry.reserve(.made(), lease: .over()) }

        var ended = 0
        while case let round = try registry.endLeases(), !round.isEmpty { ended += round.count }

        #expect(ended == 250)
        #expect(try registry.doomedBytes(count: 1000).count == 250)
    }

    @Test(arguments: RegistryKind.allCases)
    func `one janitor at a time may clean up`(kind: RegistryKind) throws {
        let (one, other) = (try kind.open(), try kind.open())

        #expect(try one.takeJanitorLock(holder: "one", seconds: 3600))
        #expect(try !other.takeJanitorLock(holder: "other", seconds: 3600))
        #expect(try one.takeJanitorLock(holder: "one", seconds: -10), "its own lock it can take again")
        #expect(try other.takeJanitorLock(holder: "other", seconds: 3600), "a lock that ran out is free")
        #expect(try !one.takeJanitorLock(holder: "one", seconds: 3600))
    }
}
