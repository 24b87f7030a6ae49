import Bytes
import GlanceModel
import GlanceUpkeep
import Glibc
import Testing

@testable import GlanceRegistry
@testable import GlanceStores

/// Images brought from one store into another, by what a copy of the registry names.
@Suite(.scratchDirectory) struct ImageCopierTests {
    private let registry: any UpkeepRegistry
    private let source = MemoryStore()
    private let target = MemoryStore()

    init() throws {
        registry = try RegistryKind.sqlite.openDatabase()
    }

    private func add(_ id: String, _ bytes: [UInt8], holding held: [UInt8]?) throws {
        let location = source.location(named: id, for: 0)
        let lease = Lease(name: id, bytes: StoredBytes(store: .file, location: location), size: 0, seconds: 3600)
        var image = try registry.reserve(.made(id: id), lease: lease)
        (image.status, image.size, image.sha256) = (.available, Int64(bytes.count), SHA256Digest(digest(of: bytes)))
        if let held { try keep(held, in: source, at: location) }
        try #require(try registry.commit(image, lease: lease))
    }

    private func run(isWanted: Bool = true) throws -> ImageCopier.Tally {
        try ImageCopier(
            registry: registry, from: source, to: target, link: { _ throws(Failure) in false },
            isWanted: { _, _ throws(Failure) in isWanted }
        ).run()
    }

    @Test func `every image is copied once`() throws {
        for id in ["a", "b", "c"] { try add(id, [UInt8](id.utf8), holding: [UInt8](id.utf8)) }

        let first = try run()
        let second = try run()

        #expect((first.copied, first.kept, first.bytesCopied) == (3, 0, 3))
        #expect((second.copied, second.kept, second.bytesCopied) == (0, 3, 0))
        #expect(try read(target, Location("memory/b")) == [UInt8]("b".utf8))
    }

    @Test func `an image that was deleted meanwhile is deleted in the copy`() throws {
        try add("gone", [1, 2], holding: nil)
        try add("there", [3], holding: [3])

        let tally = try run(isWanted: false)

        #expect(tally.deleted == 1)
        #expect(tally.failures.isEmpty)
        #expect(try registry.found(ImageID("gone")!).image.status == .deleted)
        #expect(try registry.found(ImageID("there")!).image.status == .available)
    }

    @Test func `an image that is wanted, and missing or rotten, is named and marked, and its bytes are not taken`()
        throws
    {
        try add("missing", [1, 2], holding: nil)
        try add("rotten", [3, 4], holding: [3, 5])
        try add("short", [3, 4], holding: [3])

        let tally = try run()

        #expect(Set(tally.failures.map(\.id.text)) == ["missing", "rotten", "short"])
        for id in ["missing", "rotten", "short"] { #expect(try registry.found(ImageID(id)!).damage != nil) }
        #expect(target.locations == [])
    }

    @Test(arguments: [MemoryStore.Step.create, .write, .finish, .commit])
    func `what the target cannot do is no image's fault, and ends it`(step: MemoryStore.Step) throws {
        try add("a", [1, 2, 3], holding: [1, 2, 3])
        target.fail(step, with: .storeAway(.file, reason: "write: Input/output error"))

        #expect(throws: Failure.storeAway(.file, reason: "write: Input/output error")) { try run() }
        #expect(try registry.found(ImageID("a")!).damage == nil)
        target.fail(step, with: nil)
        #expect(try run().copied == 1)
    }

    @Test func `an image that cannot be read is named, and the others are brought`() throws {
        for id in ["a", "b"] { try add(id, [UInt8](id.utf8), holding: [UInt8](id.utf8)) }
        source.lose(Location("memory/a"), with: .storeAway(.file, reason: "open: Permission denied"))

        let tally = try run()

        #expect(tally.failures.map(\.text) == ["open: Permission denied"])
        #expect(target.locations == [Location("memory/b")])
    }

    @Test func `a source that is away ends it, and marks nothing`() throws {
        try add("a", [1, 2, 3], holding: [1, 2, 3])
        source.leave()

        #expect(throws: Failure.self) { try run() }
        #expect(try registry.found(ImageID("a")!).damage == nil)
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give a file to another group"))
    func `what was copied out is copied back where the gateway could not read a link`() throws {
        let group: gid_t = 7
        let (home, away) = ("\(ScratchDirectory.path)/home", "\(ScratchDirectory.path)/away")
        func store(_ path: String, group: gid_t?) throws -> FileStore {
            let settings = FileStore.Settings(directory: path, gatewayPrefix: "", freeBytesMin: 0, groupID: group)
            let store = try FileStore(settings)
            try store.open(site: "site", holdsImages: false)
            return store
        }
        let (site, backup) = (try store(home, group: group), try store(away, group: nil))
        let location = site.location(named: "a1b2c3", for: 3)
        try keep([1, 2, 3], in: backup, at: location)

        #expect(try !backup.link(location, into: site))

        try keep([1, 2, 3], in: site, at: location)
        #expect(try status("\(home)/\(location.text)").st_gid == group)
        try backup.remove(location)
        #expect(try site.link(location, into: backup), "the other way nobody else reads it")
    }

    @Test func `what an earlier try has left half is replaced`() throws {
        try add("a", [1, 2, 3], holding: [1, 2, 3])
        try keep([1], in: target, at: Location("memory/a"))

        #expect(try run().copied == 1)
        #expect(try read(target, Location("memory/a")) == [1, 2, 3])
    }

    @Test func `a file is linked, and each of its names can go by itself`() throws {
        let directory = ScratchDirectory.path
        let stores = try ["one", "other"].map { name in
            let store = try FileStore(
                FileStore.Settings(directory: "\(directory)/\(name)", gatewayPrefix: "", freeBytesMin: 0))
            try store.open(site: "site", holdsImages: false)
            return store
        }
        let location = stores[0].location(named: "a1b2c3", for: 3)
        try keep([1, 2, 3], in: stores[0], at: location)

        #expect(try stores[0].link(location, into: stores[1]))
        #expect(try status("\(directory)/one/\(location.text)").st_nlink == 2)
        try stores[0].remove(location)

        #expect(try read(stores[1], location) == [1, 2, 3])
    }
}
