import Bytes
import GlanceModel
import Testing

/// What the service refuses before it begins, and the rest of an image's life.
@Suite(.scratchDirectory) struct ServiceRuleTests {
    private let operators = Caller(.theOperator)

    @Test func `what can be refused is refused before a byte is read`() throws {
        let setting = try ServiceSetting(imageBytesMax: 1000)
        _ = try setting.service.add(.made(id: "taken"), body: nil, for: operators)
        setting.store.fail(.checkRoom, with: nil)
        let unread = EventfulSource([[1]]) { _ in Issue.record("a byte was asked for") }

        let refusals: [(Int64, ImageDraft, Failure)] = try [
            (5, .made(id: "taken"), .idTaken(ImageID("taken")!)),
            (5, .made(store: StoreName("tape")), .unknownStore("tape", offered: [.file])),
            (5, .made(size: 6), .sizeMismatch(declared: 6, received: 5)),
            (1001, .made(), .imageTooLarge(limit: 1000)),
        ]
        for (length, draft, failure) in refusals {
            #expect(throws: failure) {
                try setting.service.add(draft, body: ImageBody(length: length, source: unread), for: operators)
            }
        }
        setting.store.fail(.checkRoom, with: .noSpace)
        #expect(throws: Failure.noSpace) {
            try setting.service.add(.made(), body: ImageBody(length: 5, source: unread), for: operators)
        }

        #expect(setting.journal.count("store create") == 0)
        #expect(try setting.listed == ["taken"])
        #expect(try setting.registry.reserve(.made(), lease: nil).id.text == "1", "no number was spent")
    }

    @Test func `a quota binds the owner of an image, before a byte is read, and no admin`() throws {
        let setting = try ServiceSetting(ownerBytesMax: 10)
        let (ann, admin) = (Caller(.user("ann")), Caller(.admin("root")))
        let unread = EventfulSource([[1]]) { _ in Issue.record("a byte was asked for") }
        let queued = try setting.service.add(.made(), body: nil, for: ann)
        _ = try setting.service.add(.made(), body: .bytes("6bytes"), for: ann)
        let five = ImageBody(length: 5, source: unread)

        #expect(throws: Failure.tooManyBytes(5, left: 4, limit: 10)) {
            try setting.service.add(.made(), body: five, for: ann)
        }
        #expect(throws: Failure.tooManyBytes(5, left: 4, limit: 10)) {
            try setting.service.fill(queued.id, ImageChange(), body: five, for: ann)
        }
        #expect(try setting.service.fill(queued.id, ImageChange(), body: .bytes("5more"), for: admin).owner == "ann")
        _ = try setting.service.add(.made(), body: .bytes("eleven bytes"), for: admin)

        #expect(throws: Failure.tooManyBytes(5, left: 0, limit: 10)) {
            try setting.service.add(.made(), body: five, for: ann)
        }
    }

    @Test func `times are told by admins alone, and only where records are kept for another service`() throws {
        let setting = try ServiceSetting()
        let node = ImageService(
            registry: setting.registry, stores: StoreSet([], default: .file),
            limits: ImageLimits(imageBytesMax: 1, leaseSeconds: 30), transfers: TransferSlots(max: 1),
            surroundings: Surroundings(now: { Timestamp(seconds: 2000) }, uptime: { 0 }, newName: { "name" }))
        let told = ["glance_registry_created_at", "glance_registry_updated_at"]
        let draft = try ImageDraft.made(properties: ["a": "1", told[0]: "7", told[1]: "7"])
        var change = ImageChange()
        for key in ["a"] + told { try change.properties.add(key, "8") }
        func times(_ service: ImageService, _ caller: Caller) throws -> (seconds: [Int64], keys: [String]) {
            let added = try service.add(draft, body: nil, for: caller)
            let changed = try service.update(added.id, change, for: caller)
            return (
                [added.createdAt, changed.createdAt, changed.updatedAt].map(\.seconds),
                changed.properties.pairs.map(\.key)
            )
        }

        #expect(try times(node, operators) == ([7, 7, 8], ["a"]))
        #expect(try times(node, Caller(.admin("root"))) == ([7, 7, 8], ["a"]))
        #expect(try times(node, Caller(.user("ann"))) == ([2000, 2000, 2000], ["a"] + told))
        #expect(try times(setting.service, operators) == ([1_000_000, 1_000_000, 1_000_000], ["a"] + told))
    }

    @Test func `transfers are bounded, and a slot is free again after a failure`() throws {
        let setting = try ServiceSetting(transfersMax: 1)
        let body = ImageBody.pieces(1) { _ in
            #expect(throws: Failure.transfersTaken) {
                try setting.service.add(.made(), body: .bytes("other"), for: operators)
            }
            throw StreamError.closed
        }

        #expect(throws: Failure.clientGone) { try setting.service.add(.made(), body: body, for: operators) }

        let image = try setting.service.add(.made(), body: .bytes("bytes"), for: operators)
        let record = try setting.service.image(image.id, for: operators.identity)
        let reader = try setting.service.read(record, range: nil)
        #expect(throws: Failure.transfersTaken) { try setting.service.read(record, range: nil) }
        withExtendedLifetime(reader) {}
    }

    @Test func `without a user nothing is written`() throws {
        let setting = try ServiceSetting()
        let anonymous = Caller(.anonymous)
        let id = try setting.service.add(.made(), body: nil, for: operators).id

        #expect(throws: Failure.loginNeeded) { try setting.service.add(.made(), body: nil, for: anonymous) }
        #expect(throws: Failure.loginNeeded) { try setting.service.update(id, ImageChange(), for: anonymous) }
        #expect(throws: Failure.loginNeeded) {
            try setting.service.fill(id, ImageChange(), body: .bytes(""), for: anonymous)
        }
        #expect(throws: Failure.loginNeeded) { try setting.service.delete(id, version: nil, for: anonymous) }
    }

    @Test func `another's private image is not there, and another's public one stays as it is`() throws {
        let setting = try ServiceSetting()
        let (ann, bob) = (Caller(.user("ann")), Caller(.user("bob")))
        let hidden = try setting.service.add(.made(id: "hidden", isPublic: false), body: nil, for: ann)
        let shown = try setting.service.add(.made(id: "shown", isPublic: true), body: nil, for: ann)
        #expect(hidden.owner == "ann")

        #expect(throws: Failure.notFound("hidden")) { try setting.service.image(hidden.id, for: bob.identity) }
        #expect(throws: Failure.notFound("hidden")) { try setting.service.update(hidden.id, ImageChange(), for: bob) }
        #expect(throws: Failure.notFound("hidden")) { try setting.service.delete(hidden.id, version: nil, for: bob) }
        #expect(throws: Failure.idTaken(hidden.id)) {
            try setting.service.add(.made(id: "hidden"), body: nil, for: bob)
        }
        #expect(throws: Failure.notAllowed(shown.id)) { try setting.service.update(shown.id, ImageChange(), for: bob) }
        #expect(throws: Failure.notAllowed(shown.id)) { try setting.service.delete(shown.id, version: nil, for: bob) }
        #expect(throws: Failure.unknownMarker("hidden")) {
            try setting.service.list(ImageQuery(), after: "hidden", limit: nil, for: bob.identity)
        }
    }

    @Test func `data are not moved by a change, and neither is the time of the last one by data`() throws {
        let setting = try ServiceSetting()
        let queued = try setting.service.add(.made(), body: nil, for: operators)
        setting.clock.advance(100)

        let filled = try setting.service.fill(queued.id, ImageChange(), body: .bytes("bytes"), for: operators)

        #expect(filled.updatedAt == queued.updatedAt)
        #expect(filled.version == 2)
        #expect(throws: Failure.dataImmutable(queued.id)) {
            try setting.service.fill(queued.id, ImageChange(), body: .bytes("other"), for: operators)
        }
        var change = ImageChange()
        change.name = ImageName("renamed")
        let renamed = try setting.service.update(queued.id, change, for: operators)
        #expect(renamed.updatedAt == Timestamp(seconds: queued.updatedAt.seconds + 100))
        #expect(renamed.sha256 == filled.sha256)
        #expect(try setting.registry.found(queued.id).image == renamed)
    }

    @Test func `what says nothing changes nothing`() throws {
        let setting = try ServiceSetting()
        let image = try setting.service.add(.made(), body: nil, for: operators)

        #expect(try setting.service.update(image.id, ImageChange(), for: operators) == image)

        #expect(setting.journal.count("registry update") == 0)
    }

    @Test func `a condition that does not hold stops a change, a fill and a delete`() throws {
        let setting = try ServiceSetting()
        let image = try setting.service.add(.made(), body: nil, for: operators)
        let careful = Caller(.theOperator) { image throws(Failure) in throw .preconditionFailed(image.id) }
        let failure = Failure.preconditionFailed(image.id)

        #expect(throws: failure) { try setting.service.update(image.id, ImageChange(), for: careful) }
        #expect(throws: failure) { try setting.service.fill(image.id, ImageChange(), body: .bytes("x"), for: careful) }
        #expect(throws: failure) { try setting.service.delete(image.id, version: nil, for: careful) }

        #expect(try setting.registry.found(image.id).image == image)
    }

    @Test func `an image that could not be shown is not taken`() throws {
        let setting = try ServiceSetting()
        let strict = Caller(.theOperator, showable: { _ throws(Failure) in throw .fieldsTooLong(bytes: 2, limit: 1) })
        let image = try setting.service.add(.made(), body: nil, for: operators)
        var change = ImageChange()
        change.name = ImageName("long")
        let failure = Failure.fieldsTooLong(bytes: 2, limit: 1)

        #expect(throws: failure) { try setting.service.add(.made(), body: .bytes("x"), for: strict) }
        #expect(throws: failure) { try setting.service.update(image.id, change, for: strict) }
        #expect(throws: failure) { try setting.service.fill(image.id, change, body: .bytes("x"), for: strict) }

        #expect(try setting.listed == [image.id.text])
        #expect(setting.journal.count("store create") == 0)
    }

    @Test func `a deleted image takes its bytes with it, the record first`() throws {
        let setting = try ServiceSetting()
        let image = try setting.service.add(.made(), body: .bytes("bytes"), for: operators)
        #expect(throws: Failure.versionConflict(image.id, current: 1)) {
            try setting.service.delete(image.id, version: 2, for: operators)
        }
        #expect(setting.store.locations.count == 1)

        try setting.service.delete(image.id, version: 1, for: operators)

        #expect(setting.journal.lines.suffix(3) == ["registry delete", "store remove", "registry forget"])
        #expect(setting.store.locations == [])
        #expect(try !setting.registry.hasWorkForJanitor())
        #expect(throws: Failure.notFound("1")) { try setting.service.image(image.id, for: operators.identity) }
        #expect(throws: Failure.notFound("1")) { try setting.service.delete(image.id, version: nil, for: operators) }
    }

    @Test func `a list is read a page at a time and is as long as was asked for`() throws {
        let setting = try ServiceSetting()
        for _ in 0..<260 { _ = try setting.registry.reserve(.made(), lease: nil) }

        #expect(try pages(of: setting, limit: nil).map(\.count) == [250, 10])
        #expect(try pages(of: setting, limit: 255).map(\.count) == [250, 5])
        #expect(try pages(of: setting, limit: 3).map(\.count) == [3])
        #expect(try pages(of: setting, limit: 0).map(\.count) == [])
        #expect(try pages(of: setting, after: "258", limit: nil) == [["259", "260"]])
        #expect(throws: Failure.unknownMarker("none")) { try pages(of: setting, after: "none", limit: nil) }
    }

    private func pages(of setting: ServiceSetting, after marker: String? = nil, limit: Int?) throws -> [[String]] {
        let list = try setting.service.list(ImageQuery(), after: marker, limit: limit, for: operators.identity)
        var pages: [[String]] = []
        while let page = try list.nextPage() { pages.append(page.map(\.id.text)) }
        return pages
    }
}
