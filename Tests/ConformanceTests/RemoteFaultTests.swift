import Dispatch
import GlanceClient
import GlanceModel
import GlanceRegistry
import Testing

/// A registry that is another service, and what that one may say instead of what it should.
@Suite(.scratchDirectory) struct RemoteFaultTests {
    private typealias Answer = LoopbackServer.Answer

    /// A wrong answer to whatever is asked, and what the operator then reads.
    struct Nonsense: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let reason: String
        let status: Int
        let fields: [String: String]
        let body: String

        /// With the status 0 `body` is all that is sent.
        init(_ status: Int, _ fields: [String: String] = [:], _ body: String = "", says reason: String) {
            (self.status, self.fields, self.body, self.reason) = (status, fields, body, reason)
            testDescription = "\(status) \(fields) \(body)"
        }

        fileprivate var answer: LoopbackServer.Answer {
            var answer = LoopbackServer.Answer(status: status, body: Array(body.utf8))
            answer.fields = fields.map { ($0.key, $0.value) }
            if status == 0 { answer.raw = Array(body.utf8) }
            return answer
        }

        /// A record as it should be, and not of the image that was asked for.
        private static let anothers = [
            "x-image-meta-uri": "http://127.0.0.1/images/theirs", "x-image-meta-name": "theirs",
            "x-image-meta-type": "raw",
            "x-image-meta-property-glance_registry_record": "status=available&version=1&store=file&location=theirs",
        ]

        static let all: [Nonsense] = [
            Nonsense(200, ["Content-Type": "text/html"], "<html>Welcome</html>", says: "does not answer as a Glance"),
            Nonsense(200, says: "no id or no name"),
            Nonsense(200, [:], #"{"image": 7, "images": {}}"#, says: "its list is no JSON of images"),
            Nonsense(500, ["Content-Type": "text/plain"], "Out of cheese\n", says: "Out of cheese"),
            Nonsense(502, ["Content-Type": "text/html"], "<html></html>", says: "refused with status 502"),
            Nonsense(503, ["Content-Type": "text/plain"], "Moving house\n", says: "Moving house"),
            Nonsense(302, ["Location": "http://elsewhere/"], says: "sends elsewhere, to http://elsewhere/"),
            Nonsense(401, ["Content-Type": "text/plain"], "Who?\n", says: "registry_credentials_file: Who?"),
            Nonsense(418, says: "refused with status 418"),
            Nonsense(999, says: "does not answer as a Glance"),
            Nonsense(200, anothers, says: "was asked for the image queued and described another, theirs"),
            Nonsense(0, [:], "SSH-2.0-OpenSSH_9.2\r\n\r\n", says: "does not answer as a Glance"),
        ]
    }

    /// Every step that asks the other service.
    private enum Step: CaseIterable {
        case site, record, page, reserve, update, delete, remove, fill, endLeases

        func take(on registry: RemoteRegistry, _ queued: Image, _ available: Image, _ new: NewImage) throws(Failure) {
            let now = Timestamp(seconds: 2000)
            switch self {
            case .site: _ = try registry.siteID()
            case .record: _ = try registry.record(queued.id)
            case .page: _ = try registry.page(ImageQuery(), after: nil, count: 10)
            case .reserve: _ = try registry.reserve(new, lease: .fresh())
            case .update: _ = try registry.update(available.renamed("x"))
            case .delete: _ = try registry.delete(available, at: now)
            case .remove: _ = try registry.delete(queued, at: now)
            case .fill: _ = try registry.beginSaving(queued.id, version: 1, lease: .fresh())
            case .endLeases: _ = try registry.endLeases()
            }
        }
    }

    private func registry(
        _ stranger: Stranger, host: String = "this host", _ change: (inout GlanceClient.Settings) -> Void = { _ in }
    ) throws -> RemoteRegistry {
        var settings = try RecordsUnderTest.settings(url: stranger.url, host: host)
        change(&settings.client)
        return RemoteRegistry(settings)
    }

