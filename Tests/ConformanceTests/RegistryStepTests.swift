import GlanceModel
import Synchronization
import Testing

/// The steps of a record's life, one at a time.
@Suite(.scratchDirectory) struct RegistryStepTests {
    @Test(arguments: RegistryKind.allCases)
    func `a record comes back as it was given`(kind: RegistryKind) throws {
        let registry = try kind.open()
        var new = try NewImage.made(
            name: "Größe “🐧”", type: .ramdisk, size: .max, isPublic: false,
            properties: ["empty": "", "equals": "a=b=c", "quote": "'; DROP TABLE images; --", "text": "日本 語"],
            owner: "ann", createdAt: 1_700_000_000)
        new.sha256 = .of("b")

        let image = try registry.reserve(new, lease: nil)

        #expect(image == new.image(ImageID("1")!, .queued))
        #expect(try kind.open().found(image.id).image == image)
        #expect(try registry.found(image.id).location == nil)
    }

    @Test(arguments: RegistryKind.allCases, ["\u{301}x", "\u{200D}", "\u{FE0F}=", "=", "=\u{301}"])
    func `a property's value may begin with whatever joins the character before it`(
        kind: RegistryKind, value: String
    ) throws {
        let registry = try kind.open()

        let image = try registry.reserve(.made(properties: ["key": value, "other": "x"]), lease: nil)

        let found = try registry.found(image.id).image.properties
        #expect(found.pairs.map(\.key) == ["key", "other"])
        #expect(found == image.properties)
    }

    @Test(arguments: RegistryKind.allCases)
    func `what nobody said is not known`(kind: RegistryKind) throws {
        let registry = try kind.open()

        let (unknown, empty) = (
            try registry.reserve(.made(), lease: nil), try registry.reserve(.made(size: 0), lease: nil)
        )

        #expect(try registry.found(unknown.id).image.size == nil)
        #expect(try registry.found(unknown.id).image.sha256 == nil)
        #expect(try registry.found(empty.id).image.size == 0)
    }

    @Test(arguments: RegistryKind.allCases)
    func `a new image with a lease is saving until it is committed`(kind: RegistryKind) throws {
        let registry = try kind.open()
        let lease = Lease.fresh()

        let image = try registry.reserve(.made(name: "disk"), lease: lease)
        #expect(image.status == .saving)
        #expect(try registry.found(image.id).image.status == .saving)
        #expect(try registry.found(image.id).location == nil)

        #expect(try registry.renew(lease, of: image.id))
        #expect(try registry.commit(image.filled(), lease: lease))
        #expect(try registry.found(image.id).image == image.filled())
        #expect(try registry.found(image.id).location == lease.bytes.location)
    }

    @Test(arguments: RegistryKind.allCases)
    func `a queued image is filled and changed in one step`(kind: RegistryKind) throws {
        let registry = try kind.open()
        let lease = Lease.fresh()
        let queued = try registry.reserve(.made(properties: ["a": "1", "b": "2"]), lease: nil)

        #expect(try registry.beginSaving(queued.id, version: 1, lease: lease))
        #expect(try registry.found(queued.id).image.status == .saving)
        var target = queued.filled().renamed("filled")
        target.properties = try NewImage.made(properties: ["c": "3"]).properties
        target.isPublic = false
        target.type = .kernel

        #expect(try registry.commit(target, lease: lease))
        #expect(try registry.found(queued.id).image == target)
    }

    @Test(arguments: RegistryKind.allCases)
    func `only one gets to fill a queued image, and only at its version`(kind: RegistryKind) throws {
        let registry = try kind.open()
        let queued = try registry.reserve(.made(), lease: nil)

        #expect(try !registry.beginSaving(queued.id, version: 2, lease: .fresh()))
        #expect(try !registry.beginSaving(ImageID("none")!, version: 1, lease: .fresh()))
        #expect(try registry.beginSaving(queued.id, version: 1, lease: .fresh()))
        #expect(try !registry.beginSaving(queued.id, version: 1, lease: .fresh()))

        let available = try registry.addAvailable(.made())
        #expect(try !registry.beginSaving(available.id, version: 1, lease: .fresh()))
    }

    @Test(arguments: RegistryKind.allCases)
    func `a lease given up leaves a queued image as it was`(kind: RegistryKind) throws {
        let registry = try kind.open()
        let lease = Lease.fresh()
        let queued = try registry.reserve(.made(size: 7, properties: ["a": "1"]), lease: nil)
        let before = try registry.found(queued.id)
        #expect(try registry.beginSaving(queued.id, version: 1, lease: lease))

        try registry.release(lease, of: queued.id, leavesBytes: false)

        #expect(try registry.found(queued.id) == before)
        #expect(try registry.doomedBytes(count: 10) == [])
        #expect(try registry.beginSaving(queued.id, version: 1, lease: .fresh()), "it can be tried again")
    }

