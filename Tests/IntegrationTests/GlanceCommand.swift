import Foundation
import Synchronization
import Testing

/// The command `glance` as it is shipped, for one server and with a home of its own.
struct GlanceCommand {
    static var program: String {
        ProcessInfo.processInfo.environment["GLANCE_CLIENT_BINARY"] ?? "\(Site.project)/.build/release/glance"
    }

    let directory: String
    let environment: [String: String]

    init(url: String) throws {
        directory = try Site.newDirectory()
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        environment = ["GLANCE_URL": url, "HOME": directory, "LC_ALL": "C.UTF-8"]
    }

    @discardableResult
    func callAsFunction(
        _ arguments: String..., input: Data = Data(), environment more: [String: String] = [:]
    ) throws -> Output {
        try run(
            Self.program, arguments, input: input, environment: environment.merging(more) { $1 }, in: directory)
    }

    /// A script in which `glance` is the command.
    func shell(
        _ script: String, program: [String] = ["bash", "-o", "pipefail", "-c"], environment more: [String: String] = [:]
    ) throws -> Output {
        let path = "\(URL(filePath: Self.program).deletingLastPathComponent().path):\(path)"
        let all = environment.merging(["PATH": path]) { $1 }.merging(more) { $1 }
        return try run(program[0], program.dropFirst() + [script], environment: all, in: directory)
    }

    /// Starts it, and does not wait for its end.
    func start(_ arguments: String...) throws -> StartedProgram {
        try StartedProgram([Self.program] + arguments, environment: environment, in: directory)
    }

    func file(_ name: String) -> Data? { FileManager.default.contents(atPath: "\(directory)/\(name)") }

    func write(_ text: String, to name: String, mode: mode_t = 0o600) throws {
        try Data(text.utf8).write(to: URL(filePath: "\(directory)/\(name)"))
        chmod("\(directory)/\(name)", mode)
    }

    private var path: String { ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin" }
}

/// A program that runs beside the test.
final class StartedProgram: Sendable {
    let pid: pid_t
    private let errorsPath: String

    fileprivate init(_ command: [String], environment: [String: String], in directory: String) throws {
        errorsPath = "\(directory)/errors-\(UUID().uuidString)"
        let words = ["/usr/bin/env", "-C", directory] + environment.map { "\($0)=\($1)" } + command
        var argv: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for text in argv { free(text) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for number: Int32 in [1, 2] {
            let path = number == 1 ? "/dev/null" : errorsPath
            posix_spawn_file_actions_addopen(&actions, number, path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        }
        var started = pid_t()
        try #require(posix_spawn(&started, "/usr/bin/env", &actions, nil, &argv, environ) == 0)
        pid = started
    }

    /// Waits for its end, up to some minutes; with the most bytes that it had resident (proc_pid_status(5), VmHWM).
    func waitWatchingMemory() throws -> (status: Int32, peakBytes: Int) {
        var (status, peak): (Int32, Int) = (0, 0)
        let hasEnded = eventually(within: 300) {
            let facts = (try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)) ?? ""
            let line = facts.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
            peak = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? peak
            return waitpid(pid, &status, WNOHANG) == pid
        }
        if !hasEnded { kill(pid, SIGKILL) }
        try #require(hasEnded, "it does not end")
        return (Self.shellStatus(status), peak * 1024)
    }

    var errors: String { (try? String(contentsOfFile: errorsPath, encoding: .utf8)) ?? "" }

    /// As a shell tells it: 128 and the signal that ended it.
    func wait() throws -> Int32 {
        var status: Int32 = 0
        try #require(eventually(within: 60) { waitpid(pid, &status, WNOHANG) == pid }, "it does not end")
        return Self.shellStatus(status)
    }

    private static func shellStatus(_ status: Int32) -> Int32 {
        status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
    }
}

/// A value that one thread puts and others wait for.
final class Promised<Value: Sendable>: Sendable {
    private let value = Mutex<Value?>(nil)

    func put(_ new: Value) { value.withLock { $0 = new } }

    /// Nil where it does not come.
    func get() -> Value? {
        _ = eventually { value.withLock { $0 != nil } }
        return value.withLock { $0 }
    }
}
