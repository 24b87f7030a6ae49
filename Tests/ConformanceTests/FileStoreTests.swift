import Bytes
import FoundationEssentials
import GlanceModel
import GlanceStores
import Glibc
import Testing

/// What concerns files alone: where they are, who may read them, and what a full disk does.
@Suite(.scratchDirectory, .serialized) struct FileStoreTests {
    private let root = StoreKind.fileSettings().directory

    @Test(arguments: [true, false])
    func `files are for their owner and its group, below two levels of directories`(isNameless: Bool) throws {
        let store = try opened(StoreKind.fileSettings(usesNamelessFiles: isNameless))

        try keep(pattern(5), in: store, at: store.location(named: "a1b2c3", for: 5))

        #expect(try mode("\(root)/a1/b2/a1b2c3") == 0o640)
        let modes = try ["", "/a1", "/a1/b2"].map { try mode(root + $0) }
        #expect(modes == [0o750, 0o750, 0o750])
        #expect(try mode("\(root)/.glance-site") == 0o640)
    }

    @Test func `directories hand the gateway's group on to what is made in them`() throws {
        var settings = StoreKind.fileSettings()
        settings.groupID = getgid()
        let store = try opened(settings)

        try keep(pattern(5), in: store, at: store.location(named: "a1b2c3", for: 5))

        for directory in ["", "/a1", "/a1/b2"] { #expect(try mode(root + directory) == 0o2750, "\(directory)") }
        #expect(try status("\(root)/a1/b2/a1b2c3").st_gid == getgid())
    }

    @Test(arguments: [true, false])
    func `a file has the time that the gateway shows, and takes no more room than its bytes`(isNameless: Bool) throws {
        let store = try opened(StoreKind.fileSettings(usesNamelessFiles: isNameless))
        let location = store.location(named: "a1b2c3", for: 5)

        let upload = try store.create(at: location, size: 1 << 20, createdAt: Timestamp(seconds: 784_111_777))
        try write(pattern(5), into: upload)
        _ = try upload.finish()
        try upload.commit()

        #expect(try status("\(root)/a1/b2/a1b2c3").st_mtim.tv_sec == 784_111_777)
        #expect(try status("\(root)/a1/b2/a1b2c3").st_size == 5)
    }

    @Test func `the gateway finds a file below its own prefix`() throws {
        let store = try FileStore(StoreKind.fileSettings())

        #expect(store.gatewayPath(of: store.location(named: "a1b2c3", for: 5)) == "/_files/a1/b2/a1b2c3")
    }

    @Test func `an unfinished file has no name`() throws {
        let store = try opened(StoreKind.fileSettings())
        let upload = try store.create(
            at: store.location(named: "a1b2c3", for: 5), size: 5, createdAt: Timestamp(seconds: 0))

        #expect(try StoreKind.file.contents(store) == [])
        withExtendedLifetime(upload) {}
    }

    @Test func `where an unfinished file must have a name, its location tells it and takes it away`() throws {
        let store = try opened(StoreKind.fileSettings(usesNamelessFiles: false))
        let location = store.location(named: "a1b2c3", for: 5)
        let upload = try store.create(at: location, size: 5, createdAt: Timestamp(seconds: 0))
        #expect(try StoreKind.fileWithNames.contents(store) == ["a1/b2/.partial-a1b2c3"])

        // As a janitor does after a worker that died.
        try store.remove(location)

        #expect(try StoreKind.fileWithNames.contents(store) == [])
        _ = try upload.finish()
        #expect(throws: Failure.self) { try upload.commit() }
        #expect(throws: Failure.self) { try store.read(location, range: nil) }
    }

    @Test func `room that is to stay free is not given away`() throws {
        var settings = StoreKind.fileSettings()
        settings.freeBytesMin = .max
        let store = try opened(settings)

        #expect(throws: Failure.noSpace) { try store.checkRoom(for: 0) }
        #expect(throws: Failure.noSpace) { try store.checkRoom(for: .max) }
    }

    // A file system in memory says at once that it is too small, where one on a disk would be filled up first.
    @Test(.enabled(if: access("/dev/shm", W_OK) == 0), arguments: [true, false])
    func `a file that the disk has no room for is refused and leaves nothing`(isNameless: Bool) throws {
        var settings = StoreKind.fileSettings(usesNamelessFiles: isNameless)
        settings.directory = "/dev/shm/glance-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: settings.directory) }
        let store = try opened(settings)
        let location = store.location(named: "a1b2c3", for: 5)

        #expect(throws: Failure.noSpace) {
            try store.create(at: location, size: 1 << 50, createdAt: Timestamp(seconds: 0))
        }

        #expect(throws: Failure.self) { try store.read(location, range: nil) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(settings.directory)/a1/b2") == [])
        try keep(pattern(5), in: store, at: location)
    }

