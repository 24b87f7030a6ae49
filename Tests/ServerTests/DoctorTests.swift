import Foundation
import GlanceModel
import Keystone
import SQLite
import SettingsText
import Testing

@testable import glance_api

/// What the doctor says of a host, of registry and stores.
@Suite struct HostCheckTests {
    private let directory = NSTemporaryDirectory() + "glance-doctor-\(UUID().uuidString)"

    init() throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    private func settings(_ change: [String: String] = [:]) throws -> Settings {
        var sources = SettingsSources()
        let own = [
            "listen": "unix:\(directory)/s", "registry": "sqlite://\(directory)/registry.sqlite",
            "file_directory": "\(directory)/images", "free_bytes_min": "0",
        ]
        for (key, value) in own.merging(change, uniquingKeysWith: { $1 }) { try sources.take(key, value, from: key) }
        return try Settings(sources)
    }

    private func problems(_ findings: [DoctorFinding]) -> [String] {
        findings.filter { $0.level == .problem }.map(\.what)
    }

    @Test func `a host that has everything has no problem, before the first start and after it`() throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let assembly = Assembly(try settings())
        #expect(problems(HostCheck(assembly).findings + DataCheck(assembly).findings) == [])
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == [], "it makes nothing")

        try assembly.prepare()

        #expect(problems(HostCheck(assembly).findings + DataCheck(assembly).findings) == [])
        #expect(DataCheck(assembly).findings.allSatisfy { $0.level == .well })
    }

    @Test func `a directory that is missing, a group that is none and a full disk are problems`() throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }

        let missing = HostCheck(Assembly(try settings(["listen": "unix:\(directory)/none/s"]))).findings
        let group = HostCheck(Assembly(try settings(["group": "no-such-group"]))).findings
        let full = HostCheck(Assembly(try settings(["free_bytes_min": "9223372036854775807"]))).findings

        #expect(problems(missing) == ["the directory \(directory)/none is not there"])
        #expect(problems(group).count == 1)
        #expect(problems(group).first?.contains("no-such-group") == true)
        #expect(problems(full).first?.contains("bytes free") == true)
    }

    @Test func `what everybody may read is worth a warning`() throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let assembly = Assembly(try settings())
        try assembly.prepare()
        chmod("\(directory)/registry.sqlite", 0o644)

        let warnings = HostCheck(assembly).findings.filter { $0.level == .warning && $0.subject == "registry" }

        #expect(warnings.map(\.remedy) == ["chmod o-rwx \(directory)/registry.sqlite"])
    }

    @Test func `a store of another site and a registry that is none are problems`() throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let assembly = Assembly(try settings())
        try assembly.prepare()
        try "another\n".write(toFile: "\(directory)/images/.glance-site", atomically: true, encoding: .utf8)
        #expect(problems(DataCheck(assembly).findings).first?.contains("belongs to site another") == true)

        try "no database, and long enough to be looked at\n".write(
            toFile: "\(directory)/registry.sqlite", atomically: true, encoding: .utf8)
        #expect(problems(DataCheck(assembly).findings).count == 1)
    }

    @Test func `a lost registry is a problem, as it is for a start, and none is made in its place`() throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let assembly = Assembly(try settings())
        try assembly.prepare()
        for name in ["registry.sqlite", "registry.sqlite-wal", "registry.sqlite-shm"] {
            unlink("\(directory)/\(name)")
        }
        func remedies() -> [String] { DataCheck(assembly).findings.filter { $0.level == .problem }.map(\.remedy) }

        #expect(remedies().count == 1)
        #expect(remedies().first?.hasPrefix("glance-api restore DIR; “Lost registry” in ") == true)
        #expect(access("\(directory)/registry.sqlite", F_OK) != 0)
        // What a start leaves that found the disk full.
        #expect(FileManager.default.createFile(atPath: "\(directory)/registry.sqlite", contents: Data()))
        #expect(remedies().count == 1)
        #expect(throws: (any Error).self) { try assembly.prepare() }
    }

    @Test func `a store that is lost is a problem, and nothing is made in its place`() throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let assembly = Assembly(try settings())
        try assembly.prepare()
        try add("one", to: assembly)
        try FileManager.default.removeItem(atPath: "\(directory)/images")

        #expect(problems(DataCheck(assembly).findings).count == 1)
        #expect(access("\(directory)/images", F_OK) != 0)
    }

    /// An image as far as the registry knows it.
    private func add(_ id: String, store: StoreName = .file, to assembly: Assembly) throws {
        let lease = Lease(
            name: id, bytes: StoredBytes(store: store, location: Location("ab/cd/abcd\(id)")), size: 0, seconds: 60)
        let draft = ImageDraft(
            id: ImageID(id), name: try #require(ImageName(id)), type: .raw, size: 0, store: store, isPublic: true,
            properties: ImageProperties(), sha256: nil)
        let new = NewImage(draft, store: store, owner: "", createdAt: Timestamp(seconds: 1000))
        let registry = try assembly.registry()
        var image = try registry.reserve(new, lease: lease, within: nil)
        image.status = .available
        image.sha256 = SHA256Digest(String(repeating: "a", count: 64))
        try #require(try registry.commit(image, lease: lease))
    }

    @Test func `images of a store that is not offered are worth a warning`() throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let assembly = Assembly(try settings())
        try assembly.prepare()
        try add("away", store: .swift, to: assembly)

        let warnings = DataCheck(assembly).findings.filter { $0.level == .warning }

        #expect(warnings.map(\.what) == ["1 are in the store swift, which stores does not name"])
    }

    @Test func `damaged images and a backlog are told of`() throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let assembly = Assembly(try settings())
        try assembly.prepare()
        try add("torn", to: assembly)
        #expect(try assembly.lookedAfter().mark("torn", try #require(ImageID("torn")), at: Location("ab/cd/abcdtorn")))
        let lease = Lease(
            name: "l", bytes: StoredBytes(store: .file, location: Location("ab/cd/abcdl")), size: 0, seconds: -10)
        let draft = ImageDraft(
            id: nil, name: try #require(ImageName("n")), type: .raw, size: 0, store: .file, isPublic: true,
            properties: ImageProperties(), sha256: nil)
        let new = NewImage(draft, store: .file, owner: "", createdAt: Timestamp(seconds: 1000))
        _ = try assembly.registry().reserve(new, lease: lease, within: nil)

        let findings = DataCheck(assembly).findings

        #expect(problems(findings) == ["1 are marked as damaged"])
        #expect(findings.first { $0.subject == "janitor" }?.what.hasPrefix("1 leases are over") == true)
    }

    @Test(arguments: [(1, DoctorFinding.Level.warning, "glance-api backup"), (99, .problem, "install that version")])
    func `a schema that is older or newer is told of`(version: Int, level: DoctorFinding.Level, remedy: String) throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let assembly = Assembly(try settings())
        try assembly.prepare()
        let connection = try SQLiteConnection(path: "\(directory)/registry.sqlite", busySecondsMax: 1, create: false)
        try connection.execute("PRAGMA user_version = \(version)")

        let finding = try #require(DataCheck(assembly).findings.first { $0.level != .well })

        #expect(finding.level == level)
        #expect(finding.what.contains("has schema \(version)"))
        #expect(finding.remedy.contains(remedy))
    }

    @Test func `a Swift that nobody answers for is a problem, with a registry and before there is one`() throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let secrets = "\(directory)/swift"
        try "user = u\nkey = k\n".write(toFile: secrets, atomically: true, encoding: .utf8)
        let swift = [
            "stores": "file swift", "swift_auth_url": "http://127.0.0.1:1/auth/v1.0", "swift_credentials_file": secrets,
        ]
        let assembly = Assembly(try settings(swift))

        #expect(DataCheck(assembly).findings.filter { $0.level == .problem }.map(\.subject) == ["store swift"])
        try Assembly(try settings()).prepare()
        #expect(DataCheck(assembly).findings.filter { $0.level == .problem }.map(\.subject) == ["store swift"])
    }

    @Test func `a Keystone that nobody answers for is a problem`() throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let keystone = try #require(
            try settings(["identity": "nginx", "keystone_url": "http://127.0.0.1:1/v3"]).keystone)

        #expect(throws: KeystoneError.self) { try keystone.look() }
    }

    @Test func `a file of certificates that is none is missed where https is spoken`() throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let change = [
            "identity": "nginx", "keystone_url": "https://127.0.0.1:1/v3", "ca_file": "\(directory)/none.pem",
        ]

        #expect(problems(HostCheck(Assembly(try settings(change))).findings).first?.contains("none.pem") == true)
    }

    @Test func `wrong settings are the first problem and the last`() throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let status = DoctorCommand(flags: ["--json"], nginxFile: "/none").run {
            throw SettingsError(place: "x.conf:3", problem: "no such setting")
        }

        #expect(status == 1)
    }

    @Test func `a finding says what, why and what to do, as text and as JSON`() throws {
        let finding = DoctorFinding.problem("nginx", "a \"b\"", why: "c", remedy: "d")

        #expect(finding.text == "PROBLEM  nginx: a \"b\"\n         why: c\n         do:  d\n")
        let json = try JSONDecoder().decode([String: String].self, from: Data(finding.json.utf8))
        #expect(json == ["level": "problem", "subject": "nginx", "what": "a \"b\"", "why": "c", "remedy": "d"])
    }
}
