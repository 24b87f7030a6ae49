import Foundation
import Testing

/// What a running process asks of the kernel, and what it is told instead of the truth: strace(1), attached to it.
final class SystemCallTrace {
    /// False where there is no strace, or processes may not look into one another.
    static let isPermitted = (try? run("strace", ["-o", "/dev/null", "true"]).status) == 0

    private let strace = Process()
    private let file = "\(NSTemporaryDirectory())/glance-trace-\(UUID().uuidString)"

    /// Returns once all threads of `process` are traced.
    init(of process: pid_t, _ options: [String]) throws {
        strace.executableURL = URL(filePath: "/usr/bin/env")
        strace.arguments = ["strace", "-f", "-qq", "-y", "-o", file, "-p", "\(process)"] + options
        strace.standardError = FileHandle.nullDevice
        try strace.run()
        try #require(eventually { Self.isTraced(process) })
    }

    deinit {
        stop()
        unlink(file)
    }

    /// Lets the process go on by itself.
    func stop() {
        // What a thread of Dispatch starts takes no other signal.
        if strace.isRunning { kill(strace.processIdentifier, SIGKILL) }
        strace.waitUntilExit()
    }

    /// The calls of the thread that made one which begins with `text`, in their order; each as `name(arguments`.
    func calls(ofThreadThatDid text: String) throws -> [String] {
        let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").map {
            $0.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true).map(String.init)
        }
        let thread = lines.first { $0.count == 2 && $0[1].drop { $0 == " " }.hasPrefix(text) }?[0]
        return lines.filter { $0.count == 2 && $0[0] == thread }.map { String($0[1].drop { $0 == " " }) }
    }

    private static func isTraced(_ process: pid_t) -> Bool {
        let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task")) ?? []
        return !threads.isEmpty
            && threads.allSatisfy { thread in
                let status = try? String(contentsOfFile: "/proc/\(process)/task/\(thread)/status", encoding: .utf8)
                return status?.contains(/(?m)^TracerPid:\t[1-9]/) == true
            }
    }
}
