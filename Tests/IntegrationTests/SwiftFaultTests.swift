import Foundation
import Synchronization
import Testing

/// What becomes of images where OpenStack Swift, this service or a client fails. Each test restores what it broke.
@Suite(.serialized) struct SwiftFaultTests {
    enum Form: CaseIterable {
        /// One object.
        case plain
        /// Three segments and a manifest.
        case segmented

        var file: ImageFile { get throws { try (self == .plain ? ImageFile.small : ImageFile.large).get() } }
    }

    let here: SwiftSite
    var site: Site { here.site }
    var swift: Interposer { here.swift }

    init() throws {
        here = try SwiftSite.shared.get()
        try here.heal()
    }

    // MARK: OpenStack Swift dies

    @Test(arguments: Form.allCases)
    func `a proxy killed in an upload costs that upload alone`(form: Form) throws {
        let file = try form.file

        for percent in [10, 50, 99] {
            let (kind, byte) = file.place(percent: percent)
            swift.add(kind, .atRequestByte(byte) { [here] in (try? here.kill("swift-proxy")) != nil })
            let answer = try here.add(file, id: "proxy-\(form)-\(percent)")
            try here.start("swift-proxy")

            #expect(answer.status == 503)
            #expect(answer["retry-after"] == "10")
        }

        #expect(try eventually { try here.add(file, id: "proxy-\(form)-99").status == 200 })
        try here.expectWhole()
    }

    @Test(arguments: Form.allCases)
    func `an object server killed in an upload costs that upload alone`(form: Form) throws {
        let file = try form.file
        let (kind, byte) = file.place(percent: 50)
        swift.add(kind, .atRequestByte(byte) { [here] in (try? here.kill("swift-object")) != nil })

        let answer = try here.add(file)
        try here.start("swift-object")

        #expect(answer.status == 503)
        #expect(answer["retry-after"] == "10")
        #expect(try eventually { try here.add(file).status == 200 })
        try here.expectWhole()
    }

    @Test func `an object server that stands still in an upload costs that upload alone`() throws {
        let file = try Form.segmented.file
        let (kind, byte) = file.place(percent: 50)
        swift.add(kind, .atRequestByte(byte) { [here] in (try? here.signal("swift-object", SIGSTOP)) != nil })

        let answer = try here.add(file)
        try here.signal("swift-object", SIGCONT)

        #expect(answer.status == 503)
        #expect(answer["retry-after"] == "10")
        #expect(try eventually { try here.add(file).status == 200 })
        try here.expectWhole()
    }

    @Test func `a proxy killed before the manifest leaves no segment behind`() throws {
        let file = try Form.segmented.file
        swift.add(.manifest, .beforeRequest { [here] in (try? here.kill("swift-proxy")) != nil })

        let answer = try here.add(file)
        try here.start("swift-proxy")

        #expect(answer.status == 503)
        #expect((0..<3).allSatisfy { swift.exchanges(.segment("PUT", $0)).last?.status == 201 })
        try here.expectWhole()
    }

    @Test(arguments: Form.allCases)
    func `a proxy killed when all is stored, before it says so, leaves nothing behind`(form: Form) throws {
        let kind = form == .plain ? Interposer.Kind.object("PUT") : .manifest
        swift.add(
            kind,
            .beforeAnswer { [here] in
                try? here.kill("swift-proxy")
                return false
            })

        let answer = try here.add(form.file)
        try here.start("swift-proxy")

        #expect(answer.status == 503)
        #expect([201, 202].contains(swift.exchanges(kind).first?.status))
        try here.expectWhole()
    }

    @Test(arguments: Form.allCases)
    func `a proxy killed between its last answer and the record costs nothing`(form: Form) throws {
        let kind = form == .plain ? Interposer.Kind.object("PUT") : .manifest
        swift.add(kind, .beforeAnswer { [here] in (try? here.kill("swift-proxy")) != nil })

        let answer = try here.add(form.file)
        try here.start("swift-proxy")

        #expect(answer.status == 200)
        #expect(try here.objects().count == (form == .plain ? 1 : 4))
        try here.expectWhole()
    }

    @Test(arguments: Form.allCases)
    func `an answer that is lost is asked for, and the image is there`(form: Form) throws {
        swift.add(form == .plain ? Interposer.Kind.object("PUT") : .manifest, .beforeAnswer { false })

        let answer = try here.add(form.file)

        #expect(answer.status == 200)
        try here.expectWhole()
    }

    // MARK: A worker dies

    @Test(arguments: Form.allCases)
    func `a worker killed in an upload leaves nothing behind, and the id is free again`(form: Form) throws {
        let file = try form.file

        for percent in [10, 50, 99] {
            let (kind, byte) = file.place(percent: percent)
            swift.add(kind, .atRequestByte(byte) { [here] in (try? here.killWorker()) != nil })

            #expect(try here.add(file, id: "worker-\(form)-\(percent)").status == 502)
        }

        #expect(try eventually { try here.add(file, id: "worker-\(form)-99").status == 200 })
        try here.expectWhole()
    }

