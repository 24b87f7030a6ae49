import Foundation
import Testing

/// Each command of `glance`, against a Glance behind its nginx: what it prints, where, and how it ends.
@Suite struct GlanceCommandTests {
    private let site: Site
    private let glance: GlanceCommand

    init() throws {
        site = try Site.shared.get()
        glance = try GlanceCommand(url: site.url)
    }

    private static let kernel = Data(repeating: 0, count: 0x1FE) + [0x55, 0xAA, 0, 0] + Data("HdrS and more".utf8)

    private func name(_ start: String) -> String { "\(start) \(UUID().uuidString)" }

    /// Adds a few bytes under a name of their own; the id.
    private func added(_ text: String = "some bytes", name: String? = nil, _ options: String...) throws -> String {
        let output = try run(
            GlanceCommand.program,
            ["add", "-", "--name", name ?? self.name("added"), "--type", "raw", "--quiet"] + options,
            input: Data(text.utf8), environment: glance.environment)
        try #require(output.status == 0, "\(output.errors)")
        return output.text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private func json(_ text: String) throws -> [[String: Any]] {
        try text.split(separator: "\n").map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
    }

    @Test func `add takes name and type from a kernel's file, and says so beside the data`() throws {
        let file = "vmlinuz-\(UUID().uuidString)"
        try Self.kernel.write(to: URL(filePath: "\(glance.directory)/\(file)"))

        let output = try glance("add", file, "--public", "--property", "Distro=Debian 12", "--json")

        let image = try #require(try json(output.text).first)
        #expect(output.status == 0)
        #expect(image["name"] as? String == file && image["type"] as? String == "kernel")
        #expect(image["size"] as? Int == Self.kernel.count && image["is_public"] as? Bool == true)
        #expect(image["properties"] as? [String: String] == ["distro": "Debian 12"])
        #expect(output.errors == "glance: took the name \(file) and the type kernel (it is a Linux kernel for x86)\n")
    }

    @Test func `add of what it cannot tell asks for the type, and adds nothing`() throws {
        try glance.write("neither this nor that", to: "thing")

        let output = try glance("add", "thing", "--name", name("thing"))

        #expect(output.status == 2 && output.text.isEmpty)
        #expect(output.errors.contains("--type kernel|machine|raw|ramdisk"))
    }

    @Test func `a pipe is kept first, or sent as it comes where its size is said; a redirected file has one`() throws {
        let bytes = String(repeating: "0123456789", count: 30_000)
        try glance.write(bytes, to: "data")

        let kept = try glance.shell("cat data | glance add - -n x -t raw --json")
        let sent = try glance.shell(
            "cat data | glance add - -n x -t raw --json --size 300000", environment: ["TMPDIR": "/none"])
        let rest = try glance.shell("{ head -c 100000 >/dev/null; glance add - -n x -t raw --json; } < data")
        let nowhere = try glance.shell("cat data | glance add - -n x -t raw", environment: ["TMPDIR": "/none"])

        #expect(try json(kept.text)[0]["size"] as? Int == 300_000)
        #expect(try json(sent.text)[0]["size"] as? Int == 300_000)
        #expect(try json(sent.text)[0]["sha256"] as? String == json(kept.text)[0]["sha256"] as? String)
        #expect((try json(rest.text)[0]["size"] as? Int ?? .max) <= 200_000)
        #expect(nowhere.status == 1 && nowhere.errors.contains("set TMPDIR"))
    }

    @Test(arguments: ["299999", "300001"])
    func `a pipe that brings another number of bytes than was said leaves nothing`(size: String) throws {
        let id = "pipe-\(UUID().uuidString)"

        let output = try glance.shell(
            "head -c 300000 /dev/zero | glance add - -n x -t raw --id \(id) --size \(size)")

        #expect(output.status == 1 && output.text.isEmpty)
        #expect(output.errors.contains("Nothing was added"))
        #expect(try eventually { try site.curl("/images/\(id)", ["-I"]).status == 404 })
        #expect(try eventually { try site.add("now", ["x-image-meta-id": id]).status == 200 })
    }

    @Test func `an image is queued without a file, and update brings its data`() throws {
        let queued = try glance("add", "--name", name("later"), "--type", "raw", "--quiet")
        let told = try glance("add", "--name", name("later"), "--type", "raw")
        let id = queued.text.trimmingCharacters(in: .newlines)
        try glance.write("later", to: "data")

        let early = try glance("get", id)
        let brought = try glance("update", id, "--data", "data", "--json")
        let again = try glance("update", id, "--data", "data")

        #expect(early.status == 3 && early.errors.contains("glance update \(id) --data FILE"))
        #expect(told.status == 0 && told.errors.contains("--data FILE brings its data"))
        #expect(brought.status == 0)
        #expect(try json(brought.text)[0]["status"] as? String == "available")
        #expect(again.status == 4 && again.errors.contains("(request "))
        #expect(try glance("get", id, "-o", "-").text == "later")
    }

    @Test func `list filters and sorts, and prints tables, JSON or ids`() throws {
        let key = "k\(UUID().uuidString.prefix(8).lowercased())"
        let (small, large) = (try added("1", "-p", "\(key)=x"), try added("123456", "-p", "\(key)=x", "--public"))
        func ids(_ options: String...) throws -> [String] {
            try run(
                GlanceCommand.program, ["list", "-q", "-p", "\(key)=x"] + options, environment: glance.environment
            ).text.split(separator: "\n").map(String.init)
        }

        #expect(try ids() == [small, large])
        #expect(try ids("--sort", "size", "--descending") == [large, small])
        #expect(try ids("--sort", "size", "-r", "--limit", "1") == [large])
        #expect(try ids("--public") == [large])
        #expect(try ids("--private") == [small])
        #expect(try ids("--size-max", "5") == [small])
        #expect(try ids("-t", "kernel") == [] && ids("-t", "raw") == [small, large])
        #expect(try ids("--after", small) == [large])
        let lines = try json(glance("list", "-p", "\(key)=x", "--json", "--detail").text)
        #expect(lines.map { $0["id"] as? String } == [small, large])
        let table = try glance("list", "-p", "\(key)=x").text.split(separator: "\n")
        #expect(table.count == 3 && table[0].hasPrefix("ID") && !table[1].contains("…"))
        let none = try glance("list", "-p", "\(key)=none")
        #expect(none.status == 0 && none.text.isEmpty && none.errors == "glance: no images\n")
    }

    @Test func `a name stands for its image in show and get; one that several have is answered with their ids`() throws
    {
        let (alone, shared) = (name("My disk"), name("Shared"))
        let id = try added("alone", name: alone)
        let (one, two) = (try added("one", name: shared), try added("two", name: shared))

        let shown = try glance("show", alone, "--quiet")
        let fetched = try glance("get", alone)
        let ambiguous = try glance("show", shared)

        #expect(shown.text == "\(id)\n")
        #expect(fetched.status == 0 && glance.file(id) == Data("alone".utf8))
        #expect(ambiguous.status == 2 && ambiguous.text.isEmpty)
        #expect(ambiguous.errors.contains("\(one) (raw, 3 B), \(two) (raw, 3 B)"))
        #expect(try glance("delete", alone).status == 2)
        #expect(try glance("update", alone, "--public").status == 2)
        #expect(try glance("show", "\(site.url)/images/\(id)", "-q").text == "\(id)\n")
    }

    @Test func `only an id names an image that is to change: a URI may be meant for another server`() throws {
        let id = try added()
        let queued = try glance("add", "--name", name("later"), "--type", "raw", "--quiet")
            .text.trimmingCharacters(in: .newlines)
        let elsewhere = "http://127.0.0.1:9999/images"

        let outputs = try [
            glance("delete", "\(elsewhere)/\(id)"), glance("update", "\(elsewhere)/\(id)", "--name", "x"),
            glance("update", "\(elsewhere)/\(queued)", "--data", "-", input: Data("x".utf8)),
        ]

        for output in outputs {
            #expect(output.status == 2 && output.errors.contains("by their ids alone"), "\(output.errors)")
        }
        #expect(try json(glance("show", id, "--json").text).first?["version"] as? Int == 1)
        #expect(try json(glance("show", queued, "--json").text).first?["status"] as? String == "queued")
    }

    @Test func `a table fits the terminal that it is on`() throws {
        let key = "k\(UUID().uuidString.prefix(8).lowercased())"
        _ = try added("x", name: String(repeating: "wide ", count: 30) + "name", "-p", "\(key)=x")
        func lines(columns: Int) throws -> [Substring] {
            try glance.shell(
                "script -qefc 'stty cols \(columns); glance list -p \(key)=x' /dev/null",
                environment: ["TERM": "xterm", "NO_COLOR": "1"]
            ).text.split(whereSeparator: \.isNewline)
        }

        let (narrow, wide) = (try lines(columns: 50), try lines(columns: 200))

        #expect(narrow.count == 2 && wide.count == 2)
        #expect(narrow.allSatisfy { $0.count <= 50 } && narrow[1].contains("…"), "\(narrow)")
        #expect(wide[1].count > 150 && !wide[1].contains("…"), "\(wide)")
    }

    @Test func `get overwrites nothing unless it is told to`() throws {
        let id = try added("new")
        try glance.write("old", to: "file")

        let refused = try glance("get", id, "-o", "file")
        let kept = glance.file("file")
        let forced = try glance("get", id, "-o", "file", "--force")

        #expect(refused.status == 1 && refused.errors.contains("--force"))
        #expect(kept == Data("old".utf8))
        #expect(forced.status == 0 && glance.file("file") == Data("new".utf8))
        #expect(glance.file("file.part") == nil)
    }

    @Test func `several images go into a directory, and one that is not there keeps none of the others`() throws {
        let (one, two) = (try added("one"), try added("two"))
        try FileManager.default.createDirectory(atPath: "\(glance.directory)/images", withIntermediateDirectories: true)

        let output = try glance("get", one, "none-of-these", two, "-o", "images")

        #expect(output.status == 3)
        #expect(glance.file("images/\(one)") == Data("one".utf8) && glance.file("images/\(two)") == Data("two".utf8))
        #expect(try glance("get", one, two, "-o", "file").status == 2)
    }

    @Test func `update changes what it names, and a version keeps it from overwriting what nobody saw`() throws {
        let id = try added("x", "-p", "a=1")

        let changed = try glance("update", id, "--name", "Ünïcode", "-p", "b=2", "--if-version", "1", "--json")
        let late = try glance("update", id, "--name", "late", "--if-version", "1")
        let replaced = try glance("update", id, "--replace-properties", "-p", "c=3", "--json")

        #expect(try json(changed.text)[0]["name"] as? String == "Ünïcode")
        #expect(try json(changed.text)[0]["properties"] as? [String: String] == ["a": "1", "b": "2"])
        #expect(late.status == 4)
        #expect(try json(replaced.text)[0]["properties"] as? [String: String] == ["c": "3"])
        #expect(try glance("update", id).status == 2)
        #expect(try glance("delete", id, "--if-version", "1").status == 4)
        #expect(try glance("delete", id).status == 0)
        let gone = try glance("delete", id)
        #expect(gone.status == 3 && gone.errors.contains("A name will not do here: glance list shows the ids. (req"))
    }

    @Test func `verify tells a file that is the image from one that is not, and finds the image of a file`() throws {
        let bytes = UUID().uuidString
        let id = try added(bytes)
        try glance.write(bytes, to: "same")
        try glance.write(String(bytes.reversed()), to: "other")

        #expect(try glance("verify", "same", id).status == 0)
        #expect(try glance("verify", "same", "--quiet").text == "\(id)\n")
        let other = try glance("verify", "other", id)
        #expect(other.status == 8 && other.errors.contains("its SHA-256 is "))
        #expect(try glance("verify", "other").status == 3)
        #expect(try glance("verify", "none", id).status == 1)
    }

    @Test func `each way to fail has its exit status, and one line on standard error`() throws {
        let id = try added("x")
        try glance.write("x", to: "x")
        let failures: [(Int32, [String])] = [
            (1, ["add", "none", "-n", "x", "-t", "raw"]), (2, ["list", "--nope"]), (2, ["lst"]),
            (3, ["show", "no such"]),
            (4, ["add", "x", "-n", "x", "-t", "raw", "--id", id]),
            (5, ["add", "x", "-n", "x", "-t", "raw", "--store", "tape"]), (7, ["list", "--url", "http://127.0.0.1:1"]),
            (2, ["list", "--url", "ftp://127.0.0.1"]), (3, ["list", "--url", "\(site.url)/elsewhere"]),
        ]

        for (status, arguments) in failures {
            let output = try run(
                GlanceCommand.program, arguments, environment: glance.environment, in: glance.directory)

            #expect(output.status == status, "\(arguments): \(output.errors)")
            #expect(output.text.isEmpty)
            #expect(output.errors.hasPrefix("glance: ") && output.errors.split(separator: "\n").count == 1)
        }
    }

    @Test func `nobody hears of a list whose reader has gone`() throws {
        for _ in 0..<3 { _ = try added() }

        let output = try glance.shell("while glance list --json --detail; do :; done | head -n 1")
        let ignoring = try glance.shell(
            "trap '' PIPE; { glance list; glance get \(added()) -o -; } | true; echo ${PIPESTATUS[0]}")

        #expect(output.text.split(separator: "\n").count == 1)
        #expect(output.errors.isEmpty && ignoring.errors.isEmpty)
    }

    @Test func `help and version say what they have on standard output, and nothing at all asks a server`() throws {
        let away = ["GLANCE_URL": "http://127.0.0.1:1"]

        #expect(try glance("--help", environment: away).text.contains("glance add vmlinuz"))
        #expect(try glance("add", "--help", environment: away).text.hasPrefix("Usage: glance add [FILE]"))
        #expect(try glance("help", "get", environment: away).text.hasPrefix("Usage: glance get IMAGE..."))
        #expect(try glance("--version", environment: away).text.hasPrefix("glance "))
        #expect(try glance("add", environment: away).errors.contains("FILE is missing; or give --name and --type"))
        let bare = try glance()
        #expect(bare.status == 2 && bare.text.isEmpty && bare.errors.contains("Commands:"))
    }
}
