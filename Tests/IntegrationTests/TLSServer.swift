import Bytes
import Foundation
import Sockets
import TLS
import Testing

/// An `openssl s_server` on a free port of loopback, for one client. What the client sends comes out at `inside`, and what
/// is written there goes to the client; a line that begins with a letter may be a command to `s_server` instead.
final class TLSServer {
    private(set) var port: UInt16 = 0
    let inside: Connection
    let pid: pid_t
    private var isRunning = true

    init(_ certificate: Certificate, _ options: [String] = []) throws {
        var ends: [Int32] = [-1, -1]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0)
        inside = Connection(owning: ends[0], idleSeconds: 20)
        defer { close(ends[1]) }
        let arguments = ["s_server", "-accept", "127.0.0.1:0", "-cert", certificate.file, "-key", certificate.key]
        pid = try Self.start(["/usr/bin/env", "openssl"] + arguments + options, standardStreams: ends[1])
        port = try #require(
            Self.line(beginning: "ACCEPT ", of: inside).split(separator: ":").last.flatMap { UInt16($0) })
    }

    deinit {
        kill()
    }

    /// Ends it in the middle of whatever it does.
    func kill() {
        guard isRunning else { return }
        isRunning = false
        Glibc.kill(pid, SIGKILL)
        var status: Int32 = 0
        waitpid(pid, &status, 0)
    }

    /// A connection to it, which it knows of too.
    func connected(trusting certificate: Certificate, host: String = "localhost") throws -> TLSConnection {
        let connection = try tlsConnection(toPort: port, host: host, trusting: certificate)
        _ = try Self.line(beginning: "Secure Renegotiation IS", of: inside)
        return connection
    }

    /// What it prints next of itself.
    func nextLine() throws -> String { try Self.line(beginning: "", of: inside) }

    private static func start(_ command: [String], standardStreams number: Int32) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for stream in 0...1 { posix_spawn_file_actions_adddup2(&actions, number, Int32(stream)) }
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        var argv: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
        defer { for text in argv { free(text) } }
        var pid = pid_t()
        try #require(posix_spawn(&pid, command[0], &actions, nil, &argv, environ) == 0)
        return pid
    }

    /// The first line that begins so, of what the server prints of itself.
    private static func line(beginning start: String, of output: Connection) throws -> String {
        let byte = Chunk(count: 1)
        var line = ""
        while try output.read(into: byte.bytes) == 1 {
            guard byte.bytes[0] == UInt8(ascii: "\n") else {
                line.unicodeScalars.append(Unicode.Scalar(byte.bytes[0]))
                continue
            }
            if line.hasPrefix(start) { return line }
            line = ""
        }
        throw StreamError.closed
    }
}

/// Connects to loopback as if that were `host`.
func tlsConnection(toPort port: UInt16, host: String, trusting certificate: Certificate) throws -> TLSConnection {
    let context = try TLSContext(caFile: certificate.file)
    let connection = try Connection.connect(host: "127.0.0.1", port: port, secondsMax: 20)
    connection.idleSeconds = 20
    return try TLSConnection(over: connection, host: host, context: context)
}

/// A certificate that is signed by itself, and its key, in a directory that goes with it.
final class Certificate {
    private let directory: String
    var file: String { directory + "/certificate.pem" }
    var key: String { directory + "/key.pem" }

    /// `names` as in subjectAltName: `DNS:localhost`, `IP:127.0.0.1`.
    init(_ names: String = "DNS:localhost", days: Int = 2) throws {
        directory = try Site.newDirectory()
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem"
        try openssl("req -new -out request.pem -subj /CN=test -addext subjectAltName=\(names) \(key)")
        // Not by `req -x509`, which makes none that has expired.
        let names = "-copy_extensions copy"
        try openssl("x509 -req -in request.pem -key key.pem -days \(days) \(names) -out certificate.pem")
    }

    deinit {
        try? FileManager.default.removeItem(atPath: directory)
    }

    private func openssl(_ arguments: String) throws {
        let output = try run("openssl", arguments.split(separator: " ").map(String.init), in: directory)
        try #require(output.status == 0, "\(output.errors)")
    }
}
