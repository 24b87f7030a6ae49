import Bytes
import GlanceModel
import Testing

/// The order in which an image is saved, and what is left when a step of it fails: nobody ever sees a record whose bytes
/// are not whole, and a failure leaves nothing.
@Suite(.scratchDirectory) struct ServiceSaveTests {
    private let operators = Caller(.theOperator)

    @Test func `bytes are whole and durable before anybody sees a record`() throws {
        let setting = try ServiceSetting()

        let image = try setting.service.add(.made(), body: .bytes("bytes"), for: operators)

        #expect(
            setting.journal.lines == [
                "store checkRoom", "registry reserve", "store create", "store write", "store finish", "store commit",
                "registry commit",
            ])
        #expect(image.status == .available)
        #expect(image.size == 5)
        #expect(image.sha256?.text == digest(of: Array("bytes".utf8)))
        let record = try setting.registry.found(image.id)
        #expect(record.image == image)
        #expect(try read(setting.store, #require(record.location)) == Array("bytes".utf8))
    }

    @Test func `nobody sees an image while its data come in`() throws {
        let setting = try ServiceSetting()
        let id = ImageID("disk")!
        let body = ImageBody.pieces(3) { _ throws in
            #expect(try setting.listed == [])
            #expect(throws: Failure.notFound("disk")) { try setting.service.image(id, for: operators.identity) }
            #expect(throws: Failure.dataComing(id)) { try setting.service.update(id, ImageChange(), for: operators) }
            #expect(throws: Failure.dataComing(id)) { try setting.service.delete(id, version: nil, for: operators) }
            #expect(throws: Failure.idTaken(id)) {
                try setting.service.add(.made(id: "disk"), body: nil, for: operators)
            }
        }

        _ = try setting.service.add(.made(id: "disk"), body: body, for: operators)

        #expect(try setting.listed == ["disk"])
    }

    @Test(
        arguments: [MemoryStore.Step.create, .write, .finish, .commit],
        [Failure.noSpace, .storeAway(.file, reason: "x")])
    func `a store that fails leaves nothing of a new image`(step: MemoryStore.Step, failure: Failure) throws {
        let setting = try ServiceSetting()
        setting.store.fail(step, with: failure)

        #expect(throws: failure) {
            try setting.service.add(.made(id: "disk"), body: .bytes("bytes"), for: operators)
        }

        try expectNothing(of: "disk", in: setting)
    }

    @Test(arguments: [MemoryStore.Step.create, .write, .finish, .commit])
    func `a store that fails leaves a queued image as it was`(step: MemoryStore.Step) throws {
        let setting = try ServiceSetting()
        let queued = try setting.service.add(.made(id: "disk", size: 5), body: nil, for: operators)
        setting.store.fail(step, with: .noSpace)
        var change = ImageChange()
        change.name = ImageName("filled")

        #expect(throws: Failure.noSpace) {
            try setting.service.fill(queued.id, change, body: .bytes("bytes"), for: operators)
        }

        #expect(try setting.registry.found(queued.id).image == queued)
        #expect(setting.store.locations == [])
        setting.store.fail(step, with: nil)
        let filled = try setting.service.fill(queued.id, change, body: .bytes("bytes"), for: operators)
        #expect(filled.name.text == "filled")
    }

    @Test(arguments: [(StreamError.closed, Failure.clientGone), (.timedOut, .clientSilent)])
    func `a client that does not go on leaves nothing`(error: StreamError, failure: Failure) throws {
        let setting = try ServiceSetting()
        let body = ImageBody.pieces(3) { if $0 == 2 { throw error } }

        #expect(throws: failure) { try setting.service.add(.made(id: "disk"), body: body, for: operators) }

        try expectNothing(of: "disk", in: setting)
    }

    @Test func `data that are not those declared leave nothing`() throws {
        let setting = try ServiceSetting()
        let received = SHA256Digest(digest(of: Array("bytes".utf8)))!

        #expect(throws: Failure.digestMismatch(declared: .of("a"), received: received)) {
            try setting.service.add(.made(id: "disk", sha256: .of("a")), body: .bytes("bytes"), for: operators)
        }
        #expect(throws: Failure.sizeMismatch(declared: 6, received: 5)) {
            let body = ImageBody(length: 6, source: MemorySource("bytes".utf8))
            return try setting.service.add(.made(id: "disk", size: 6), body: body, for: operators)
        }

        try expectNothing(of: "disk", in: setting)
    }

    @Test func `a registry that cannot commit leaves nothing`() throws {
        let setting = try ServiceSetting()
        setting.faulty.failCommit(.undone)

        #expect(throws: Failure.registryBusy) {
            try setting.service.add(.made(id: "disk"), body: .bytes("bytes"), for: operators)
        }

        try expectNothing(of: "disk", in: setting)
    }

    @Test func `a commit whose answer was lost counts`() throws {
        let setting = try ServiceSetting()
        setting.faulty.failCommit(.unanswered)

        let image = try setting.service.add(.made(id: "disk"), body: .bytes("bytes"), for: operators)

        #expect(try setting.registry.found(image.id).image == image)
        #expect(try read(setting.store, #require(setting.registry.found(image.id).location)) == Array("bytes".utf8))
    }

    @Test func `where nobody knows what a registry has done, the bytes wait for the janitor`() throws {
        let setting = try ServiceSetting(leaseSeconds: -10)
        setting.faulty.failCommit(.gone)

        #expect(throws: Failure.registryAway(reason: "told to be")) {
            try setting.service.add(.made(id: "disk"), body: .bytes("bytes"), for: operators)
        }

        #expect(setting.store.locations.count == 1)
        #expect(try setting.listed == [])
        #expect(try setting.janitor.sweep()?.endedLeases == [ImageID("disk")!])
        try expectNothing(of: "disk", in: setting)
    }

    @Test func `bytes that cannot be taken back are the janitor's, and the id is free at once`() throws {
        let setting = try ServiceSetting()
        setting.store.fail(.finish)
        setting.store.fail(.remove)

        #expect(throws: Failure.storeAway(.file, reason: "told to")) {
            try setting.service.add(.made(id: "disk"), body: .bytes("bytes"), for: operators)
        }

        #expect(try setting.listed == [])
        #expect(try setting.registry.record(ImageID("disk")!) == nil)
        #expect(try setting.registry.doomedBytes(count: 10).count == 1)
        setting.store.fail(.remove, with: nil)
        #expect(try setting.janitor.sweep()?.removed == 1)
        try expectNothing(of: "disk", in: setting)
    }

    @Test func `a lease that is renewed while bytes flow lasts as long as they do`() throws {
        let setting = try ServiceSetting(leaseSeconds: 30)

        _ = try setting.service.add(.made(), body: .pieces(40) { _ in setting.clock.advance(1) }, for: operators)

        // Each time a third of it is over, and before the last sync.
        #expect(setting.journal.count("registry renew") == 40 / 10 + 1)
    }

    @Test func `the last sync has the whole lease before it`() throws {
        let setting = try ServiceSetting(leaseSeconds: 30)

        _ = try setting.service.add(.made(), body: .pieces(2) { _ in setting.clock.advance(1) }, for: operators)

        let last = ["store finish", "registry renew", "store commit", "registry commit"]
        #expect(setting.journal.lines.suffix(4) == last[...])
    }

    @Test func `a quick upload renews nothing`() throws {
        let setting = try ServiceSetting(leaseSeconds: 30)

        _ = try setting.service.add(.made(), body: .pieces(200) { _ in }, for: operators)

        #expect(setting.journal.count("registry renew") == 0)
    }

    @Test(arguments: [1, 3])
    func `an upload whose lease was ended stops and leaves nothing`(piece: Int) throws {
        let setting = try ServiceSetting(leaseSeconds: -10)
        let body = ImageBody.pieces(3) {
            setting.clock.advance(1)
            if $0 == piece { _ = try setting.registry.endLeases() }
        }

        #expect(throws: Failure.leaseLost(ImageID("disk")!)) {
            try setting.service.add(.made(id: "disk"), body: body, for: operators)
        }

        #expect(setting.journal.count("store commit") == 0, "a lease that is lost needs no bytes")
        try expectNothing(of: "disk", in: setting, butForTheList: true)
    }

    @Test func `another attempt at the same image is not touched by one that lost its lease`() throws {
        let setting = try ServiceSetting(leaseSeconds: -10)
        let id = ImageID("disk")!
        _ = try setting.service.add(.made(id: "disk"), body: nil, for: operators)
        let body = ImageBody.pieces(2) { piece in
            guard piece == 2 else { return }
            _ = try setting.registry.endLeases()
            _ = try setting.service.fill(id, ImageChange(), body: .bytes("other"), for: operators)
        }

        #expect(throws: Failure.leaseLost(id)) {
            try setting.service.fill(id, ImageChange(), body: body, for: operators)
        }

        let record = try setting.registry.found(id)
        #expect(record.image.status == .available)
        #expect(try read(setting.store, #require(record.location)) == Array("other".utf8))
        _ = try setting.janitor.sweep()
        #expect(setting.store.locations == [record.location])
    }

    /// No record, nothing listed, no bytes; and nothing to do for the janitor, unless a lease was ended by one.
    private func expectNothing(of id: String, in setting: ServiceSetting, butForTheList: Bool = false) throws {
        #expect(try setting.registry.record(ImageID(id)!) == nil)
        #expect(try setting.listed == [])
        #expect(setting.store.locations == [])
        #expect(try setting.registry.hasWorkForJanitor() == butForTheList)
        #expect(try setting.registry.reserve(.made(id: id), lease: nil).id.text == id, "the id is free again")
    }
}
