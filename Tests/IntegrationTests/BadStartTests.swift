import Foundation
import Testing

/// Starts that cannot be: one line says why and what to do, and nothing is changed.
@Suite struct BadStartTests {
    private let directory: String

    init() throws {
        directory = try Site.newDirectory()
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    /// What a start says that was refused with `status` and has changed nothing.
    private func refused(_ options: [String], status: Int32) throws -> String {
        let before = try content()
        let isConfigured = options.contains("--config")
        let output = try run(Service.program, Service.options(directory).dropFirst(isConfigured ? 2 : 0) + options)
        defer { try? FileManager.default.removeItem(atPath: directory) }

        #expect(output.status == status, "\(output.errors)")
        #expect(output.errors.hasPrefix("glance-api: "))
        #expect(output.errors.split(separator: "\n").count == 1, "\(output.errors)")
        #expect(try content() == before)
        return output.errors
    }

    /// Every file but the lock of the socket, with what is in it.
    private func content() throws -> [String: Data?] {
        let paths = try FileManager.default.subpathsOfDirectory(atPath: directory).filter { $0 != "socket.lock" }
        return Dictionary(
            uniqueKeysWithValues: paths.map { ($0, FileManager.default.contents(atPath: "\(directory)/\($0)")) })
    }

    @Test func `a configuration that is not there`() throws {
        let said = try refused(["--config", "/nowhere/glance-api.conf"], status: 78)

        #expect(said.contains("/nowhere/glance-api.conf: the configuration file cannot be read: "))
    }

    @Test func `a configuration that cannot be read`() throws {
        #expect(try refused(["--config", directory], status: 78).contains("\(directory): the configuration file"))
    }

    @Test(
        .enabled(if: geteuid() == 0, "only root can be somebody else"),
        arguments: ["glance-api.conf", "registry.sqlite"])
    func `a file that an ordinary user may not read`(name: String) throws {
        let path = "\(directory)/\(name)"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try Data("\n".utf8).write(to: URL(filePath: path))
        for (file, mode) in [(directory, mode_t(0o755)), (path, 0)] {
            #expect(chown(file, 65534, 65534) == 0 && chmod(file, mode) == 0)
        }
        let isConfiguration = name == "glance-api.conf"
        let options = isConfiguration ? ["--config", path] : Service.options(directory)

        let output = try run(
            "setpriv", ["--reuid", "65534", "--regid", "65534", "--clear-groups", Service.program] + options)

        #expect(output.status == (isConfiguration ? 78 : 1), "\(output.errors)")
        #expect(output.errors.split(separator: "\n").count == 1, "\(output.errors)")
        #expect(output.errors.contains(isConfiguration ? "Permission denied" : "registry"), "\(output.errors)")
        #expect(try Set(content().keys) == [name])
    }

    @Test func `a group that this host does not have`() throws {
        #expect(try refused(["--group", "nobodys-group"], status: 78).contains("there is no group “nobodys-group”"))
    }

    @Test func `a port that another program has`() throws {
        let (listener, port) = try listeningSocket()
        defer { close(listener) }

        let said = try refused(["--listen", "tcp:127.0.0.1:\(port)"], status: 1)

        #expect(said.contains("another program listens on tcp:127.0.0.1:\(port): stop it first"))
    }

    @Test func `a socket in a directory that is not there`() throws {
        let said = try refused(["--listen", "unix:\(directory)/none/socket"], status: 1)

        #expect(said.contains("\(directory)/none/socket"))
        #expect(said.contains("make its directory"))
    }

    @Test func `a registry in a directory that is not there`() throws {
        let said = try refused(["--registry", "sqlite://\(directory)/none/registry.sqlite"], status: 1)

        #expect(said.contains("registry"))
    }

    @Test func `a registry that is none`() throws {
        try Data("this is a text\n".utf8).write(to: URL(filePath: "\(directory)/registry.sqlite"))

        #expect(try refused([], status: 1).contains("registry"))
    }

    @Test func `a store whose registry is lost`() throws {
        try FileManager.default.createDirectory(atPath: "\(directory)/images", withIntermediateDirectories: true)
        try Data("the-site\n".utf8).write(to: URL(filePath: "\(directory)/images/.glance-site"))

        let said = try refused([], status: 1)

        #expect(said.contains("belongs to site the-site"))
        #expect(said.contains("restore it from a backup"))
    }

    @Test(.enabled(if: geteuid() == 0, "only root can mount a file system that is full"))
    func `a disk that is full`() throws {
        let disk = "\(directory)/disk"
        try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
        let script = """
            mount -t tmpfs -o size=16k tmpfs "$0" && { cat /dev/zero > "$0/zeros" || true; } 2>/dev/null
            "$@"; status=$?
            find "$0" -size +0 -type f; exit $status
            """
        let start = [Service.program] + Service.options(disk) + ["--listen", "unix:\(directory)/socket"]

        let output = try run("unshare", ["--mount", "sh", "-c", script, disk] + start)

        #expect(output.status == 1)
        #expect(output.errors.split(separator: "\n").count == 1, "\(output.errors)")
        #expect(output.errors.contains("full") || output.errors.contains("room"), "\(output.errors)")
        #expect(output.text == "\(disk)/zeros\n")
        try? FileManager.default.removeItem(atPath: directory)
    }
}
