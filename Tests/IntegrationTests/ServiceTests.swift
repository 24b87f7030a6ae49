import Foundation
import Testing

/// The program by itself: how it gets its socket, and what it refuses to start with.
@Suite struct ServiceTests {
    @Test func `a socket that was handed over is served in place of the one in the settings`() throws {
        let (listener, port) = try listeningSocket()
        let service = try Service([], listening: listener)

        #expect(eventually { health(onPort: port)?.hasPrefix("Status: 200 OK\r\n") == true })
        #expect(!FileManager.default.fileExists(atPath: "\(service.directory)/socket"))
        #expect(service.stop() == 0)
    }

    @Test func `a TCP address serves as well as a Unix socket`() throws {
        let port = freePort()
        let service = try Service(["--listen", "tcp:127.0.0.1:\(port)"])

        #expect(eventually { health(onPort: port)?.hasSuffix("ok\n") == true })
        #expect(service.stop() == 0)
    }

    @Test(arguments: [SIGTERM, SIGINT])
    func `a signal to end lets the request in hand end first, and the exit status is 0`(signal: Int32) throws {
        let port = freePort()
        let service = try Service(["--listen", "tcp:127.0.0.1:\(port)"])
        #expect(eventually { health(onPort: port) != nil })
        let upload = try #require(Wire.connected(to: port))
        upload.send(
            scgiHead([
                "REQUEST_METHOD": "POST", "REQUEST_URI": "/images", "BODY_LENGTH": "10", "LISTENER": "public",
                "HTTP_X_IMAGE_META_NAME": "n", "HTTP_X_IMAGE_META_TYPE": "raw",
            ]) + "55555")
        let metrics = ["REQUEST_URI": "/metrics"]
        #expect(eventually { scgi(metrics, onPort: port)?.contains("\nglance_transfers_in_flight 1\n") == true })

        kill(service.pid, signal)
        #expect(eventually { service.log().contains("\"stopping\"") })
        upload.send("55555")

        #expect(upload.readAll().hasPrefix("Status: 200 "))
        #expect(service.exitStatus() == 0)
    }

    @Test func `a socket file that a killed service left behind is replaced`() throws {
        let killed = try Service([])
        let socket = "\(killed.directory)/socket"
        #expect(eventually { FileManager.default.fileExists(atPath: socket) })
        kill(killed.pid, SIGKILL)

        let next = try Service(["--listen", "unix:\(socket)"])

        #expect(eventually { next.log().contains("\"started janitor\"") })
        #expect(next.stop() == 0)
    }

    @Test func `a wrong setting stops the start with its place and status 78`() throws {
        let file = "\(NSTemporaryDirectory())/glance-conf-\(UUID().uuidString)"
        defer { unlink(file) }
        try "# settings\nworkers = several\n".write(toFile: file, atomically: true, encoding: .utf8)

        let output = try run(Service.program, ["--config", file])

        #expect(output.status == 78)
        #expect(output.errors.hasPrefix("glance-api: \(file):2: workers: "))
    }

    @Test func `a store that belongs to another registry is refused, and nothing is changed`() throws {
        let first = try Service([])
        #expect(eventually { first.log().contains("\"started janitor\"") })
        #expect(first.stop() == 0)
        let site = try String(contentsOfFile: "\(first.directory)/images/.glance-site", encoding: .utf8)
        let other = "sqlite://\(first.directory)/other.sqlite"

        let output = try run(Service.program, ["check"] + Service.options(first.directory) + ["--registry", other])

        #expect(output.status == 1)
        #expect(output.errors.contains("belongs to site"))
        #expect(try String(contentsOfFile: "\(first.directory)/images/.glance-site", encoding: .utf8) == site)
    }

    @Test func `an empty place where a store with images should be is refused`() throws {
        let directory = try Site.newDirectory()
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let check = ["check"] + Service.options(directory)
        #expect(try run(Service.program, check).status == 0)
        let image = """
            INSERT INTO images (id, is_generated, name, type, size, is_size_known, store, created_at, updated_at, status,
                is_public, owner, version) VALUES ('x', 0, 'x', 'raw', 1, 1, 'file', 0, 0, 'available', 0, '', 1)
            """
        #expect(try run("sqlite3", ["\(directory)/registry.sqlite", image]).status == 0)
        try FileManager.default.moveItem(atPath: "\(directory)/images", toPath: "\(directory)/unmounted")

        let output = try run(Service.program, check)

        #expect(output.status == 1)
        #expect(output.errors.contains("mounted"))
        #expect(!FileManager.default.fileExists(atPath: "\(directory)/images/.glance-site"))
    }

    @Test func `check says that all is well where it is`() throws {
        let directory = try Site.newDirectory()
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }

        let output = try run(Service.program, ["check"] + Service.options(directory))

        #expect(output.status == 0)
        #expect(output.text.hasPrefix("All is well"))
    }
}
