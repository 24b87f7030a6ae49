import Foundation
import Testing

/// A `glance-api` by itself, without nginx, in a directory of its own.
final class Service {
    static var program: String {
        ProcessInfo.processInfo.environment["GLANCE_BINARY"] ?? "\(Site.project)/.build/release/glance-api"
    }

    let directory: String
    private(set) var pid = pid_t()
    private let listener: Int32?

    /// `listening` is a socket that it inherits as its first descriptor, in the manner of systemd.
    init(_ options: [String], listening listener: Int32? = nil, environment: [String: String] = [:]) throws {
        directory = try Site.newDirectory()
        self.listener = listener
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let variables = environment.map { "\($0)='\($1)' " }.joined()
        let handOver = listener == nil ? variables : "\(variables)LISTEN_FDS=1 LISTEN_PID=$$ "
        // `sh` becomes the service, so that LISTEN_PID is the service's own.
        try start(
            "\(handOver)exec \"$0\" \"$@\" 2>\(directory)/log", [Self.program] + Self.options(directory) + options)
    }

    deinit {
        kill(pid, SIGKILL)
        var status: Int32 = 0
        waitpid(pid, &status, 0)
        if let listener { close(listener) }
        try? FileManager.default.removeItem(atPath: directory)
    }

    static func options(_ directory: String) -> [String] {
        [
            "--config", "/dev/null", "--listen", "unix:\(directory)/socket", "--registry",
            "sqlite://\(directory)/registry.sqlite",
            "--file-directory", "\(directory)/images",
        ]
    }

    func log() -> String {
        (try? String(contentsOfFile: "\(directory)/log", encoding: .utf8)) ?? ""
    }

    /// Sends TERM and gives the exit status; nil where the process did not end of itself.
    func stop() -> Int32? {
        kill(pid, SIGTERM)
        return exitStatus()
    }

    /// Nil where the process does not end of itself.
    func exitStatus() -> Int32? {
        var status: Int32 = 0
        guard eventually({ waitpid(pid, &status, WNOHANG) == pid }) else { return nil }
        return status & 0x7F == 0 ? status >> 8 : nil
    }

    private func start(_ script: String, _ arguments: [String]) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let listener { posix_spawn_file_actions_adddup2(&actions, listener, 3) }
        var argv: [UnsafeMutablePointer<CChar>?] = (["/bin/sh", "-c", script] + arguments).map { strdup($0) } + [nil]
        defer { for text in argv { free(text) } }
        try #require(posix_spawn(&pid, "/bin/sh", &actions, nil, &argv, environ) == 0)
    }
}

/// A listening socket on a free port of loopback.
func listeningSocket() throws -> (number: Int32, port: Int) {
    let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    let bound = withLoopbackAddress(0) { bind(number, $0, $1) }
    try #require(bound == 0 && listen(number, 16) == 0)
    return (number, boundPort(number))
}

/// What a service says to `GET /healthz` over SCGI on a TCP port; nil where nobody answers.
func health(onPort port: Int) -> String? {
    scgi(["REQUEST_URI": "/healthz"], onPort: port)
}

/// What it says to a request with these variables; nil where nobody answers.
func scgi(_ variables: [String: String], onPort port: Int) -> String? {
    guard let wire = Wire.connected(to: port), wire.send(scgiHead(variables)) else { return nil }
    let answer = wire.readAll()
    return answer.isEmpty ? nil : answer
}

/// The head of a request, as nginx writes it; without more it is an operator's.
func scgiHead(_ variables: [String: String]) -> String {
    let all = [
        "CONTENT_LENGTH": "0", "SCGI": "1", "REQUEST_METHOD": "GET", "LISTENER": "health", "BODY_LENGTH": "",
        "REQUEST_ID": "a-test", "REQUEST_SCHEME": "http", "SERVER_ADDR": "127.0.0.1", "SERVER_PORT": "9292",
        "HTTP_HOST": "127.0.0.1",
    ].merging(variables) { $1 }
    let block = all.map { "\($0)\0\($1)\0" }.joined()
    return "\(block.utf8.count):\(block),"
}

func withLoopbackAddress(_ port: Int, _ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    return withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            call($0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
}
