import Foundation
import Testing

/// What `glance` has for shells and readers, tried with the real ones.
@Suite struct GlanceShellTests {
    private static let hasZsh = (try? run("sh", ["-c", "command -v zsh"]).status) == 0
    private static let hasMan = (try? run("sh", ["-c", "command -v man"]).status) == 0

    private let glance: GlanceCommand

    init() throws {
        glance = try GlanceCommand(url: "http://127.0.0.1:1")
    }

    /// What bash offers for the last of the words.
    private func offered(_ words: String...) throws -> [String] {
        let quoted = words.map { "'\($0)'" }.joined(separator: " ")
        let script = """
            source <(glance completion bash)
            COMP_WORDS=(glance \(quoted)); COMP_CWORD=\(words.count)
            _glance; printf '%s\\n' "${COMPREPLY[@]}"
            """
        let output = try glance.shell(script)
        #expect(output.status == 0 && output.errors.isEmpty, "\(output.errors)")
        return output.text.split(separator: "\n").map(String.init)
    }

    @Test func `bash completes commands, options, their values and files`() throws {
        try glance.write("", to: "a file.img")

        #expect(try offered("s") == ["show"])
        #expect(try offered("add", "--st") == ["--store"])
        #expect(try offered("add", "--type", "ra") == ["raw", "ramdisk"])
        #expect(try offered("add", "--type", "=", "k") == ["kernel"])
        #expect(try offered("add", "-t", "m") == ["machine"])
        #expect(try offered("list", "--sort", "upd") == ["updated_at"])
        #expect(try offered("add", "a") == ["a file.img"])
        #expect(try offered("--url", "http", "completion", "z") == ["zsh"])
        #expect(try offered("show", "--ca-file", "a") == ["a file.img"])
        #expect(try offered("show", "x").isEmpty)
    }

    @Test(.enabled(if: hasZsh, "there is no zsh here"))
    func `zsh completes commands, options and their values`() throws {
        let script = #"""
            zmodload zsh/zpty
            zpty shell "PS1='> ' zsh -f -i"
            zpty -w shell 'autoload -Uz compinit; compinit -u -D; source <(glance completion zsh); LISTMAX=0; echo ready-$((1 + 1))'
            zpty -r -m shell line '*ready-2*' || exit 1
            for words in 'glance sh' 'glance add --sto' 'glance add --type ker'; do
                zpty -w -n shell "$words"$'\t'$'\x01''echo typed: '$'\n'
                zpty -r -m shell line '*typed: *glance*'$'\r\n''*> *' || exit 1
                print -r -- "$line"
            done
            """#
        let output = try glance.shell(script, program: ["timeout", "30", "zsh", "-f", "-c"])

        for words in ["glance show", "glance add --store", "glance add --type kernel"] {
            #expect(output.text.contains("typed: \(words)"), "\(output.text)\(output.errors)")
        }
    }

    @Test(.enabled(if: hasMan, "there is no man here"))
    func `the manual page is rendered without a warning, and says what the command is`() throws {
        let output = try glance.shell("man --warnings -E UTF-8 -l \(Site.project)/docs/glance.1")

        #expect(output.status == 0 && output.errors.isEmpty, "\(output.errors)")
        #expect(output.text.contains("glance - keeps, finds and fetches virtual machine images"))
        #expect(output.text.contains("EXIT STATUS"))
    }

    @Test func `colours are for terminals alone, and for nobody who does not want them`() throws {
        func screen(_ environment: [String: String]) throws -> String {
            try glance.shell(
                "script -qefc 'glance list' /dev/null", environment: environment.merging(["TERM": "xterm"]) { $1 }
            ).text
        }

        let colored = try screen(["NO_COLOR": ""])
        #expect(colored.contains("\u{1B}[1;31mglance:"), "\(colored)")
        #expect(try screen(["NO_COLOR": "1"]).contains("\u{1B}") == false)
        #expect(try glance("list").errors.contains("\u{1B}") == false)
    }
}
