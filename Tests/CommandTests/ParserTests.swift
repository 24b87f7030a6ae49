import Testing

@testable import glance

/// What a command line means.
struct ParserTests {
    private func read(_ command: Command, _ arguments: String...) throws(CommandError) -> Invocation {
        try Invocation(command, arguments[...], console: Console(environment: [:]), environment: [:])
    }

    private func problem(_ command: Command, _ arguments: String...) -> String? {
        do throws(CommandError) {
            _ = try Invocation(command, arguments[...], console: Console(environment: [:]), environment: [:])
            return nil
        } catch {
            #expect(error.status == .usage)
            return error.line(server: nil)
        }
    }

    @Test(arguments: [
        ["--name", "A b", "x.img"], ["--name=A b", "x.img"], ["-n", "A b", "x.img"], ["-nA b", "x.img"],
        ["x.img", "-qn", "A b"], ["--name", "other", "x.img", "--name", "A b"],
    ])
    func `an option's value stands behind it, or behind its =, or at its letter; the last one counts`(
        arguments: [String]
    ) throws {
        let invocation = try Invocation(
            .add, arguments[...], console: Console(environment: [:]), environment: [:])

        #expect(invocation[.name] == "A b")
        #expect(invocation.operands == ["x.img"])
    }

    @Test func `behind -- there are no options, and - is an operand`() throws {
        #expect(try read(.add, "--", "--name").operands == ["--name"])
        #expect(try read(.add, "-").operands == ["-"])
    }

    @Test func `a value may begin with a dash, and may be empty`() throws {
        #expect(try read(.add, "--name", "-x")[.name] == "-x")
        #expect(try read(.add, "--name=")[.name] == "")
    }

    @Test func `properties are pairs, each key once; a value may have =`() throws {
        let invocation = try read(.add, "-p", "a=1", "--property", "b=x=y", "-p", "c=")

        #expect(try invocation.pairs(.property) == ["a": "1", "b": "x=y", "c": ""])
        #expect(throws: CommandError.self) { try read(.add, "-p", "a=1", "-p", "a=2").pairs(.property) }
    }

    @Test func `what is wrong is said, with the word that was probably meant`() {
        #expect(problem(.add, "--nmae", "x") == "there is no option “--nmae”. Did you mean --name?")
        #expect(problem(.add, "--quux") == "there is no option “--quux”: see glance add --help")
        #expect(problem(.add, "-Z") == "there is no option “-Z”: see glance add --help")
        #expect(problem(.add, "--name") == "--name takes a value: --name NAME")
        #expect(problem(.add, "--public=yes") == "--public takes no value")
        #expect(problem(.add, "--type", "disk") == "--type: it takes one of kernel, machine, raw, ramdisk, not “disk”")
        #expect(problem(.add, "--property", "x") == "--property: it takes KEY=VALUE, not “x”")
        #expect(problem(.add, "--size", "1.5G")?.hasPrefix("--size: it takes bytes") == true)
        #expect(problem(.show)?.hasPrefix("IMAGE is missing: glance show IMAGE...") == true)
        #expect(problem(.add, "a", "b")?.hasPrefix("“b” is too much: glance add [FILE]") == true)
    }

    @Test func `an unknown command is met with the one that was probably meant`() {
        let error = #expect(throws: CommandError.self) { try Command.named("delte") }

        #expect(error?.line(server: nil) == "there is no command “delte”. Did you mean delete?")
    }

    @Test func `where help is wanted nothing else has to be there`() throws {
        #expect(try read(.show, "--help").has(.help))
    }

    @Test func `a command line can be typed again, from some operand on, in a shell's own quotes`() throws {
        let invocation = try read(.get, "--url", "http://h:1", "1", "My disk", "-o", "it's/", "3")

        #expect(invocation.retyped() == #"glance get --url http://h:1 1 'My disk' -o 'it'\''s/' 3"#)
        #expect(invocation.retyped(fromOperand: 1) == #"glance get --url http://h:1 'My disk' -o 'it'\''s/' 3"#)
    }
}
