import Foundation
import Testing

/// Transfers by `glance` that do not go straight: through an interposer that stops them where the test says.
@Suite struct GlanceTransferTests {
    private static let file = Result { try ImageFile(bytes: 24_000_000) }

    private let site: Site
    private let between: Interposer
    private let glance: GlanceCommand

    init() throws {
        site = try Site.shared.get()
        between = try Interposer(before: site.port)
        glance = try GlanceCommand(url: "http://127.0.0.1:\(between.port)")
    }

    private func added() throws -> String {
        let output = try glance("add", Self.file.get().path, "--type", "raw", "--quiet")
        try #require(output.status == 0, "\(output.errors)")
        return output.text.trimmingCharacters(in: .newlines)
    }

    private func bytes(of part: String) -> Int { glance.file(part)?.count ?? 0 }

    @Test func `killed at ten random places, the same command goes on each time and ends with the same bytes`() throws {
        let file = try Self.file.get()
        let id = try added()
        let places = (0..<10).map { _ in Int.random(in: 1..<file.count - 1) }.sorted()

        for place in places {
            let before = bytes(of: "copy.part")
            guard place > before else { continue }
            let started = Promised<StartedProgram>()
            let killed = Promised<Bool>()
            between.add(
                Interposer.Kind("GET ", "/images/\(id) "),
                .atAnswerByte(place - before) {
                    if let program = started.get() { kill(program.pid, SIGKILL) }
                    killed.put(true)
                    return false
                })
            let program = try glance.start("get", id, "-o", "copy")
            started.put(program)
            #expect(try program.wait() == 128 + SIGKILL)
            #expect(killed.get() == true)
            #expect(glance.file("copy") == nil)
            #expect((before...place).contains(bytes(of: "copy.part")))
        }
        let last = try glance("get", id, "-o", "copy")

        #expect(last.status == 0, "\(last.errors)")
        #expect(try glance.file("copy") == file.bytes())
        #expect(glance.file("copy.part") == nil)
        let exchanges = between.exchanges(Interposer.Kind("GET ", "/images/\(id) "))
        #expect(exchanges.count > 1)
        #expect(exchanges.last.map { $0.answerLength < file.count } == true)
    }

    @Test(arguments: [(SIGINT, 130), (SIGTERM, 143)] as [(Int32, Int32)])
    func `a stopped download says how to go on, and that command does`(signal: Int32, status: Int32) throws {
        let file = try Self.file.get()
        let id = try added()
        let started = Promised<StartedProgram>()
        let ended = Promised<Bool>()
        between.add(
            Interposer.Kind("GET ", "/images/\(id) "),
            .atAnswerByte(12_000_000) {
                if let program = started.get() { kill(program.pid, signal) }
                return ended.get() == nil
            })
        let program = try glance.start("get", id, "-o", "my copy")
        started.put(program)

        #expect(try program.wait() == status)
        ended.put(true)
        let errors = program.errors
        let command = try #require(errors.split(separator: "To go on: ").last)
        let resumed = try glance.shell(String(command))

        #expect(errors.hasPrefix("glance: stopped after "))
        #expect(errors.contains("What came is in my copy.part."))
        #expect(resumed.status == 0, "\(resumed.errors)")
        #expect(try glance.file("my copy") == file.bytes())
    }

    @Test func `a stopped upload leaves nothing, and says the command to type again`() throws {
        let file = try Self.file.get()
        let id = "stopped-\(UUID().uuidString)"
        let started = Promised<StartedProgram>()
        let ended = Promised<Bool>()
        between.add(
            Interposer.Kind("POST "),
            .atRequestByte(12_000_000) {
                if let program = started.get() { kill(program.pid, SIGINT) }
                return ended.get() == nil
            })
        let program = try glance.start("add", file.path, "--type", "raw", "--id", id)
        started.put(program)

        #expect(try program.wait() == 130)
        ended.put(true)
        #expect(program.errors.contains("Nothing was added. "))
        #expect(program.errors.contains("Once more: glance add \(file.path) --type raw --id \(id)\n"))
        #expect(try eventually { try site.add("x", ["x-image-meta-id": id]).status == 200 })
    }

