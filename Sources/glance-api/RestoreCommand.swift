import Bytes
import GlanceModel
import GlanceRegistry
import GlanceStores
import GlanceUpkeep
import Glibc

/// `glance-api restore DIR`: makes a site of a backup, where there is none. First the images, then the registry that names
/// them; one that was broken off goes on when it is called again.
struct RestoreCommand {
    private let settings: Settings
    private let directory: BackupDirectory

    init(_ settings: Settings, directory: String) {
        self.settings = settings
        self.directory = BackupDirectory(path: directory)
    }

    /// 0 where every image has its bytes.
    func run() throws -> Int32 {
        guard access(directory.registry, F_OK) == 0 else { throw BackupError.noBackup(directory.path) }
        guard case .sqlite(let path) = settings.registry else {
            throw BackupError.noFile(settings.registry.description)
        }
        let assembly = Assembly(settings)
        try refuseImages(in: path)
        let lock = try keepClosed(path)
        defer { withExtendedLifetime(lock) {} }
        let draft = "\(path).restoring"
        for name in [draft, "\(draft)-wal", "\(draft)-shm"] { unlink(name) }
        try SQLiteRegistry.copy(directory.registry, to: draft, busySecondsMax: 10)
        let isWhole = try bring(assembly, draft)
        try publish(draft, as: path)
        return isWhole ? 0 : 1
    }

    /// A registry with records is somebody's.
    private func refuseImages(in path: String) throws {
        guard access(path, F_OK) == 0 else { return }
        guard try !SQLiteRegistry.hasRecords(path) else { throw BackupError.hasImages(path) }
        guard try !SQLiteRegistry.isInUse(path) else { throw BackupError.inUse(path) }
    }

    /// A service that has just been started does not have the registry open yet, but its socket is taken.
    private func keepClosed(_ path: String) throws -> FileDescriptor? {
        do {
            return try ServiceSocket.keepClosed(settings.listen)
        } catch is ServiceSocketError {
            throw BackupError.inUse(path)
        }
    }

    private func bring(_ assembly: Assembly, _ draft: String) throws -> Bool {
        let registry = try directory.open(draft, site: "")
        let site = try registry.siteID()
        let defects = try registry.defects()
        guard defects.isEmpty else { throw BackupError.damaged(directory.registry, defects) }
        let (backup, target) = (try directory.store(site: site), try assembly.fileStore())
        try free(target, for: site)
        try target.open(site: site, holdsImages: false)
        let tally = try ImageCopier(
            registry: registry, from: backup, to: target,
            link: { location throws(Failure) in try backup.link(location, into: target) }
        ).run()
        for (id, text) in tally.failures { print("image \(id): \(text)") }
        print(
            """
            \(tally.images) images: \(tally.kept) were there, \(tally.linked) linked, \(tally.copied) copied, \
            \(tally.failures.count) damaged
            """)
        return tally.failures.isEmpty
    }

    /// An image directory that was made for a new and empty site becomes this one's.
    private func free(_ target: FileStore, for site: String) throws {
        let mark = "\(settings.fileDirectory)/\(FileStore.siteFile)"
        guard access(mark, F_OK) == 0, try target.objects().next() == nil else { return }
        guard unlink(mark) == 0 else { throw PosixError("unlink", mark) }
    }

    private func publish(_ draft: String, as path: String) throws {
        sync()
        for name in ["-wal", "-shm"].map({ path + $0 }) { unlink(name) }
        guard rename(draft, path) == 0 else { throw PosixError("rename", draft) }
        let parent = path.split(separator: "/").dropLast().joined(separator: "/")
        try FileDescriptor(opening: "/\(parent)", flags: O_RDONLY | O_DIRECTORY).synchronize()
    }
}
