import GlanceModel
import GlanceRegistry
import Testing

/// A registry that is another service, and connections to it that break.
@Suite(.scratchDirectory) struct RemoteLostAnswerTests {
    private static let kinds = RegistryKind.allCases.filter { [.remote, .stranger].contains($0) }

    /// A way to the running test's records that can be broken, and one that cannot.
    private struct Fragile {
        let registry: RemoteRegistry
        let direct: any ImageRegistry
        let cutter: AnswerCutter

        init(_ kind: RegistryKind) throws {
            direct = try kind.open()
            let url = try kind == .stranger ? StrangerUnderTest.stranger().url : RecordsUnderTest.settings().url
            let port = try #require(url.split(separator: ":").last.flatMap { UInt16($0) })
            cutter = try AnswerCutter(before: ("127.0.0.1", port))
            registry = RemoteRegistry(try RecordsUnderTest.settings(url: "http://127.0.0.1:\(cutter.port)"))
            _ = try registry.siteID()
        }

        /// Does `body` with the request that begins so sent twice.
        func doubled<Value>(_ method: String, _ body: () throws(Failure) -> Value) throws -> Value {
            cutter.repeatOnce(at: "\(method) /images")
            let value = try body()
            #expect(cutter.hasRepeated)
            return value
        }

        /// Does `body` with the connection broken at the request that begins so. Nil where it said that it failed.
        func broken<Value>(
            _ moment: AnswerCutter.Moment, _ method: String, _ body: () throws(Failure) -> Value
        ) throws -> Value? {
            cutter.cutOnce(moment, at: "\(method) /images")
            do throws(Failure) {
                let value = try body()
                #expect(cutter.wasCut)
                return value
            } catch {
                #expect(cutter.wasCut)
                guard case .registryAway = error else { throw error }
                return nil
            }
        }
    }

