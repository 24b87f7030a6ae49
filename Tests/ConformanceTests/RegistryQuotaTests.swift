import GlanceModel
import Synchronization
import Testing

/// What one owner may have, counted in the step that takes more of it.
@Suite(.scratchDirectory) struct RegistryQuotaTests {
    private let two = OwnerQuota(owner: "ann", imagesMax: 2, bytesMax: nil)
    private let hundred = OwnerQuota(owner: "ann", imagesMax: nil, bytesMax: 100)

    @Test(arguments: RegistryKind.databases)
    func `an owner has so many images, queued or not, and no more`(kind: RegistryKind) throws {
        let registry = try kind.open()
        let queued = try registry.reserve(.made(owner: "ann"), lease: nil, within: two)
        _ = try registry.reserve(.made(owner: "ann"), lease: .fresh(), within: two)

        for lease in [nil, Lease.fresh()] {
            #expect(throws: Failure.tooManyImages(limit: 2)) {
                try registry.reserve(.made(id: "x", owner: "ann"), lease: lease, within: two)
            }
        }
        let other = OwnerQuota(owner: "Ann", imagesMax: 2, bytesMax: nil)
        _ = try registry.reserve(.made(owner: "Ann"), lease: nil, within: other)
        #expect(try registry.beginSaving(queued.id, version: 1, lease: .fresh(size: 5), within: two))

