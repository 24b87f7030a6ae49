import Testing

@testable import Workers

@Suite struct HandoverTests {
    private let full = Handover(
        listener: 16, listen: "unix:/run/glance/a b.sock", socketPath: "/run/glance/a b.sock", lock: 7,
        program: "1:2:3.4",
        page: 8, lifeline: PipeEnds(reading: 9, writing: 10),
        children: [.init(pid: 11, role: .worker(0)), .init(pid: 12, role: .worker(63)), .init(pid: 13, role: .janitor)])

    @Test func `what is left comes over whole`() {
        #expect(Handover(text: full.text) == full)
    }

    @Test func `a socket that is not ours comes over without path and lock`() {
        var handover = full
        handover.socketPath = nil
        handover.lock = nil

        #expect(Handover(text: handover.text) == handover)
    }

    /// Versions that were released write this, and later ones have to read it.
    @Test func `the first form stays readable, and what a later version adds is passed over`() {
        let text = """
            listener 16
            listen unix:/run/glance/a b.sock
            program 1:2:3.4
            page 8
            lifeline 9 10
            lock 7
            socket /run/glance/a b.sock
            child 11 worker 0
            child 12 worker 63
            child 13 janitor
            colour red

            """

        #expect(Handover(text: text) == full)
        #expect(text.hasPrefix(full.text))
    }

    @Test(arguments: ["listener", "listen", "program", "page", "lifeline"])
    func `without one of its descriptors there is no handover`(key: String) {
        let text = full.text.split(separator: "\n").filter { !$0.hasPrefix("\(key) ") }.joined(separator: "\n")

        #expect(Handover(text: text) == nil)
    }

    @Test(arguments: [
        "child 11", "child x janitor", "child 11 worker 256", "child 11 worker -1", "child 11 cook", "child",
    ])
    func `a child that cannot be is refused`(line: String) {
        #expect(Handover(text: full.text + line + "\n") == nil)
    }
}