    @Test func `a directory that cannot be made is a store that is away`() throws {
        var settings = StoreKind.fileSettings()
        settings.directory = "\(ScratchDirectory.path)/no/parent"

        let failure = #expect(throws: Failure.self) { try FileStore(settings).open(site: "site", holdsImages: false) }

        #expect(
            failure == .storeAway(.file, reason: "mkdir \(settings.directory): No such file or directory"))
    }

    @Test func `a store that has vanished is away for all that is asked of it`() throws {
        let store = try opened(StoreKind.fileSettings())
        let location = store.location(named: "a1b2c3", for: 5)
        try FileManager.default.removeItem(atPath: root)

        let attempts: [() throws -> Void] = [
            { _ = try store.create(at: location, size: 5, createdAt: Timestamp(seconds: 0)) },
            { _ = try store.read(location, range: nil) }, { _ = try store.freeBytes() },
            { try store.checkRoom(for: 1) },
        ]
        for attempt in attempts {
            let failure = #expect(throws: Failure.self) { try attempt() }
            #expect(failure.map { if case .storeAway(.file, _) = $0 { true } else { false } } == true)
        }
    }

    @Test func `a store whose mark is gone is away`() throws {
        let store = try opened(StoreKind.fileSettings())
        try store.check()
        #expect(unlink("\(root)/.glance-site") == 0)

        let failure = #expect(throws: Failure.self) { try store.check() }

        guard case .storeAway(.file, let reason)? = failure else { return #expect(Bool(false), "it is there") }
        #expect(reason.contains("is it mounted?"))
    }

    @Test func `a link is not followed out of the store`() throws {
        let store = try opened(StoreKind.fileSettings())
        let location = store.location(named: "a1b2c3", for: 5)
        try keep(pattern(5), in: store, at: location)
        try Array("secret".utf8).write(to: "\(ScratchDirectory.path)/secret")
        try store.remove(location)
        #expect(symlink("\(ScratchDirectory.path)/secret", "\(root)/a1/b2/a1b2c3") == 0)

        #expect(throws: Failure.self) { try store.read(location, range: nil) }
        #expect(throws: Failure.self) { try keep(pattern(5), in: store, at: location) }
        try store.remove(location)
        #expect(access("\(ScratchDirectory.path)/secret", F_OK) == 0)
    }

    @Test(arguments: ["fifo", "directory", "link to a directory"])
    func `what is no file is not read, nobody waits for it, and no upload goes into it`(kind: String) throws {
        let store = try opened(StoreKind.fileSettings())
        let location = store.location(named: "a1b2c3", for: 5)
        let path = "\(root)/a1/b2/a1b2c3"
        try FileManager.default.createDirectory(atPath: "\(root)/a1/b2", withIntermediateDirectories: true)
        switch kind {
        case "fifo": #expect(mkfifo(path, 0o666) == 0)
        case "directory": #expect(mkdir(path, 0o777) == 0)
        default: #expect(symlink(ScratchDirectory.path, path) == 0)
        }

        #expect(throws: Failure.self) { try store.read(location, range: nil) }
        #expect(throws: Failure.self) { try keep(pattern(5), in: store, at: location) }
        try keep(pattern(5), in: store, at: store.location(named: "a1b2c4", for: 5))
    }

    @Test func `a store that every user may write to is refused, and says what to do`() throws {
        let settings = StoreKind.fileSettings()
        _ = try opened(settings)
        #expect(chmod(settings.directory, 0o777) == 0)

        let failure = #expect(throws: Failure.self) { try opened(settings) }

        guard case .storeForeign(.file, let reason)? = failure else { return #expect(Bool(false), "it is opened") }
        #expect(reason.contains("chmod o-w \(settings.directory)"))
    }

    @Test func `a mark that is a fifo or a link keeps nobody waiting`() throws {
        let settings = StoreKind.fileSettings()
        _ = try opened(settings)
        #expect(unlink("\(root)/.glance-site") == 0 && mkfifo("\(root)/.glance-site", 0o666) == 0)

        #expect(throws: Failure.self) { try opened(settings) }
    }

    private func opened(_ settings: FileStore.Settings) throws -> FileStore {
        let store = try FileStore(settings)
        try store.open(site: "site", holdsImages: false)
        return store
    }
}
