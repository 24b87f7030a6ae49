import Foundation
import Synchronization
import Testing

/// One Glance behind its own nginx, started and stopped by the project's own scripts, on free ports in a directory of
/// its own.
final class Site: Sendable {
    /// The one with default settings that most tests share.
    static let shared = Result { try Site().leftToTheEnd() }

    static let project = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// Whether sites keep images in files unless they are told otherwise: `deploy/test --all` runs everything with the
    /// other store too.
    static let keepsFiles = ProcessInfo.processInfo.environment["GLANCE_TEST_STORE"] != "swift"
    /// Where records are unless sites are told otherwise; the same.
    private static let registry = ProcessInfo.processInfo.environment["GLANCE_TEST_REGISTRY"] ?? "sqlite"
    static let keepsRecordsInFile = registry == "sqlite"
    private static let store = keepsFiles ? [] : ["--store", "swift", "--set", "swift_segment_bytes=1000000"]

    let directory: String
    let port: Int
    let healthPort: Int
    /// What `deploy/up` was asked for.
    let options: [String]
    /// The glance-api that it runs, where it is not the one that all run.
    let program: String?
    /// False: somebody else started it and will stop it.
    private let isOurs: Bool

    var isSecure: Bool { options.contains("--tls") }
    var url: String { "\(isSecure ? "https" : "http")://127.0.0.1:\(port)" }

    init(_ options: [String] = [], program: String? = nil) throws {
        isOurs = true
        self.program = program
        directory = try Self.newDirectory()
        (port, healthPort) = (freePort(), freePort())
        let store = options.contains("--store") ? [] : Self.store
        let registry = options.contains("--registry") ? [] : ["--registry", Self.registry]
        self.options =
            ["--dir", directory, "--port", "\(port)", "--set", "health_port=\(healthPort)"] + store + registry + options
        let up = try up()
        try #require(up.status == 0, "deploy/up failed: \(up.text)\(up.errors)")
    }

    /// One that `deploy/up` has started already.
    init(runningIn directory: String) throws {
        isOurs = false
        program = nil
        self.directory = directory
        options = []
        let lines = try String(contentsOfFile: "\(directory)/options", encoding: .utf8).split(separator: "\n")
        func kept(_ name: String) throws -> Int {
            try #require(lines.first { $0.hasPrefix("\(name)=") }.flatMap { Int($0.dropFirst(name.count + 1)) })
        }
        port = try kept("port")
        healthPort = try kept("health_port")
    }

    deinit {
        guard isOurs else { return }
        _ = try? run("\(Self.project)/deploy/down", ["--dir", directory, "--purge"])
    }

    /// Changes a file below `etc`.
    func edit(_ file: String, _ change: (String) -> String) throws {
        let path = "\(directory)/etc/\(file)"
        try change(String(contentsOfFile: path, encoding: .utf8)).write(
            toFile: path, atomically: false, encoding: .utf8)
    }

    /// Does to one service by itself what `verb` says: start, stop or kill.
    func service(_ verb: String, _ name: String) throws {
        let output = try run("\(Self.project)/deploy/lib/service", [directory, verb, name])
        try #require(output.status == 0, "\(output.errors)")
    }

    /// Starts what does not run.
    func up() throws -> Output {
        let environment = program.map { ["GLANCE_BINARY": $0] } ?? [:]
        return try run("\(Self.project)/deploy/up", options, environment: environment)
    }

    /// A directory that is not there yet, below the one that `deploy/test` removes at its end.
    static func newDirectory() throws -> String {
        let root = ProcessInfo.processInfo.environment["GLANCE_TEST_DIRECTORY"] ?? "/tmp"
        return "\(root)/s-\(UUID().uuidString.prefix(8))"
    }

    /// Nobody is left to let go of what everybody shares.
    func leftToTheEnd() -> Site {
        let isFirst = sharedDirectories.withLock { directories in
            directories.append(directory)
            return directories.count == 1
        }
        if isFirst {
            atexit {
                for directory in sharedDirectories.withLock({ $0 }) {
                    _ = try? run("\(Site.project)/deploy/down", ["--dir", directory, "--purge"])
                }
            }
        }
        return self
    }

