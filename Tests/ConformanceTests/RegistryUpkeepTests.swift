import GlanceModel
import Testing

/// What a registry does for whoever watches, compares and mends.
@Suite(.scratchDirectory) struct RegistryUpkeepTests {
    @Test(arguments: RegistryKind.databases)
    func `a census counts records and bytes by store and status, and what waits to be done`(kind: RegistryKind) throws {
        let registry = try kind.openDatabase()
        #expect(try registry.census() == Census(images: [], leasesOver: 0, bytesToDelete: 0, damaged: 0))

        try registry.addAvailable(.made(), size: 5)
        let second = try registry.addAvailable(.made(), size: 70)
        try registry.addAvailable(.made(store: .swift), size: 1)
        _ = try registry.reserve(.made(), lease: nil)
        _ = try registry.reserve(.made(), lease: .over())
        _ = try registry.reserve(.made(), lease: .fresh())
        let gone = try registry.addAvailable(.made(), size: 3)
        #expect(try registry.delete(gone, at: Timestamp(seconds: 2000)))
        #expect(try registry.mark("bad", second.id, at: #require(registry.found(second.id).location)))

        let census = try registry.census()

        func count(_ store: StoreName, _ status: ImageStatus) -> [Int64] {
            census.images.filter { $0.store == store && $0.status == status }.flatMap { [$0.images, $0.bytes] }
        }
        #expect(count(.file, .available) == [2, 75])
        #expect(count(.swift, .available) == [1, 1])
        #expect(count(.file, .queued) == [1, 0])
        #expect(count(.file, .saving).first == 2)
        #expect(count(.file, .deleted).first == 1)
        #expect(census.leasesOver == 1)
        #expect(census.bytesToDelete == 1)
        #expect(census.damaged == 1)
    }