    @Test(arguments: Nonsense.all)
    func `nonsense is told to the operator, and nothing is done`(nonsense: Nonsense) throws {
        let stranger = try StrangerUnderTest.stranger()
        let registry = try registry(stranger)
        let queued = try registry.reserve(.made(id: "queued"), lease: nil)
        let available = try registry.addAvailable(.made(id: "available"))
        let before = stranger.images.count
        let new = try NewImage.made(id: "new")
        stranger.meddle { _, _ in .answer(nonsense.answer) }

        var reasons: [String] = []
        for step in Step.allCases {
            do throws(Failure) {
                try step.take(on: registry, queued, available, new)
                Issue.record("\(step) did not fail")
            } catch {
                guard case .registryAway(let reason) = error else { throw error }
                reasons.append(reason)
            }
        }

        #expect(reasons.contains { $0.contains(nonsense.reason) }, "\(reasons)")
        #expect(reasons.allSatisfy { !$0.isEmpty && !$0.contains("\n") })
        stranger.meddle(nil)
        #expect(stranger.images.count == before)
        #expect(try registry.found(queued.id).image == queued)
        #expect(try registry.found(available.id).image == available)
    }

    @Test func `a service that is busy is waited for by whoever asked`() throws {
        let stranger = try StrangerUnderTest.stranger()
        let registry = try registry(stranger)
        let queued = try registry.reserve(.made(), lease: nil)
        stranger.meddle { _, _ in .answer(Answer(status: 503, fields: [(name: "Retry-After", value: "2")])) }

        #expect(throws: Failure.registryBusy) { try registry.record(queued.id) }
        #expect(throws: Failure.registryBusy) { try registry.reserve(.made(), lease: nil) }
    }

    @Test(arguments: [true, false])
    func `a service that is silent costs its time and no more`(isConnected: Bool) throws {
        let stranger = try StrangerUnderTest.stranger()
        let registry = try registry(stranger) {
            if isConnected { $0.idleSecondsMax = 1 } else { $0.requestSecondsMax = 1 }
        }
        let queued = try registry.reserve(.made(), lease: nil)
        let isOver = DispatchSemaphore(value: 0)
        stranger.meddle { _, _ in
            isOver.wait()
            return .hangUp
        }
        defer { for _ in 0..<10 { isOver.signal() } }

        let failure = #expect(throws: Failure.self) { try registry.record(queued.id) }

        let said = isConnected ? "was silent for too long" : "was not done within 1 seconds"
        #expect(failure?.operatorReason?.contains(said) == true, "\(failure?.operatorReason ?? "")")
    }

    @Test func `a service that is away is named, and is asked again when it is back`() throws {
        let stranger = try StrangerUnderTest.stranger()
        let registry = try registry(stranger)
        let queued = try registry.reserve(.made(), lease: nil)
        stranger.meddle { _, _ in .hangUp }

        let failure = #expect(throws: Failure.self) { try registry.record(queued.id) }
        #expect(failure?.operatorReason?.contains("127.0.0.1") == true)
        stranger.meddle(nil)

        #expect(try registry.found(queued.id).image == queued)
        stranger.stop()
        let gone = #expect(throws: Failure.self) { try registry.record(queued.id) }
        #expect(gone?.operatorReason?.contains("127.0.0.1") == true)
    }

    @Test func `what was done is found though its answer is nonsense`() throws {
        let stranger = try StrangerUnderTest.stranger()
        let registry = try registry(stranger)
        _ = try registry.siteID()
        stranger.meddle { question, asAlways in
            guard ["POST", "PUT", "DELETE"].contains(question.method) else { return .asAlways }
            _ = asAlways()
            return .answer(Answer(status: 504))
        }

        let image = try registry.addAvailable(.made(id: "disk"))
        #expect(try registry.update(image.renamed("changed")))
        #expect(try registry.delete(image.renamed("changed"), at: Timestamp(seconds: 2000)))
        let queued = try registry.reserve(.made(id: "queued"), lease: nil)
        #expect(try registry.delete(queued, at: Timestamp(seconds: 2000)))

        #expect(stranger.images.filter { ["disk", "queued"].contains($0.id) }.map(\.id) == ["disk"])
    }

