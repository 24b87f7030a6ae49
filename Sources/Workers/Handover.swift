import Bytes
import Glibc

/// What a supervisor leaves to the program that goes on in its place, as the same process (execve(2)): descriptors, which
/// stay open, and children, which stay its own. So settings and program can change while nobody is turned away.
///
/// It travels as text in memory behind a descriptor, and a later version reads what an earlier one wrote: keys may be
/// added, and unknown ones are passed over.
package struct Handover: Equatable {
    struct Child: Equatable {
        var pid: pid_t
        var role: ChildRole
    }

    /// The socket that the service listens on.
    package var listener: Int32
    /// Where that is, in words.
    package var listen: String
    /// The path of a socket of our own, which goes with the service; nil for one that was handed over to it.
    package var socketPath: String?
    /// The lock that goes with such a path.
    package var lock: Int32?
    /// The program that wrote the shared page: another one may count differently.
    var program: String
    var page: Int32
    var lifeline: PipeEnds
    var children: [Child]

    private static let variable = "GLANCE_HANDOVER"
    private static let bytesMax = 1 << 20

    /// What was left to this process; nil where it was started anew. Each descriptor is closed on exec from here on.
    package static func take() throws(PosixError) -> Handover? {
        guard let value = getenv(variable).map({ String(cString: $0) }) else { return nil }
        unsetenv(variable)
        // One that another process inherited by accident is not meant for it.
        let parts = value.split(separator: ":")
        guard parts.count == 2, parts[0] == String(getpid()), let number = Int32(parts[1]) else { return nil }
        let file = FileDescriptor(owning: number)
        var text = [UInt8](repeating: 0, count: bytesMax)
        let count = pread(file.number, &text, text.count, 0)
        guard count > 0, let handover = Handover(text: String(decoding: text[..<count], as: UTF8.self)) else {
            throw PosixError("take over", "the service", code: EBADMSG)
        }
        handover.setClosesOnExec(true)
        return handover
    }

    /// The page, where `program` is the one that wrote it: another one may count otherwise, and starts a page of its own.
    package func takePage(of program: Program) throws(PosixError) -> SharedPage? {
        guard program.identity == self.program else {
            close(page)
            return nil
        }
        return try SharedPage(FileDescriptor(owning: page))
    }

    /// Becomes `program`, which takes this. Returns only where that was not possible, with the reason.
    package func become(_ program: String, arguments: [String]) -> PosixError {
        let number: Int32
        do throws(PosixError) {
            let file = try makeMemoryFile("glance-handover")
            try file.writeAll(Array(text.utf8))
            number = file.release()
        } catch {
            return error
        }
        _ = fcntl(number, F_SETFD, 0)
        setenv(Self.variable, "\(getpid()):\(number)", 1)
        setClosesOnExec(false)
        var argv: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
        defer { for text in argv { free(text) } }
        execv(program, &argv)
        let error = PosixError("start", program)
        close(number)
        unsetenv(Self.variable)
        // Else every child would hold the lifeline's other end, and none would notice our own.
        setClosesOnExec(true)
        return error
    }

    private func setClosesOnExec(_ closes: Bool) {
        for number in [listener, lock, page, lifeline.reading, lifeline.writing].compactMap(\.self) {
            _ = fcntl(number, F_SETFD, closes ? FD_CLOEXEC : 0)
        }
    }
}

extension Handover {
    var text: String {
        var lines = [
            "listener \(listener)", "listen \(listen)", "program \(program)", "page \(page)",
            "lifeline \(lifeline.reading) \(lifeline.writing)",
        ]
        if let lock { lines.append("lock \(lock)") }
        if let socketPath { lines.append("socket \(socketPath)") }
        lines += children.map { "child \($0.pid) \($0.role.name)" }
        return lines.map { "\($0)\n" }.joined()
    }

    init?(text: String) {
        var values: [Substring: Substring] = [:]
        children = []
        for line in text.split(separator: "\n") {
            let halves = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
            guard halves.count == 2 else { return nil }
            guard halves[0] == "child" else {
                values[halves[0]] = halves[1]
                continue
            }
            let child = halves[1].split(separator: " ", maxSplits: 1)
            guard child.count == 2, let pid = pid_t(child[0]), let role = ChildRole(name: child[1]) else { return nil }
            children.append(Child(pid: pid, role: role))
        }
        let ends = (values["lifeline"] ?? "").split(separator: " ").compactMap { Int32($0) }
        guard ends.count == 2, let listener = values["listener"].flatMap({ Int32($0) }),
            let page = values["page"].flatMap({ Int32($0) }), let listen = values["listen"],
            let program = values["program"]
        else { return nil }
        self.listener = listener
        self.page = page
        self.listen = String(listen)
        self.program = String(program)
        lifeline = PipeEnds(reading: ends[0], writing: ends[1])
        lock = values["lock"].flatMap { Int32($0) }
        socketPath = values["socket"].map(String.init)
    }
}
