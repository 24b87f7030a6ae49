import Foundation
import Testing

@testable import glance

/// The texts that are made from the table of commands, and the pages that were.
struct DocumentTests {
    private func page(_ path: String) throws -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    @Test func `docs/cli.md is what the table says`() throws {
        #expect(try page("docs/cli.md") == MarkdownPage.text + "\n", "write it anew: glance help --markdown")
    }

    @Test func `docs/glance.1 is what the table says`() throws {
        #expect(try page("docs/glance.1") == ManualPage.text + "\n", "write it anew: glance help --man")
    }

    @Test func `the command's version is the package's`() throws {
        let newest = try page("deploy/package.d/changelog").prefix { !$0.isNewline }

        #expect(newest.contains("(\(Program.version))"))
    }

    @Test(arguments: Command.all.map(\.name)) func `a command can be read about everywhere`(name: String) throws {
        let command = try Command.named(name)

        #expect(HelpText.whole.contains("\n  \(name) "))
        #expect(HelpText.of(command).contains("Usage: \(command.synopsis)"))
        #expect(MarkdownPage.text.contains("\n## glance \(name)\n"))
        for option in command.options {
            let spelling = "--\(option.name.rawValue)"
            #expect(HelpText.of(command).contains(spelling))
            #expect(MarkdownPage.text.contains(spelling))
            #expect(ManualPage.text.contains(spelling.replacing("-", with: "\\-")))
            #expect(BashCompletion.text.contains(spelling))
            #expect(ZshCompletion.text.contains("\(spelling)["))
        }
    }

    @Test(arguments: Command.all.map(\.name)) func `help fits a terminal of 80 columns`(name: String) throws {
        let texts = [HelpText.of(try Command.named(name)), HelpText.whole, HelpText.short]

        for line in texts.joined(separator: "\n").split(separator: "\n") where !line.hasPrefix("  glance") {
            #expect(columnCount(String(line)) <= 80, "\(line)")
        }
    }

    @Test(arguments: Command.all.map(\.name)) func `no option of a command has another's name or letter`(name: String)
        throws
    {
        let options = try Command.named(name).allOptions

        #expect(Set(options.map(\.name)).count == options.count)
        #expect(Set(options.compactMap(\.letter)).count == options.compactMap(\.letter).count)
    }

    @Test(arguments: Command.all.map(\.name)) func `an example is a command line that is understood`(name: String)
        throws
    {
        for example in try Command.named(name).examples where example.hasPrefix("glance ") {
            let words = try words(example.prefix { $0 != "|" })
            let command = try Command.named(words[1])
            _ = try Invocation(
                command, words.dropFirst(2), console: Console(environment: [:]), environment: [:])
        }
    }

    /// A simple command line's words; double quotes keep one together.
    private func words(_ line: Substring) throws -> [String] {
        line.matches(of: /"([^"]*)"|([^\s"]+)/).map { String($0.1 ?? $0.2 ?? "") }
    }

    @Test func `there is no option for a password`() {
        let names = Command.all.flatMap(\.allOptions).filter { $0.placeholder != nil }.map(\.name.rawValue)

        #expect(!names.contains { ["password", "secret", "token", "key"].contains($0) })
    }
}