    @Test(arguments: RegistryKind.allCases)
    func `bytes that an attempt leaves behind are on the list, and the id is free`(kind: RegistryKind) throws {
        let registry = try kind.open()
        let (lease, lost) = (Lease.fresh(), Lease.fresh())
        let image = try registry.reserve(.made(id: "disk"), lease: lease)

        try registry.release(lost, of: image.id, leavesBytes: true)
        #expect(try registry.doomedBytes(count: 10) == [lost.bytes], "also where the lease was lost")
        try registry.forget(lost.bytes)
        #expect(try registry.found(image.id).image.status == .saving)
        try registry.release(lease, of: image.id, leavesBytes: true)

        #expect(try registry.doomedBytes(count: 10) == [lease.bytes])
        #expect(try registry.record(image.id) == nil)
        #expect(try registry.hasWorkForJanitor())
    }

    @Test(arguments: RegistryKind.allCases)
    func `whoever has lost the lease does nothing`(kind: RegistryKind) throws {
        let registry = try kind.open()
        let (lost, others) = (Lease.over(), Lease.fresh())
        let queued = try registry.reserve(.made(), lease: nil)
        #expect(try registry.beginSaving(queued.id, version: 1, lease: lost))
        #expect(try registry.endLeases() == [queued.id])
        #expect(try registry.beginSaving(queued.id, version: 1, lease: others))

        #expect(try !registry.renew(lost, of: queued.id))
        #expect(try !registry.commit(queued.filled(), lease: lost))
        try registry.release(lost, of: queued.id, leavesBytes: false)

        #expect(try registry.found(queued.id).image.status == .saving)
        #expect(try registry.commit(queued.filled(size: 9), lease: others))
        #expect(try registry.found(queued.id).image.size == 9)
        #expect(try registry.found(queued.id).location == others.bytes.location)
    }

    @Test(arguments: RegistryKind.allCases)
    func `a lease counts for its own image, once`(kind: RegistryKind) throws {
        let registry = try kind.open()
        let (one, other) = (Lease.fresh(), Lease.fresh())
        let image = try registry.reserve(.made(), lease: one)
        let second = try registry.reserve(.made(), lease: other)

        #expect(try !registry.commit(image.filled(), lease: other))
        #expect(try !registry.renew(one, of: second.id))
        try registry.release(one, of: second.id, leavesBytes: false)
        #expect(try registry.commit(image.filled(), lease: one))
        #expect(try !registry.commit(image.filled(), lease: one))
        #expect(try !registry.renew(one, of: image.id))
        try registry.release(one, of: image.id, leavesBytes: false)

        #expect(try registry.found(image.id).image.status == .available)
        #expect(try registry.found(second.id).image.status == .saving)
    }

    @Test(arguments: RegistryKind.allCases, [ImageStatus.queued, .available])
    func `metadata change from one version to the next`(kind: RegistryKind, status: ImageStatus) throws {
        let registry = try kind.open()
        let new = try NewImage.made(properties: ["a": "1", "b": "2"])
        let image = try status == .queued ? registry.reserve(new, lease: nil) : registry.addAvailable(new)
        let place = try registry.found(image.id)
        var changed = image.renamed("changed")
        changed.properties = try NewImage.made(properties: ["b": "3", "c": "4"]).properties

        #expect(try registry.update(changed))
        #expect(try registry.found(image.id).image == changed)
        #expect(try registry.found(image.id).location == place.location)
        #expect(try registry.found(image.id).sequence == place.sequence)

        #expect(try !registry.update(image.renamed("seen too late")))
        #expect(try registry.found(image.id).image == changed)
    }

    @Test(arguments: RegistryKind.allCases)
    func `of many who saw one version, one takes the next step, whatever step it is`(kind: RegistryKind) throws {
        let ways = [try kind.open(), try kind.open()]
        let image = try ways[0].addAvailable(.made(id: "available"))
        let queued = try ways[0].reserve(.made(id: "queued"), lease: nil)

        for round in 0..<10 {
            let steps = Mutex<[String]>([])
            atOnce(12) { number in
                let way = ways[number % 2]
                var seen = image
                seen.version += Int64(round)
                let changed = (try? way.update(seen.renamed("\(round).\(number)"))) == true
                let fills = round == 0 && (try? way.beginSaving(queued.id, version: 1, lease: .fresh())) == true
                steps.withLock { $0 += (changed ? ["\(round).\(number)"] : []) + (fills ? ["fills"] : []) }
            }

            let taken = steps.withLock { $0 }
            #expect(taken.count { $0 == "fills" } == (round == 0 ? 1 : 0))
            #expect(taken.filter { $0 != "fills" } == [try ways[0].found(image.id).image.name.text])
            #expect(try ways[1].found(image.id).image.version == Int64(round + 2))
        }
    }

