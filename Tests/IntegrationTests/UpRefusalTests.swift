import Foundation
import Testing

private let isRoot = geteuid() == 0
/// Whether a process can have mounts of its own here.
private let mayMount = (try? run("unshare", ["-m", "true"]).status) == 0

/// What keeps `deploy/up` from starting is one clear line, and found before anything is made.
@Suite struct UpRefusalTests {
    private let scripts: ProjectCopy

    init() throws {
        scripts = try ProjectCopy()
    }

    /// `prefix` is a command that runs `deploy/up` in its own way.
    private func refusal(
        _ prefix: [String] = [], directory: String? = nil, options: [String] = [], environment: [String: String] = [:],
        at place: SourceLocation = #_sourceLocation
    ) throws -> String {
        let directory = directory ?? newPath("glance-up")
        // Else there would be nothing to build.
        let unset = environment["GLANCE_BINARY"] == nil ? ["-u", "GLANCE_BINARY"] : []
        let up = ["\(scripts.path)/deploy/up", "--dir", directory, "--port", "\(freePort())"] + options

        let output = try run("env", unset + prefix + up, environment: environment)

        #expect(output.status == 1, sourceLocation: place)
        #expect(output.errors.split(separator: "\n").count == 1, "\(output.errors)", sourceLocation: place)
        let isLeft = FileManager.default.fileExists(atPath: directory)
        #expect(!isLeft, sourceLocation: place)
        if isLeft { try run("\(scripts.path)/deploy/down", ["--dir", directory, "--purge"]) }
        return output.errors
    }

    /// Runs what follows with a file system of 64 MB on `directory`, or an empty one in its place.
    private func mounting(_ directory: String) -> [String] {
        let script = """
            [ ! -d "$0" ] || mount -t tmpfs -o size=64m none "$0"; "$@"; status=$?
            [ -z "$(ls -A "$0" 2>&1)" ] || [ ! -d "$0" ] || echo "left in $0" >&2
            exit $status
            """
        return ["unshare", "-m", "sh", "-c", script, directory]
    }

    private var asNobody: [String] {
        isRoot ? ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"] : []
    }

    @Test(
        .enabled(if: mayMount, "a toolchain cannot be hidden here"),
        .enabled(if: !FileManager.default.fileExists(atPath: "/usr/bin/swift"), "the toolchain is among all programs"))
    func `no toolchain`() throws {
        let path = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").filter {
            !FileManager.default.fileExists(atPath: "\($0)/swift")
        }

        let refusal = try refusal(mounting("/opt/swift"), environment: ["PATH": path.joined(separator: ":")])

        #expect(refusal.contains("no Swift toolchain"))
    }

    @Test(.enabled(if: mayMount, "nothing can be mounted here"))
    func `no room for the data`() throws {
        let disk = try scripts.newDirectory("disk")

        let refusal = try refusal(mounting(disk), directory: "\(disk)/glance")

        #expect(refusal.contains("no space: 64 MB free in \(disk)/glance, at least 200 MB"))
    }

    @Test(.enabled(if: mayMount, "nothing can be mounted here"))
    func `no room for the build`() throws {
        let disk = try scripts.newDirectory(".build")

        let refusal = try refusal(mounting(disk))

        #expect(refusal.contains("no space: 64 MB free in \(disk), at least 500 MB"))
    }

    @Test func `a directory that this user may not write to`() throws {
        let refusal = try refusal(asNobody, directory: "/glance-up-\(UUID().uuidString)")

        #expect(refusal.contains("cannot be written by"))
        #expect(refusal.contains("--dir"))
    }

    @Test func `a package that this user cannot install`() throws {
        let programs = try scripts.programs(but: "curl")

        let refusal = try refusal(asNobody, environment: ["PATH": programs, "GLANCE_BINARY": "/usr/bin/true"])

        #expect(refusal.contains("missing packages; as root: apt-get install curl"))
    }

    @Test func `a health port that is taken`() throws {
        let taken = try Site.shared.get().healthPort

        let refusal = try refusal(options: ["--set", "health_port=\(taken)"])

        #expect(refusal.contains("port \(taken) is taken"))
        #expect(refusal.contains("--set health_port=N"))
    }
}

/// A path of nothing, that every user can reach.
private func newPath(_ name: String) -> String {
    URL(filePath: NSTemporaryDirectory()).appending(path: "\(name)-\(UUID().uuidString)").standardized.path
}

/// The scripts of this project as in a clean clone, where every user can read them: nothing is built there.
private final class ProjectCopy {
    let path = newPath("glance-project")

    init() throws {
        let copy = """
            mkdir -p "$1/Sources" && cp -r "$0/deploy" "$0/nginx" "$0/Package.swift" "$1" && chmod -R a+rX "$1"
            """
        try #require(try run("sh", ["-c", copy, Site.project, path]).status == 0)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    func newDirectory(_ name: String) throws -> String {
        let directory = "\(path)/\(name)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        return directory
    }

    /// A directory with every program but one.
    func programs(but missing: String) throws -> String {
        let directory = try newDirectory("bin")
        let link = "ln -s /usr/bin/* \"$0\" && rm \"$0/$1\" && chmod a+rx \"$0\""
        try #require(try run("sh", ["-c", link, directory, missing]).status == 0)
        return directory
    }
}