    @Test func `an image of somebody else's is neither shown nor touched`() throws {
        let stranger = try StrangerUnderTest.stranger()
        let registry = try registry(stranger)
        let own = try registry.reserve(.made(id: "own"), lease: nil)
        stranger.keep(Stranger.Image(id: "theirs", name: "theirs", type: "raw", isPublic: true))

        let theirs = ImageID("theirs")!
        let failure = #expect(throws: Failure.self) { try registry.record(theirs) }
        #expect(failure?.operatorReason?.contains("its image theirs was not made by this service") == true)
        #expect(throws: Failure.idTaken(theirs)) { try registry.reserve(.made(id: "theirs"), lease: nil) }
        #expect(throws: Failure.self) { try registry.update(own.renamed(theirs)) }
        #expect(try registry.ids(ImageQuery()) == ["own"])
        #expect(try registry.endLeases() == [])
        #expect(stranger.images.contains { $0.id == "theirs" && $0.name == "theirs" && $0.properties.isEmpty })
    }

    @Test func `a service that was emptied no longer knows the site`() throws {
        let stranger = try StrangerUnderTest.stranger()
        let registry = try registry(stranger)
        let site = try registry.siteID()
        stranger.forgetEverything()

        let failure = #expect(throws: Failure.self) { try registry.siteID() }

        #expect(failure?.operatorReason?.contains("no longer knows this site") == true)
        #expect(site == "site of this test")
    }

    @Test func `a service that keeps no properties cannot be a registry`() throws {
        let stranger = try StrangerUnderTest.stranger()
        stranger.meddle { _, asAlways in
            var answer = asAlways()
            answer.fields.removeAll { $0.name.hasPrefix("x-image-meta-property-") }
            return .answer(answer)
        }

        let refusal = #expect(throws: Failure.self) { try registry(stranger).siteID() }

        #expect(refusal?.operatorReason?.contains("keeps no properties of images") == true)
    }

    @Test(arguments: RegistryKind.allCases.filter { [.remote, .stranger].contains($0) })
    func `properties that say what no field says are nobody's to ask for or to set`(kind: RegistryKind) throws {
        let registry = try kind.open()
        let image = try registry.addAvailable(.made(id: "disk"))
        var query = ImageQuery()
        query.properties = ["glance_registry_status": "available"]

        #expect(try registry.found(image.id).image.properties.pairs.isEmpty)
        #expect(try registry.ids(query) == [])
        let refusal = #expect(throws: Failure.self) {
            try registry.reserve(.made(properties: ["glance_registry_owner": "eve"]), lease: nil)
        }
        #expect(refusal?.status.code == 400)
    }

    @Test func `an upload that the registry left in the middle is cleared away when it is back`() throws {
        let stranger = try StrangerUnderTest.stranger()
        let setting = ServiceSetting(over: try registry(stranger), leaseSeconds: -10)
        let isAway = ImageBody.pieces(3) { count in
            if count == 2 { stranger.meddle { _, _ in .hangUp } }
        }

        #expect(throws: Failure.self) {
            try setting.service.add(.made(id: "disk"), body: isAway, for: Caller(.theOperator))
        }
        stranger.meddle(nil)
        #expect(try setting.registry.record(ImageID("disk")!)?.image.status == .saving)

        let sweep = try #require(try setting.janitor.sweep())
        #expect(sweep.endedLeases.map(\.text) == ["disk"])
        #expect(setting.store.locations == [])
        #expect(try setting.registry.record(ImageID("disk")!) == nil)
        #expect(try setting.janitor.sweep() == nil)
    }
}

extension Image {
    /// This image under somebody else's id.
    fileprivate func renamed(_ id: ImageID) -> Image {
        Image(
            id: id, name: name, type: type, size: size, store: store, createdAt: createdAt, updatedAt: updatedAt,
            status: status, isPublic: isPublic, properties: properties, owner: owner, sha256: sha256,
            version: version + 1)
    }
}