    @Test(arguments: RegistryKind.allCases)
    func `of many who read at once each gets what it asked for`(kind: RegistryKind) throws {
        let (registry, elsewhere) = (try kind.open(), try kind.open())
        var images = try ["a", "b", "c"].map { try elsewhere.addAvailable(.made(id: $0)) }

        for round in 0..<5 {
            let wrong = Mutex<[String]>([])
            let now = images
            atOnce(24) { number in
                let id = ["a", "b", "c", "nobody"][number % 4]
                let found = (try? registry.record(ImageID(recorded: id))).map { $0?.image }
                let expected: Image?? = .some(now.first { $0.id.text == id })
                if found != expected { wrong.withLock { $0.append(id) } }
            }
            #expect(wrong.withLock { $0 } == [], "round \(round)")
            for index in images.indices {
                images[index] = images[index].renamed("\(round)")
                #expect(try elsewhere.update(images[index]))
            }
        }
    }

    @Test(arguments: RegistryKind.allCases)
    func `what is saving, deleted or not there does not change`(kind: RegistryKind) throws {
        let registry = try kind.open()
        let saving = try registry.reserve(.made(properties: ["a": "1"]), lease: .fresh())
        let deleted = try registry.addAvailable(.made())
        #expect(try registry.delete(deleted, at: Timestamp(seconds: 2000)))
        let tombstone = try registry.found(deleted.id).image

        #expect(try !registry.update(saving.renamed("x")))
        #expect(try !registry.update(tombstone.renamed("x")))
        #expect(try !registry.update(NewImage.made().image(ImageID("none")!, .queued).renamed("x")))

        #expect(try registry.found(saving.id).image == saving)
        #expect(try registry.found(deleted.id).image == tombstone)
    }

    @Test(arguments: RegistryKind.allCases)
    func `a deleted image is a tombstone without properties, and its bytes are to go`(kind: RegistryKind) throws {
        let registry = try kind.open()
        let lease = Lease.fresh(store: StoreName("swift"))
        let new = try NewImage.made(store: StoreName("swift"), properties: ["a": "1", "b": "2"])
        let image = try registry.reserve(new, lease: lease).filled()
        #expect(try registry.commit(image, lease: lease))

        #expect(try registry.delete(image, at: Timestamp(seconds: 2000)))

        let record = try registry.found(image.id)
        #expect(record.image.status == .deleted)
        #expect(record.image.deletedAt == Timestamp(seconds: 2000))
        #expect(record.image.version == 2)
        #expect(record.image.properties.pairs.isEmpty)
        #expect(record.location == nil)
        #expect(try registry.doomedBytes(count: 10) == [lease.bytes])
        #expect(try !registry.delete(record.image, at: Timestamp(seconds: 3000)))
    }

    @Test(arguments: RegistryKind.allCases)
    func `nothing is deleted at another version, or while data come in`(kind: RegistryKind) throws {
        let registry = try kind.open()
        let queued = try registry.reserve(.made(), lease: nil)
        let available = try registry.addAvailable(.made())
        let saving = try registry.reserve(.made(), lease: .fresh())

        for image in [queued.renamed("x"), available.renamed("x"), saving] {
            #expect(try !registry.delete(image, at: Timestamp(seconds: 2000)))
        }
        // Seen as queued, filled since: the data are not to vanish with a delete that meant none.
        let filled = try registry.reserve(.made(), lease: nil)
        let lease = Lease.fresh()
        #expect(try registry.beginSaving(filled.id, version: 1, lease: lease))
        #expect(try registry.commit(filled.filled().renamed("filled"), lease: lease))
        #expect(try !registry.delete(filled, at: Timestamp(seconds: 2000)))

        #expect(
            try [queued, available, saving, filled].map { try registry.found($0.id).image.status }
                == [.queued, .available, .saving, .available])
        #expect(try registry.doomedBytes(count: 10) == [])
    }

    @Test(arguments: RegistryKind.allCases)
    func `a registry knows which stores hold images`(kind: RegistryKind) throws {
        let registry = try kind.open()
        _ = try registry.reserve(.made(), lease: nil)
        _ = try registry.reserve(.made(), lease: .fresh())
        #expect(try !registry.hasImages(in: .file))

        let image = try registry.addAvailable(.made())
        #expect(try registry.hasImages(in: .file))
        #expect(try !registry.hasImages(in: StoreName("swift")))

        #expect(try registry.delete(image, at: Timestamp(seconds: 2000)))
        #expect(try !registry.hasImages(in: .file))
    }

    @Test(arguments: RegistryKind.allCases)
    func `every way to the records leads to the same site`(kind: RegistryKind) throws {
        let site = try kind.open().siteID()

        #expect(!site.isEmpty)
        #expect(try kind.open().siteID() == site)
    }
}