    @Test(arguments: kinds, AnswerCutter.Moment.allCases)
    func `a reservation whose answer is lost is found, and one that was not made is not made twice`(
        kind: RegistryKind, moment: AnswerCutter.Moment
    ) throws {
        let fragile = try Fragile(kind)
        for (number, lease) in [nil, Lease.fresh()].enumerated() {
            for id in [nil, "chosen\(number)"] {
                let new = try NewImage.made(id: id)

                let image = try fragile.broken(moment, "POST") { () throws(Failure) in
                    try fragile.registry.reserve(new, lease: lease)
                }

                #expect((image != nil) == (moment == .after))
                if let image { #expect(try fragile.direct.found(image.id).image == image) }
            }
        }
        #expect(try fragile.direct.ids(ImageQuery()).count == (moment == .after ? 2 : 0))
        #expect(try fragile.direct.reserve(.made(), lease: nil).id.text == (moment == .after ? "3" : "1"))
    }

    /// A service that counts no versions would not refuse what comes too late.
    @Test(arguments: kinds.filter { $0 == .remote })
    func `what has just been read is not read again before it is changed`(kind: RegistryKind) throws {
        let fragile = try Fragile(kind)
        let image = try fragile.direct.addAvailable(.made(id: "disk"))
        #expect(try fragile.registry.found(image.id).image == image)
        fragile.cutter.cutOnce(.before, at: "HEAD /images/disk")

        #expect(try fragile.registry.update(image.renamed("changed")))

        #expect(!fragile.cutter.wasCut)
        #expect(try fragile.direct.found(image.id).image == image.renamed("changed"))
    }

    @Test(arguments: kinds)
    func `what was read and is no longer so is read again before it is changed`(kind: RegistryKind) throws {
        let fragile = try Fragile(kind)
        let image = try fragile.direct.addAvailable(.made(id: "disk"))
        #expect(try fragile.registry.found(image.id).image == image)
        #expect(try fragile.direct.update(image.renamed("another's")))

        #expect(try !fragile.registry.update(image.renamed("changed")))

        let now = image.renamed("another's")
        #expect(try fragile.direct.found(image.id).image == now)
        #expect(try fragile.registry.update(now.renamed("changed")))
        #expect(try fragile.direct.found(image.id).image == now.renamed("changed"))
    }

    /// The other service's count begins anew with the id, and may come to the same number.
    @Test(arguments: kinds.filter { $0 == .remote })
    func `what was read is not taken for another image that has its id by now`(kind: RegistryKind) throws {
        let fragile = try Fragile(kind)
        let (registry, direct) = (fragile.registry, fragile.direct)
        let lease = Lease.fresh()
        let queued = try direct.reserve(.made(id: "disk"), lease: nil)
        #expect(try direct.beginSaving(queued.id, version: queued.version, lease: lease))
        try direct.release(lease, of: queued.id, leavesBytes: false)
        #expect(try registry.found(queued.id).image == queued)
        #expect(try direct.delete(queued, at: Timestamp(seconds: 2000)))

        let another = Lease.fresh()
        let saving = try direct.reserve(.made(id: "disk"), lease: another)
        #expect(try direct.renew(another, of: saving.id))
        #expect(try direct.commit(saving.filled(), lease: another))
        let available = try direct.found(saving.id)
        #expect(available.image.version == queued.version)
        #expect(try registry.update(available.image.renamed("changed")))

        #expect(try direct.found(saving.id).location == available.location)
        #expect(try direct.found(saving.id).image == available.image.renamed("changed"))
    }

    @Test(arguments: kinds, AnswerCutter.Moment.allCases)
    func `an upload's steps are done once, or not at all`(kind: RegistryKind, moment: AnswerCutter.Moment) throws {
        let fragile = try Fragile(kind)
        let (registry, lease) = (fragile.registry, Lease.fresh())
        let queued = try registry.reserve(.made(properties: ["a": "1"]), lease: nil)
        func take(_ step: Int) throws(Failure) -> Bool {
            switch step {
            case 0: try registry.beginSaving(queued.id, version: 1, lease: lease)
            case 1: try registry.renew(lease, of: queued.id)
            default: try registry.commit(queued.filled(), lease: lease)
            }
        }

        for step in 0..<3 {
            let isDone = try fragile.broken(moment, "PUT") { () throws(Failure) in try take(step) }

            #expect(isDone == (moment == .after ? true : nil))
            if moment == .before { #expect(try take(step), "as if it had not been tried") }
        }

        #expect(try fragile.direct.found(queued.id).image == queued.filled())
        #expect(try fragile.direct.found(queued.id).location == lease.bytes.location)
    }

    @Test(arguments: kinds, AnswerCutter.Moment.allCases)
    func `metadata change and images go once, or not at all`(kind: RegistryKind, moment: AnswerCutter.Moment) throws {
        let fragile = try Fragile(kind)
        let registry = fragile.registry
        let queued = try registry.reserve(.made(id: "queued"), lease: nil)
        let available = try registry.addAvailable(.made(id: "available"))
        let changed = available.renamed("changed")
        func take(_ step: Int) throws(Failure) -> Bool {
            switch step {
            case 0: try registry.update(changed)
            case 1: try registry.delete(changed, at: Timestamp(seconds: 2000))
            default: try registry.delete(queued, at: Timestamp(seconds: 2000))
            }
        }

        for (step, method) in ["PUT", "PUT", "DELETE"].enumerated() {
            let isDone = try fragile.broken(moment, method) { () throws(Failure) in try take(step) }

            #expect(isDone == (moment == .after ? true : nil))
            if moment == .before { #expect(try take(step), "as if it had not been tried") }
        }

        #expect(try fragile.direct.record(queued.id) == nil)
        #expect(try fragile.direct.found(available.id).image.version == 3)
        #expect(try fragile.direct.doomedBytes(count: 10).count == 1)
    }

    @Test(arguments: kinds, AnswerCutter.Moment.allCases)
    func `an upload whose commit is cut off is there whole, or leaves nothing`(
        kind: RegistryKind, moment: AnswerCutter.Moment
    ) throws {
        let fragile = try Fragile(kind)
        let setting = ServiceSetting(over: fragile.registry)
        let draft = try ImageDraft.made(id: "disk")

        let image = try fragile.broken(moment, "PUT") { () throws(Failure) in
            try setting.service.add(draft, body: .bytes("bytes"), for: Caller(.theOperator))
        }

        #expect((image != nil) == (moment == .after))
        #expect(setting.store.locations.count == (moment == .after ? 1 : 0))
        #expect(try fragile.direct.record(ImageID("disk")!)?.image == image)
        #expect(try !fragile.direct.hasWorkForJanitor())
        guard let location = try fragile.direct.record(ImageID("disk")!)?.location else { return }
        #expect(setting.store.locations == [location])
    }

    @Test(arguments: kinds)
    func `a request that arrives twice is done once, and whoever asked is told so`(kind: RegistryKind) throws {
        let fragile = try Fragile(kind)
        let (registry, lease, new) = (fragile.registry, Lease.fresh(), try NewImage.made(id: "disk"))

        let image = try fragile.doubled("POST") { () throws(Failure) in try registry.reserve(new, lease: lease) }
        let isRenewed = try fragile.doubled("PUT") { () throws(Failure) in try registry.renew(lease, of: image.id) }
        let isCommitted = try fragile.doubled("PUT") { () throws(Failure) in
            try registry.commit(image.filled(), lease: lease)
        }
        let isChanged = try fragile.doubled("PUT") { () throws(Failure) in
            try registry.update(image.filled().renamed("changed"))
        }
        let queued = try registry.reserve(.made(id: "queued"), lease: nil)
        let isRemoved = try fragile.doubled("DELETE") { () throws(Failure) in
            try registry.delete(queued, at: Timestamp(seconds: 2000))
        }

        #expect([isRenewed, isCommitted, isChanged, isRemoved] == [true, true, true, true])
        #expect(try fragile.direct.found(image.id).image == image.filled().renamed("changed"))
        #expect(try fragile.direct.found(image.id).location == lease.bytes.location)
        #expect(try fragile.direct.record(queued.id) == nil)
    }

    @Test(arguments: kinds, [true, false])
    func `an image whose adding arrives twice keeps its bytes when the janitor comes`(
        kind: RegistryKind, isCommitted: Bool
    ) throws {
        let fragile = try Fragile(kind)
        let (registry, lease, new) = (fragile.registry, Lease.over(), try NewImage.made())

        let image = try fragile.doubled("POST") { () throws(Failure) in try registry.reserve(new, lease: lease) }
        if isCommitted { #expect(try registry.commit(image.filled(), lease: lease)) }
        let ended = try registry.endLeases()

        #expect(ended.count == (isCommitted ? 1 : 2))
        #expect(ended.contains(image.id) == !isCommitted)
        #expect(try registry.doomedBytes(count: 10) == (isCommitted ? [] : [lease.bytes]))
        #expect(try fragile.direct.record(image.id)?.location == (isCommitted ? lease.bytes.location : nil))
    }

    @Test(arguments: kinds)
    func `an upload whose commit arrives twice keeps its bytes`(kind: RegistryKind) throws {
        let fragile = try Fragile(kind)
        let setting = ServiceSetting(over: fragile.registry)
        let draft = try ImageDraft.made(id: "disk")

        let image = try fragile.doubled("PUT") { () throws(Failure) in
            try setting.service.add(draft, body: .bytes("bytes"), for: Caller(.theOperator))
        }

        let found = try fragile.direct.found(image.id)
        #expect(found.image == image)
        #expect(setting.store.locations == [try #require(found.location)])
    }

    @Test(arguments: kinds)
    func `a janitor that is cut off in its work is followed up, and nothing is committed meanwhile`(
        kind: RegistryKind
    ) throws {
        let fragile = try Fragile(kind)
        let (registry, lease) = (fragile.registry, Lease.over())
        let image = try registry.reserve(.made(id: "disk"), lease: lease)

        // It has taken the lease back, and its bytes are on no list yet.
        let isEnded = try fragile.broken(.before, "POST") { () throws(Failure) in try registry.endLeases() }

        #expect(isEnded == nil)
        #expect(try !fragile.direct.commit(image.filled(), lease: lease))
        #expect(try !fragile.direct.renew(lease, of: image.id))
        #expect(try fragile.direct.endLeases() == [image.id])
        #expect(try fragile.direct.doomedBytes(count: 10) == [lease.bytes])
        #expect(try fragile.direct.record(image.id) == nil)
    }
}
