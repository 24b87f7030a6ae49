import Foundation
import Testing

extension SwiftFaultTests {
    // MARK: Tokens

    @Test func `a token that is refused is replaced, whatever was asked`() throws {
        let (small, large) = (try Form.plain.file, try Form.segmented.file)
        let id = try here.added(small)

        try spoilToken(of: .object("PUT")) { try here.add(small).status == 200 }
        try spoilToken(of: .segment("PUT", 1)) { try here.add(large).status == 200 }
        try spoilToken(of: .manifest) { try here.add(large).status == 200 }
        try spoilToken(of: .object("GET")) { try site.curl("/images/\(id)").body == small.bytes() }
        try spoilToken(of: .object("DELETE")) { try site.send("DELETE", "/images/\(id)").status == 200 }

        #expect(try here.rows("SELECT 1 FROM doomed_bytes").isEmpty)
        try here.expectWhole()
    }

    private func spoilToken(of kind: Interposer.Kind, _ isDone: () throws -> Bool) throws {
        // One that is refused in the second in which it was given is not replaced.
        let older = Date(timeIntervalSinceNow: 1)
        #expect(eventually { Date() > older })
        swift.add(kind, .spoilToken)

        #expect(try isDone())

        #expect(swift.exchanges(kind).contains { $0.status == 401 })
    }

    @Test func `a token that ends in a slow upload is followed by another one`() throws {
        let undo = try here.edit("swift/proxy-server.conf") {
            $0.replacing("#tempauth\n", with: "#tempauth\ntoken_life = 4\n")
        }
        // Tokens that were given before are forgotten.
        for service in ["memcached", "swift-proxy"] { try here.restart(service) }
        let login = Interposer.Kind("GET /auth/")
        let length = 2_500_000
        let held = try HeldRequest(uploadTo: site, id: "slow", length: length, sent: 830_000)

        // Little by little for as long as the first token lives, then up to the end of the next segment.
        var rest = length - 830_000
        for limit in [1_660_000, 830_000] {
            let tokenEnds = Date(timeIntervalSinceNow: 5)
            while Date() < tokenEnds {
                try held.send("x")
                rest -= 1
                #expect(try site.send("DELETE", "/images/slow").status == 409)
                usleep(100_000)
            }
            try held.send(String(repeating: "x", count: rest - limit))
            rest = limit
        }
        try held.send(String(repeating: "x", count: rest))

        #expect(held.answer().hasPrefix("HTTP/1.1 200 "))
        #expect(swift.exchanges(login).count >= 2)
        try undo()
        try here.restart("swift-proxy")
        try here.expectWhole()
    }

    // MARK: The services beside it

    @Test func `without memcached all of Swift is refused for a while, and it is back without a restart`() throws {
        let id = try here.added(Form.plain.file)
        let length = try site.log().count
        try here.kill("memcached")

        let answers = [try site.curl("/images/\(id)"), try here.add(Form.plain.file)]
        try here.start("memcached")

        for answer in answers {
            #expect(answer.status == 503)
            #expect(answer["retry-after"] == "10")
        }
        #expect(try here.log(since: length).contains("the store swift failed"))
        _ = try here.eventualAnswer { try here.add(Form.segmented.file) }
        _ = try here.eventualAnswer { try site.curl("/images/\(id)") }
        try here.expectWhole()
    }

    @Test func `a full disk is 503, leaves nothing, and is over when there is room`() throws {
        let undo = try here.edit("swift/object-server.conf") {
            $0.replacing("[DEFAULT]\n", with: "[DEFAULT]\nfallocate_reserve = 100%\n")
        }
        try here.restart("swift-object")

        let answers = try Form.allCases.map { try here.add($0.file) }
        let objects = try here.objects()
        try undo()
        try here.restart("swift-object")

        #expect(answers.allSatisfy { $0.status == 503 && $0["retry-after"] == "10" })
        #expect(objects.isEmpty)
        #expect(try eventually { try here.add(Form.segmented.file).status == 200 })
        try here.expectWhole()
    }

    @Test func `credentials that are wrong are 503, and the log says so without the key`() throws {
        let length = try site.log().count
        let undo = try here.edit("swift-credentials") { $0.replacing("key = ", with: "key = not-") }
        try site.reload()

        let answer = try here.add(Form.plain.file)
        let problems = try run("curl", ["-s", "http://127.0.0.1:\(site.healthPort)/readyz"]).text
        try undo()
        try site.reload()

        #expect(answer.status == 503)
        #expect(answer["retry-after"] == "10")
        let log = try here.log(since: length)
        #expect(log.contains("does not know this user and key: correct swift_credentials_file"))
        #expect(!log.contains("not-"))
        #expect(problems.contains("does not know this user and key"))
        #expect(try eventually { try here.add(Form.plain.file).status == 200 })
        try here.expectWhole()
    }