    @Test func `a worker killed before the manifest, or before the record, leaves nothing behind`() throws {
        let file = try Form.segmented.file

        swift.add(.manifest, .beforeRequest { [here] in (try? here.killWorker()) != nil })
        #expect(try here.add(file).status == 502)
        swift.add(.manifest, .beforeAnswer { [here] in (try? here.killWorker()) != nil })
        #expect(try here.add(file).status == 502)

        #expect(swift.exchanges(.manifest).last?.status == 202)
        try here.expectWhole()
    }

    @Test func `a worker killed between an object's last byte and the record leaves nothing behind`() throws {
        swift.add(.object("PUT"), .beforeAnswer { [here] in (try? here.killWorker()) != nil })

        #expect(try here.add(Form.plain.file).status == 502)

        #expect(swift.exchanges(.object("PUT")).last?.status == 201)
        try here.expectWhole()
    }

    // MARK: A client breaks off

    @Test(arguments: Form.allCases)
    func `a client that breaks off an upload leaves nothing, and the connection to Swift ends at once`(
        form: Form
    ) throws {
        let size = try form.file.count

        for percent in [10, 50, 99] {
            let kind = try form.file.place(percent: percent).kind
            let (wanted, before) = (size * percent / 100, sent)
            var held: HeldRequest? = try HeldRequest(uploadTo: site, length: size, sent: wanted)
            #expect(eventually { sent - before == wanted })
            withExtendedLifetime(held) {}

            held = nil

            #expect(eventually(within: 5) { swift.exchanges(kind).last?.isBrokenOffByClient == true })
        }

        #expect(try eventually { try here.rows("SELECT 1 FROM images WHERE status = 'saving'").isEmpty })
        try here.expectWhole()
    }

    /// Bytes of images that are on their way to Swift or there.
    private var sent: Int {
        swift.exchanges(Interposer.Kind("PUT ", "/glance")).filter { !$0.line.contains("?") }.reduce(0) { $0 + $1.sent }
    }

    // MARK: Bytes that are not those that were sent

    @Test(arguments: Form.allCases)
    func `bytes that Swift has otherwise than they were sent are refused with 502 and not kept`(form: Form) throws {
        let length = try site.log().count
        let (kind, byte) = try form.file.place(percent: 50)
        swift.add(kind, .flipByte(byte))

        let answer = try here.add(form.file)

        #expect(answer.status == 502)
        #expect(try here.log(since: length).contains("other bytes"))
        try here.expectWhole()
        #expect(try here.rows("SELECT 1 FROM images WHERE status <> 'deleted'").isEmpty)
    }

    @Test func `a segment that is lost before the manifest is 502, and nothing is kept`() throws {
        let length = try site.log().count
        swift.add(
            .manifest,
            .beforeRequest { [here] in
                let lost = try? here.objects().first { $0.hasSuffix("/00000001") }
                return lost.map { (try? here.ask("DELETE", $0).status) == 204 } == true
            })

        let answer = try here.add(Form.segmented.file)

        #expect(answer.status == 502)
        #expect(try here.log(since: length).contains("is not what was sent"))
        #expect(try here.rows("SELECT 1 FROM images WHERE status <> 'deleted'").isEmpty)
        try here.expectWhole()
    }

    // MARK: It only stumbles

    @Test func `503 twice and then a right answer is no failure, whatever was asked`() throws {
        let small = try Form.plain.file

        for kind in [Interposer.Kind.object("PUT"), .object("GET"), .object("DELETE")] {
            swift.add(kind, times: 2, .answer(status: 503))
        }
        let id = try here.added(small)
        #expect(try site.curl("/images/\(id)").body == small.bytes())
        #expect(try site.send("DELETE", "/images/\(id)").status == 200)
        #expect(try here.objects().isEmpty)

        for kind in [Interposer.Kind.segment("PUT", 1), .manifest] { swift.add(kind, times: 2, .answer(status: 503)) }
        _ = try here.added(Form.segmented.file)
        try here.expectWhole()
    }

    @Test func `a login that is answered 503 twice is no failure either`() throws {
        // A new worker has no token.
        try here.killWorker()
        let login = Interposer.Kind("GET /auth/")
        swift.add(login, times: 2, .answer(status: 503))

        #expect(try here.add(Form.plain.file).status == 200)

        #expect(swift.exchanges(login).count >= 3)
        try here.expectWhole()
    }

    @Test func `what Swift allows is asked again where it did not say`() throws {
        // A new worker has not asked yet.
        try here.killWorker()
        let limits = Interposer.Kind("GET /info ")
        swift.add(limits, times: 3, .answer(status: 503))

        #expect(try here.add(Form.plain.file).status == 503)
        #expect(try here.add(Form.plain.file).status == 200)

        #expect(swift.exchanges(limits).count == 4)
        try here.expectWhole()
    }
}
