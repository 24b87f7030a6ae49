import Testing

@testable import GlanceModel

@Suite(.scratchDirectory) struct JanitorTests {
    private let operators = Caller(.theOperator)

    @Test func `a janitor without work does not even take the lock`() throws {
        let setting = try ServiceSetting()
        _ = try setting.service.add(.made(), body: .bytes("bytes"), for: operators)

        #expect(try setting.janitor.sweep() == nil)
        #expect(try setting.registry.takeJanitorLock(holder: "somebody", seconds: 60))
    }

    @Test func `the bytes of a deleted image go once their store is back`() throws {
        let setting = try ServiceSetting()
        let image = try setting.service.add(.made(), body: .bytes("bytes"), for: operators)
        setting.store.fail(.remove)

        try setting.service.delete(image.id, version: nil, for: operators)
        #expect(throws: Failure.notFound(image.id.text)) {
            try setting.service.image(image.id, for: operators.identity)
        }
        #expect(setting.store.locations.count == 1)

        let failed = try setting.janitor.sweep()
        #expect(failed == Janitor.Sweep(failures: [.storeAway(.file, reason: "told to")]))
        #expect(setting.store.locations.count == 1)

        setting.store.fail(.remove, with: nil)
        #expect(try setting.janitor.sweep() == Janitor.Sweep(removed: 1))
        #expect(setting.store.locations == [])
        #expect(try setting.janitor.sweep() == nil)
    }

    @Test func `what a worker that died left behind goes, and an id with it`() throws {
        let setting = try ServiceSetting()
        let lease = Lease.over()
        let image = try setting.registry.reserve(.made(), lease: lease)
        try keep(pattern(5), in: setting.store, at: lease.bytes.location)

        let sweep = try setting.janitor.sweep()

        #expect(sweep == Janitor.Sweep(endedLeases: [image.id], removed: 1))
        #expect(setting.store.locations == [])
        #expect(try setting.registry.record(image.id) == nil)
    }

    @Test func `bytes that no record knows stay`() throws {
        let setting = try ServiceSetting()
        let orphan = setting.store.location(named: "orphan", for: 5)
        try keep(pattern(5), in: setting.store, at: orphan)
        _ = try setting.registry.reserve(.made(), lease: .over())

        #expect(try setting.janitor.sweep()?.endedLeases.count == 1)

        #expect(setting.store.locations == [orphan])
    }

    @Test func `a store that fails again and again has its peace until the next sweep`() throws {
        let setting = try ServiceSetting()
        for _ in 0..<10 {
            let image = try setting.service.add(.made(), body: .bytes("bytes"), for: operators)
            setting.store.fail(.remove)
            try setting.service.delete(image.id, version: nil, for: operators)
            setting.store.fail(.remove, with: nil)
        }
        setting.store.fail(.remove)

        #expect(try setting.janitor.sweep()?.failures.count == 3)

        setting.store.fail(.remove, with: nil)
        #expect(try setting.janitor.sweep()?.removed == 10)
    }

    @Test func `one store that is away does not stop the others' bytes from going`() throws {
        let setting = try ServiceSetting()
        for store in ["tape", "file"] { _ = try setting.registry.reserve(.made(), lease: .over(store)) }

        let sweep = try #require(try setting.janitor.sweep())

        #expect(sweep.endedLeases.count == 2)
        #expect(sweep.removed == 1)
        #expect(sweep.failures == [.storeNotOffered(StoreName("tape"))])
        #expect(try setting.registry.doomedBytes(count: 10).map(\.store) == [StoreName("tape")])
    }

    @Test func `where another janitor is at it, nothing is done`() throws {
        let setting = try ServiceSetting()
        let image = try setting.registry.reserve(.made(), lease: .over())
        #expect(try setting.registry.takeJanitorLock(holder: "another", seconds: 3600))

        #expect(try setting.janitor.sweep() == nil)

        #expect(try setting.registry.found(image.id).image.status == .saving)
    }
}

extension Lease {
    fileprivate static func over(_ store: String) -> Lease { fresh(seconds: -10, store: StoreName(store)) }
}