    @Test func `a download whose server stays away ends with 7 and says how to go on`() throws {
        let id = try added()
        // The request, and each time that it goes on.
        between.add(Interposer.Kind("GET ", "/images/\(id) "), times: 99, .atAnswerByte(0) { false })

        let output = try glance("get", id, "-o", "copy")

        #expect(output.status == 7)
        #expect(output.errors.contains("To go on: glance get \(id) -o copy"))
        #expect(glance.file("copy") == nil)
    }

    @Test func `a wrong byte on the way is status 8, to a pipe as well, and no file takes the name`() throws {
        let id = try added()
        func spoil() {
            between.clear()
            between.add(Interposer.Kind("GET ", "/images/\(id) "), times: 2, .flipAnswerByte(5_000_000))
        }

        spoil()
        let piped = try glance.shell("glance get \(id) -o - | cat >piped; exit ${PIPESTATUS[0]}")
        spoil()
        let saved = try glance("get", id, "-o", "saved")

        #expect(piped.status == 8 && piped.errors.contains("SHA-256"))
        #expect(saved.status == 8)
        #expect(glance.file("saved") == nil)
        #expect(bytes(of: "saved.part") == 0)
    }

    @Test func `a terminal shows how far it is after a second, and is left clean`() throws {
        let id = try added()
        let screen = "\(glance.directory)/screen"
        between.add(
            Interposer.Kind("GET ", "/images/\(id) "),
            .atAnswerByte(12_000_000) { eventually { Self.text(screen).contains("of 22.9 MiB") } })

        let output = try glance.shell(
            "script -qefc 'stty cols 60; glance get \(id) -o copy' \(screen) >/dev/null", environment: ["TERM": "xterm"]
        )

        let shown = Self.text(screen)
        #expect(output.status == 0)
        #expect(shown.contains("%  ") && shown.contains("iB/s"))
        let lines = shown.split(separator: "\r").filter { $0.contains(" of 22.9 MiB") }
        #expect(!lines.isEmpty && lines.allSatisfy { $0.replacing("\u{1B}[K", with: "").count < 60 })
        #expect(shown.contains("\r\u{1B}[Kglance: saved "))
        #expect(glance.file("copy")?.count == 24_000_000)
    }

    @Test func `a transfer of less than a second shows no progress`() throws {
        let id = try glance.shell("echo x | glance add - -n x -t raw --quiet").text.trimmingCharacters(in: .newlines)
        let screen = "\(glance.directory)/screen"

        // On a machine that has much to do it may take longer than that.
        for _ in 0..<20 {
            between.add(
                Interposer.Kind("GET ", "/images/\(id) "),
                .atAnswerByte(1) { !eventually(within: 0.5) { Self.text(screen).contains("B/s") } })
            let time = try ContinuousClock().measure {
                _ = try glance.shell(
                    "script -qefc 'glance get \(id) -o copy --force' \(screen) >/dev/null",
                    environment: ["TERM": "xterm"])
            }
            guard time > .seconds(1) else {
                let shown = Self.text(screen)
                return #expect(shown.contains("glance: saved ") && !shown.contains("\u{1B}[K"), "\(shown)")
            }
        }
        Issue.record("each time it took more than a second")
    }

    @Test func `without a terminal there is a plain line every ten seconds, where it is asked for`() throws {
        let id = try added()
        let started = Promised<StartedProgram>()
        between.add(
            Interposer.Kind("GET ", "/images/\(id) "),
            .atAnswerByte(12_000_000) {
                guard let program = started.get() else { return false }
                return eventually { program.errors.contains("of 22.9 MiB") }
            })
        let program = try glance.start("get", id, "-o", "copy", "--progress")
        started.put(program)

        #expect(try program.wait() == 0)
        let lines = program.errors.split(separator: "\n")
        #expect(lines.count == 2 && !program.errors.contains("\u{1B}"))
        #expect(lines[0].contains("of 22.9 MiB, ") && lines[0].contains("%, "))
    }

    private static func text(_ path: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }
}
