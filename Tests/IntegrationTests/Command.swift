import Foundation
import Testing

/// What a program printed, and how it ended.
struct Output {
    let status: Int32
    let text: String
    let errors: String
}

/// Runs a program to its end, with `input` as its standard input. Not by Foundation's Process: that waits until every
/// service which the program has started is gone too.
@discardableResult
func run(
    _ program: String, _ arguments: [String], input: Data = Data(), environment: [String: String] = [:],
    in directory: String = "/"
) throws -> Output {
    let files = [try NamelessFile(input), try NamelessFile(), try NamelessFile()]
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (number, file) in files.enumerated() { posix_spawn_file_actions_adddup2(&actions, file.number, Int32(number)) }
    // Threads of Dispatch take no signals, and what they start would take none either.
    var (attributes, signals) = (posix_spawnattr_t(), sigset_t())
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    posix_spawnattr_setsigmask(&attributes, &signals)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    let settings = environment.map { "\($0)=\($1)" }
    let command = ["/usr/bin/env", "-C", directory] + settings + [program] + arguments
    var argv: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
    defer { for text in argv { free(text) } }

    var pid = pid_t()
    let code = posix_spawn(&pid, "/usr/bin/env", &actions, &attributes, &argv, environ)
    try #require(code == 0)
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0, errno == EINTR {}

    let signal = status & 0x7F
    return Output(status: signal == 0 ? status >> 8 & 0xFF : 128 + signal, text: files[1].text, errors: files[2].text)
}

/// A file that is gone when nobody has it open any more.
private final class NamelessFile {
    let number: Int32

    init(_ bytes: Data = Data()) throws {
        var name = Array("\(NSTemporaryDirectory())/glance-test-XXXXXX".utf8CString)
        number = mkstemp(&name)
        try #require(number >= 0)
        unlink(name)
        _ = fcntl(number, F_SETFD, FD_CLOEXEC)
        _ = bytes.withUnsafeBytes { pwrite(number, $0.baseAddress, $0.count, 0) }
    }

    deinit {
        close(number)
    }

    var text: String {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65536)
        while case let count = pread(number, &piece, piece.count, off_t(bytes.count)), count > 0 {
            bytes += piece[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// Asks again and again until `condition` holds; false when it did not within `seconds`.
func eventually(within seconds: Double = 20, _ condition: () throws -> Bool) rethrows -> Bool {
    let deadline = Date(timeIntervalSinceNow: seconds)
    repeat {
        if try condition() { return true }
        usleep(20_000)
    } while Date() < deadline
    return false
}