    // MARK: What it says of itself

    /// The number that `/metrics` gives for `name`.
    func metric(_ name: String) throws -> Int? {
        let text = try run("curl", ["-s", "http://127.0.0.1:\(healthPort)/metrics"]).text
        let line = text.split(separator: "\n").first { $0.hasPrefix("\(name) ") }
        return line.flatMap { Int($0.split(separator: " ")[1]) }
    }

    func log() throws -> String {
        try String(contentsOfFile: "\(directory)/log/glance-api.log", encoding: .utf8)
    }

    /// The lines of nginx's access log that have `mark`, once there is one: nginx writes it a moment after it has answered.
    func accessLines(with mark: String) throws -> [Substring] {
        var lines: [Substring] = []
        let isThere = try eventually {
            let text = try String(contentsOfFile: "\(directory)/log/nginx-access.log", encoding: .utf8)
            lines = text.split(separator: "\n").filter { $0.contains(mark) }
            return !lines.isEmpty
        }
        try #require(isThere, "nginx wrote no line with \(mark)")
        return lines
    }

    /// The files or objects of the store that hold an image or a part of one, named or not.
    func storedFiles() throws -> [String] {
        let own = options.firstIndex(of: "--store").map { options[$0 + 1] == "file" }
        guard own ?? Self.keepsFiles else { return try Cluster(of: self).objects("glance") }
        return try FileManager.default.subpathsOfDirectory(atPath: "\(directory)/data/images").filter { path in
            var isDirectory: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: "\(directory)/data/images/\(path)", isDirectory: &isDirectory)
            return !isDirectory.boolValue && !path.hasSuffix(".glance-site")
        }
    }

    // MARK: Its processes

    func processID(of service: String) throws -> pid_t {
        let text = try String(contentsOfFile: "\(directory)/run/\(service).pid", encoding: .utf8)
        return try #require(pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines)))
    }

    /// The processes that serve requests.
    func workers() throws -> [pid_t] {
        try children(of: processID(of: "glance-api")).filter { commandLine(of: $0).contains(" worker ") }
    }

    /// Has glance-api read its settings anew; returns when no worker with the old ones is left.
    func reload() throws {
        let old = try workers()
        try beginReload()
        try #require(eventually { old.allSatisfy { commandLine(of: $0).isEmpty } })
    }

    /// The same, and returns when new workers serve.
    func beginReload() throws {
        let reloads = try log().matches(of: /settings reloaded/).count
        kill(try processID(of: "glance-api"), SIGHUP)
        let isReloaded = try eventually { try log().matches(of: /settings reloaded/).count > reloads }
        let end = try log().suffix(1000)
        try #require(isReloaded, "\(end)")
    }
}

private let sharedDirectories = Mutex<[String]>([])

func children(of pid: pid_t) -> [pid_t] {
    let text = (try? String(contentsOfFile: "/proc/\(pid)/task/\(pid)/children", encoding: .utf8)) ?? ""
    return text.split(separator: " ").compactMap { pid_t($0) }
}

func commandLine(of pid: pid_t) -> String {
    let bytes = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") ?? Data()
    return String(decoding: bytes.map { $0 == 0 ? UInt8(ascii: " ") : $0 }, as: UTF8.self)
}

private let givenPorts = Mutex<Set<Int>>([])

/// A port of loopback that nobody listens on, and that no other test was given.
func freePort() -> Int {
    while true {
        let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(number) }
        _ = withLoopbackAddress(0) { bind(number, $0, $1) }
        let port = boundPort(number)
        if givenPorts.withLock({ $0.insert(port).inserted }) { return port }
    }
}

/// The port that the kernel gave to a socket.
func boundPort(_ number: Int32) -> Int {
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(number, $0, &length) }
    }
    return Int(UInt16(bigEndian: address.sin_port))
}