        #expect(try registry.reserve(.made(id: "x"), lease: nil).id.text == "x", "what was refused left nothing")
    }

    @Test(arguments: RegistryKind.databases)
    func `an id that is taken and an image that is no longer queued come before a quota`(kind: RegistryKind) throws {
        let registry = try kind.open()
        _ = try registry.reserve(.made(id: "x", owner: "ann"), lease: .fresh(size: 100), within: hundred)
        let queued = try registry.reserve(.made(owner: "ann"), lease: nil, within: two)

        #expect(throws: Failure.idTaken(ImageID("x")!)) {
            try registry.reserve(.made(id: "x", owner: "ann"), lease: .fresh(size: 1), within: hundred)
        }
        #expect(throws: Failure.idTaken(ImageID("x")!)) {
            try registry.reserve(.made(id: "x", owner: "ann"), lease: nil, within: two)
        }
        #expect(try !registry.beginSaving(queued.id, version: 2, lease: .fresh(size: 1), within: hundred))
        #expect(throws: Failure.tooManyBytes(1, left: 0, limit: 100)) {
            try registry.beginSaving(queued.id, version: 1, lease: .fresh(size: 1), within: hundred)
        }
        #expect(try registry.found(queued.id).image == queued)
    }

    @Test(arguments: RegistryKind.databases)
    func `what is refused takes no number`(kind: RegistryKind) throws {
        let registry = try kind.open()
        for _ in 0..<2 { _ = try registry.reserve(.made(owner: "ann"), lease: nil, within: two) }

        #expect(throws: Failure.tooManyImages(limit: 2)) {
            try registry.reserve(.made(owner: "ann"), lease: .fresh(), within: two)
        }

        #expect(try registry.reserve(.made(), lease: nil).id.text == "3")
        var all = ImageQuery()
        all.visibility = .all
        #expect(try registry.ids(all) == ["1", "2", "3"])
    }

    @Test(arguments: RegistryKind.databases)
    func `what is deleted or given up counts no more`(kind: RegistryKind) throws {
        let registry = try kind.open()
        let lease = Lease.fresh(size: 60)
        let image = try registry.reserve(.made(owner: "ann"), lease: lease, within: hundred)
        #expect(throws: Failure.tooManyBytes(41, left: 40, limit: 100)) {
            try registry.reserve(.made(owner: "ann"), lease: .fresh(size: 41), within: hundred)
        }
        #expect(try registry.commit(image.filled(size: 60), lease: lease))
        let attempt = Lease.fresh(size: 40)
        let given = try registry.reserve(.made(owner: "ann"), lease: attempt, within: hundred)
        #expect(throws: Failure.tooManyBytes(1, left: 0, limit: 100)) {
            try registry.reserve(.made(owner: "ann"), lease: .fresh(size: 1), within: hundred)
        }

        try registry.release(attempt, of: given.id, leavesBytes: false)
        #expect(throws: Failure.tooManyBytes(41, left: 40, limit: 100)) {
            try registry.reserve(.made(owner: "ann"), lease: .fresh(size: 41), within: hundred)
        }
        #expect(try registry.delete(registry.found(image.id).image, at: Timestamp(seconds: 2000)))

        _ = try registry.reserve(.made(owner: "ann"), lease: .fresh(size: 100), within: hundred)
    }

    @Test(arguments: RegistryKind.databases)
    func `a queued image takes bytes when its data come, and gives them back with its lease`(kind: RegistryKind) throws
    {
        let registry = try kind.open()
        let queued = try registry.reserve(.made(size: 500, owner: "ann"), lease: nil, within: hundred)
        #expect(throws: Failure.tooManyBytes(101, left: 100, limit: 100)) {
            try registry.beginSaving(queued.id, version: 1, lease: .fresh(size: 101), within: hundred)
        }
        let over = Lease.fresh(seconds: -10, size: 100)
        #expect(try registry.beginSaving(queued.id, version: 1, lease: over, within: hundred))
        #expect(throws: Failure.tooManyBytes(1, left: 0, limit: 100)) {
            try registry.reserve(.made(owner: "ann"), lease: .fresh(size: 1), within: hundred)
        }

        #expect(try registry.endLeases() == [queued.id])

        _ = try registry.reserve(.made(owner: "ann"), lease: .fresh(size: 100), within: hundred)
    }

    @Test(arguments: RegistryKind.databases)
    func `who has too much already can still add what takes nothing`(kind: RegistryKind) throws {
        let registry = try kind.open()
        let less = OwnerQuota(owner: "ann", imagesMax: nil, bytesMax: 10)
        _ = try registry.reserve(.made(owner: "ann"), lease: .fresh(size: 60), within: hundred)

        _ = try registry.reserve(.made(owner: "ann"), lease: .fresh(size: 0), within: less)
        _ = try registry.reserve(.made(owner: "ann"), lease: nil, within: less)

        #expect(throws: Failure.tooManyBytes(1, left: 0, limit: 10)) {
            try registry.reserve(.made(owner: "ann"), lease: .fresh(size: 1), within: less)
        }
    }

    @Test(arguments: RegistryKind.databases)
    func `however many add at once, the bound holds to the image and to the byte`(kind: RegistryKind) throws {
        let registries = try (0..<4).map { _ in try kind.open() }
        let quota = OwnerQuota(owner: "ann", imagesMax: 10, bytesMax: nil)
        let queued = try (0..<24).map { _ in try registries[0].reserve(.made(owner: "bob"), lease: nil).id }
        let bytes = OwnerQuota(owner: "bob", imagesMax: nil, bytesMax: 59)
        let done = Mutex((added: 0, filled: 0, refused: 0))

        atOnce(48) { number in
            let registry = registries[number % 4]
            do {
                if number < 24 {
                    _ = try registry.reserve(.made(owner: "ann"), lease: .fresh(size: 7), within: quota)
                    done.withLock { $0.added += 1 }
                } else {
                    let lease = Lease.fresh(size: 10)
                    let isBegun = try registry.beginSaving(queued[number - 24], version: 1, lease: lease, within: bytes)
                    #expect(isBegun)
                    done.withLock { $0.filled += 1 }
                }
            } catch Failure.tooManyImages, Failure.tooManyBytes {
                done.withLock { $0.refused += 1 }
            } catch {
                Issue.record(error)
            }
        }

        #expect(done.withLock { $0 } == (10, 5, 33))
    }
}