    @Test func `check says what is wrong with Swift, and readyz too where Swift says nothing at all`() throws {
        func check() throws -> Output {
            try run(Service.program, ["check", "--config", "\(site.directory)/etc/glance-api.conf"])
        }

        let well = try check()
        let undo = try here.edit("swift-credentials") { $0.replacing("key = ", with: "key = not-") }
        let wrong = try check()
        try undo()
        try here.kill("swift-proxy")
        let away = try check()
        try here.start("swift-proxy")
        _ = try here.added(Form.plain.file)
        try here.signal("swift-proxy", SIGSTOP)
        // The gateway waits for 30 seconds.
        let silent = try run("curl", ["-s", "http://127.0.0.1:\(site.healthPort)/readyz"]).text
        try here.signal("swift-proxy", SIGCONT)

        #expect(well.text == "All is well: settings, libraries, registry and stores.\n", "\(well.errors)")
        #expect(wrong.status == 1)
        #expect(wrong.errors.contains("does not know this user and key: correct swift_credentials_file"))
        #expect(!wrong.errors.contains("not-"))
        #expect(away.status == 1)
        #expect(away.errors.contains("the store swift failed: "))
        #expect(silent.contains("the store swift failed: "), "\(silent)")
        #expect(silent.contains("the server was silent for too long"), "\(silent)")
        try here.expectWhole()
    }

    // MARK: What others do to the account

    @Test(arguments: [["glance"], ["glance_segments"], ["glance", "glance_segments"]], Form.allCases)
    func `a container that somebody removed is made again by the next upload`(
        containers: [String], form: Form
    ) throws {
        for container in containers { #expect(try [204, 404].contains(here.ask("DELETE", container).status)) }

        let answer = try here.add(form.file)

        #expect(answer.status == 200, "\(answer.text)")
        try here.expectWhole()
    }

    // MARK: It is down

    @Test func `an upload that Swift was away for can be sent again at once, with the same id`() throws {
        try here.kill("swift-proxy")

        let refused = try here.add(ImageFile.small.get(), id: "again")
        try here.start("swift-proxy")
        let added = try here.add(ImageFile.small.get(), id: "again")

        #expect(refused.status == 503)
        #expect(refused["retry-after"] != nil)
        #expect(added.status == 200, "\(added.text)")
        try here.expectWhole()
    }

    @Test(arguments: Form.allCases)
    func `an image deleted while Swift is down is gone at once, and its bytes when Swift is back`(form: Form) throws {
        let id = try here.added(form.file)
        try here.kill("swift-proxy")

        let deleted = try site.send("DELETE", "/images/\(id)")
        let asked = try site.curl("/images/\(id)")
        try here.start("swift-proxy")

        #expect(deleted.status == 200)
        #expect(asked.status == 404)
        try here.expectWhole()
    }

    @Test func `a janitor that takes over after HUP removes what the one before could not`() throws {
        let id = try here.added(Form.plain.file)
        try here.kill("swift-proxy")
        let length = try site.log().count
        #expect(try site.send("DELETE", "/images/\(id)").status == 200)
        #expect(try eventually { try here.log(since: length).contains("bytes could not be removed") })

        try site.reload()
        try here.start("swift-proxy")

        try here.expectWhole()
    }

    @Test func `a service that starts while Swift is down serves the rest, and all once it is back`() throws {
        let id = try here.added(Form.segmented.file)
        try here.kill("swift-proxy")
        try here.restart("glance-api")

        let local = try here.add(Form.plain.file, id: "local", store: "file")
        let copy = try site.curl("/images/local")
        let answers = [try site.curl("/images/\(id)"), try here.add(Form.plain.file)]
        let problems = try run("curl", ["-s", "http://127.0.0.1:\(site.healthPort)/readyz"]).text
        try here.start("swift-proxy")

        #expect(local.status == 200)
        #expect(try copy.body == Form.plain.file.bytes())
        #expect(answers.allSatisfy { $0.status == 503 && $0["retry-after"] == "10" })
        #expect(problems.contains("the store swift failed: "))
        _ = try here.eventualAnswer { try site.curl("/images/\(id)") }
        _ = try here.eventualAnswer { try here.add(Form.segmented.file) }
        #expect(
            try eventually { try run("curl", ["-s", "http://127.0.0.1:\(site.healthPort)/readyz"]).text == "ready\n" })
        try here.expectWhole()
    }
}
