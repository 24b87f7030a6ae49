import Bytes
import GlanceModel
import GlanceRegistry
import GlanceStores
import GlanceUpkeep
import Glibc

/// `glance-api backup DIR`, while the service runs: first the registry, as it is at one moment, then the images that it
/// names. The new registry takes the place of the last backup's when everything in it has its bytes; then what no longer
/// belongs to it goes. So whenever it ends, DIR has one whole backup.
struct BackupCommand {
    private let settings: Settings
    private let directory: BackupDirectory
    private let verifies: Bool

    static let flags = ["--verify"]

    init(_ settings: Settings, directory: String, flags: [String]) {
        self.settings = settings
        self.directory = BackupDirectory(path: directory)
        verifies = flags.contains("--verify")
    }

    /// 0 where every image of the backup has its bytes.
    func run() throws -> Int32 {
        umask(0o077)
        let assembly = Assembly(settings)
        guard case .sqlite(let path) = settings.registry else {
            throw BackupError.noFile(settings.registry.description)
        }
        let live = try assembly.lookedAfter()
        let site = try live.siteID()
        let lock = try directory.take()
        defer { withExtendedLifetime(lock) {} }
        let kept = try directory.store(site: site)
        try directory.dropDraft()
        try SQLiteRegistry.copy(
            path, to: directory.draft, busySecondsMax: settings.registryBusySecondsMax)
        let isWhole = try fill(kept, assembly, live)
        try directory.publish()
        return try finish(kept) && isWhole ? 0 : 1
    }

    private func fill(_ kept: FileStore, _ assembly: Assembly, _ live: any ImageRegistry) throws -> Bool {
        let copy = try directory.open(directory.draft, site: live.siteID())
        let defects = try copy.defects()
        guard defects.isEmpty else {
            throw Failure.registryAway(reason: "the copy is damaged: \(defects.joined(separator: "; "))")
        }
        guard settings.stores.contains(StoreName.file.text) else { return true }
        let source = try assembly.fileStore()
        try source.open(site: live.siteID(), holdsImages: true)
        let tally = try ImageCopier(
            registry: copy, from: source, to: kept,
            link: { location throws(Failure) in try source.link(location, into: kept) },
            isWanted: { id, location throws(Failure) in
                let record = try live.record(id)
                return record?.image.status == .available && record?.location == location
            }
        ).run()
        write(tally)
        let elsewhere = try copy.census().images.filter { $0.store != .file && $0.status == .available }
        for count in elsewhere {
            print(
                "\(count.images) images are in the store \(count.store), and not in this backup: see docs/operations.md"
            )
        }
        return tally.failures.isEmpty
    }

    private func write(_ tally: ImageCopier.Tally) {
        for (id, text) in tally.failures { print("image \(id): \(text)") }
        print(
            """
            \(tally.images) images: \(tally.kept) were there, \(tally.linked) linked, \(tally.copied) copied \
            (\(tally.bytesCopied) bytes), \(tally.deleted) deleted meanwhile, \(tally.failures.count) damaged
            """)
    }

    /// Compares what is there now in both directions, and removes what belonged to the last backup alone.
    private func finish(_ kept: FileStore) throws -> Bool {
        let registry = try SQLiteRegistry(path: directory.registry, busySecondsMax: settings.registryBusySecondsMax)
        var options = Fsck.Options(ageSecondsMin: 0)
        (options.deletes, options.verifies) = (true, verifies)
        var isWhole = true
        // Removed where it should be: of the time before, and no news.
        let tally = try Fsck(registry: registry, options: options, now: { Timestamp(seconds: .max) }).check(kept) {
            guard !$0.isMended else { return }
            isWhole = false
            print("image \($0.image?.text ?? $0.location.text): \($0.text)")
        }
        print("\(directory.path): \(tally.images) images of \(tally.imageBytes) bytes\(verifies ? ", all read" : "")")
        return isWhole
    }
}

/// What a backup is made of: `registry.sqlite` and `images`, as a site has them.
struct BackupDirectory {
    let path: String
    var registry: String { "\(path)/registry.sqlite" }
    var draft: String { "\(path)/registry.sqlite.new" }

    /// Makes the directory, and keeps others out of it.
    func take() throws -> FileDescriptor {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw PosixError("mkdir", path) }
        let lock = try FileDescriptor(opening: "\(path)/.lock", flags: O_RDWR | O_CREAT, mode: 0o600)
        guard flock(lock.number, LOCK_EX | LOCK_NB) == 0 else { throw PosixError("lock", "\(path)/.lock") }
        return lock
    }

    /// The images of this backup. Throws where they are of another site.
    func store(site: String) throws -> FileStore {
        let store = try FileStore(FileStore.Settings(directory: "\(path)/images", gatewayPrefix: "", freeBytesMin: 0))
        try store.open(site: site, holdsImages: access(registry, F_OK) == 0)
        return store
    }

    /// What a backup that was broken off has left.
    func dropDraft() throws(PosixError) {
        for name in [draft, "\(draft)-wal", "\(draft)-shm"] where unlink(name) != 0 && errno != ENOENT {
            throw PosixError("unlink", name)
        }
    }

    func open(_ path: String, site: String) throws -> SQLiteRegistry {
        try SQLiteRegistry.prepare(path: path, busySecondsMax: 10, newSite: site)
        return try SQLiteRegistry(path: path, busySecondsMax: 10)
    }

    /// Everything that the draft names is on the disk before it gets its name.
    func publish() throws(PosixError) {
        sync()
        guard rename(draft, registry) == 0 else { throw PosixError("rename", draft) }
        try FileDescriptor(opening: path, flags: O_RDONLY | O_DIRECTORY).synchronize()
    }
}

/// Why there can be no backup, or none can be restored.
enum BackupError: Error, CustomStringConvertible {
    case noFile(String)
    case noBackup(String)
    case hasImages(String)
    case inUse(String)
    case damaged(String, [String])

    var description: String {
        switch self {
        case .noFile(let registry):
            "the registry is \(registry), which has its own way of being copied: see docs/operations.md, “Backup”"
        case .noBackup(let path): "\(path) has no registry.sqlite: it is no backup that glance-api backup has made"
        case .hasImages(let path):
            "\(path) has images: a backup is restored where there are none; move it and the images away first"
        case .inUse(let path): "\(path) is in use: stop glance-api first"
        case .damaged(let path, let defects): "\(path) is damaged: \(defects.joined(separator: "; "))"
        }
    }
}