    @Test(arguments: RegistryKind.databases)
    func `all that names bytes of a store is listed by location, page by page`(kind: RegistryKind) throws {
        let registry = try kind.openDatabase()
        var expected: Set<Location> = []
        for _ in 0..<7 {
            let image = try registry.addAvailable(.made())
            expected.insert(try #require(registry.found(image.id).location))
        }
        let (saving, filling) = (Lease.fresh(), Lease.fresh())
        _ = try registry.reserve(.made(), lease: saving)
        let queued = try registry.reserve(.made(store: .swift), lease: nil)
        #expect(try registry.beginSaving(queued.id, version: 1, lease: filling))
        let deleted = try registry.addAvailable(.made())
        let doomed = try #require(registry.found(deleted.id).location)
        #expect(try registry.delete(deleted, at: Timestamp(seconds: 2000)))
        try registry.addAvailable(.made(store: .swift))
        _ = try registry.reserve(.made(), lease: nil)

        var found: [KnownBytes] = []
        while case let page = try registry.knownBytes(in: .file, after: found.last?.location, count: 3), !page.isEmpty {
            #expect(page.count <= 3)
            found += page
        }

        #expect(
            found.map(\.location.text)
                == found.map(\.location.text).sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) })
        #expect(Set(found.map(\.location)) == expected.union([saving.bytes.location, filling.bytes.location, doomed]))
        #expect(found.count == 10)
        #expect(found.filter { $0.reason == .doomed }.map(\.location) == [doomed])
        #expect(found.contains { $0.reason == .attempt(queued.id) && $0.location == filling.bytes.location })
    }

    @Test(arguments: RegistryKind.databases)
    func `an image's bytes come with its id, size, digest and damage`(kind: RegistryKind) throws {
        let registry = try kind.openDatabase()
        let image = try registry.addAvailable(.made(id: "a"), size: 9)
        let location = try #require(registry.found(image.id).location)
        #expect(try registry.mark("torn", image.id, at: location))

        #expect(
            try registry.knownBytes(in: .file, after: nil, count: 10) == [
                KnownBytes(
                    location: location, reason: .image(image.id, size: 9, sha256: .of("a"), damage: "torn"))
            ])
    }

    @Test(arguments: RegistryKind.databases)
    func `bytes are known by their location, or by one with more parts`(kind: RegistryKind) throws {
        let registry = try kind.openDatabase()
        let lease = Lease(
            name: "l", bytes: StoredBytes(store: .swift, location: Location("box/name/3")), size: 0, seconds: 100)
        _ = try registry.reserve(.made(store: .swift), lease: lease)
        let deleted = try registry.addAvailable(.made())
        let doomed = try #require(registry.found(deleted.id).location)
        #expect(try registry.delete(deleted, at: Timestamp(seconds: 2000)))

        #expect(try registry.isKnown(Location("box/name/3"), in: .swift))
        #expect(try registry.isKnown(Location("box/name"), in: .swift))
        #expect(try registry.isKnown(doomed, in: .file))
        #expect(try !registry.isKnown(Location("box/name/3"), in: .file))
        #expect(try !registry.isKnown(Location("box/nam"), in: .swift))
        #expect(try !registry.isKnown(Location("box/name/33"), in: .swift))
    }

    @Test(arguments: RegistryKind.databases)
    func `damage is marked, shown and taken back, and moves no version`(kind: RegistryKind) throws {
        let registry = try kind.openDatabase()
        let image = try registry.addAvailable(.made())
        let location = try #require(registry.found(image.id).location)

        #expect(try registry.mark("its digest differs", image.id, at: location))
        #expect(try registry.found(image.id).damage == "its digest differs")
        #expect(try registry.found(image.id).image == image)
        #expect(try registry.update(image.renamed("other")))
        #expect(try registry.found(image.id).damage == "its digest differs", "a change of metadata mends nothing")
        #expect(try registry.mark(nil, image.id, at: location))
        #expect(try registry.found(image.id).damage == nil)
    }

    @Test(arguments: RegistryKind.databases)
    func `nothing but an available image at that place is marked`(kind: RegistryKind) throws {
        let registry = try kind.openDatabase()
        let (lease, queued) = (Lease.fresh(), try registry.reserve(.made(), lease: nil))
        let saving = try registry.reserve(.made(), lease: lease)
        let image = try registry.addAvailable(.made())
        let location = try #require(registry.found(image.id).location)

        #expect(try !registry.mark("x", image.id, at: Location("another")))
        #expect(try !registry.mark("x", queued.id, at: location))
        #expect(try !registry.mark("x", saving.id, at: lease.bytes.location))
        #expect(try registry.delete(image, at: Timestamp(seconds: 2000)))
        #expect(try !registry.mark("x", image.id, at: location))
    }

    @Test(arguments: RegistryKind.databases)
    func `available images come one after the other in the order of adding`(kind: RegistryKind) throws {
        let registry = try kind.openDatabase()
        let images = try ["c", "a", "b"].map { try registry.addAvailable(.made(id: $0, isPublic: $0 == "a")) }
        _ = try registry.reserve(.made(), lease: nil)
        _ = try registry.reserve(.made(), lease: .fresh())
        #expect(try registry.delete(images[1], at: Timestamp(seconds: 2000)))

        let first = try #require(try registry.nextAvailable(after: 0))
        let second = try #require(try registry.nextAvailable(after: first.sequence))

        #expect(try first == registry.found(images[0].id))
        #expect(try second == registry.found(images[2].id))
        #expect(try registry.nextAvailable(after: second.sequence) == nil)
    }

    @Test(arguments: RegistryKind.databases)
    func `one scrub at a time goes on where the last one stood`(kind: RegistryKind) throws {
        let (one, other) = (try kind.openDatabase(), try kind.openDatabase())

        #expect(try one.beginScrub(holder: "one", seconds: 3600) == 0)
        #expect(try other.beginScrub(holder: "other", seconds: 3600) == nil)
        #expect(try one.continueScrub(at: 17, holder: "one", seconds: 3600))
        #expect(try !other.continueScrub(at: 5, holder: "other", seconds: 3600))
        #expect(try one.beginScrub(holder: "one", seconds: -10) == 17, "its own it can take again")
        #expect(try other.beginScrub(holder: "other", seconds: 3600) == 17, "one that ran out is free")
        #expect(try !one.continueScrub(at: 99, holder: "one", seconds: 3600))
    }
}
