import Bytes
import Digest
import GlanceModel
import Glibc

/// A file on its way in. It has no name until `commit`, so that nothing is left of it however this process ends; where the
/// file system cannot do that, it has a `.partial-` name that its location tells.
final class FileUpload: ImageUpload {
    /// How much is handed to the disk at a time while more comes in.
    private static let writebackBytes: Int64 = 8 << 20
    /// How much of that may be under way. Whoever sends faster than the disk writes waits here, where the lease is renewed,
    /// and not in the last sync, which is as short for an image of any size.
    private static let unwrittenBytesMax: Int64 = 32 << 20

    private let path: FilePath
    private let size: Int64
    private let createdAt: Timestamp
    private let file: FileDescriptor
    private let isNameless: Bool
    private let digest: StreamDigest
    private var written: Int64 = 0
    private var handedOver: Int64 = 0
    /// As far as this the disk has it.
    private var arrived: Int64 = 0
    private var isCommitted = false

    init(_ path: FilePath, size: Int64, createdAt: Timestamp, namelessly: Bool) throws(PosixError) {
        self.path = path
        self.size = size
        self.createdAt = createdAt
        do { digest = try StreamDigest(.sha256) } catch { throw PosixError("load libcrypto", code: ENOSYS) }
        if namelessly, let nameless = try Self.openNameless(in: path.directory) {
            file = FileDescriptor(owning: nameless)
            isNameless = true
        } else {
            file = try FileDescriptor(opening: path.partial, flags: O_WRONLY | O_CREAT | O_EXCL, mode: 0o640)
            isNameless = false
        }
        try reserve(size)
    }

    deinit {
        if !isNameless, !isCommitted { _ = unlink(path.partial) }
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
        digest.update(bytes)
        try spaceOrAway { () throws(PosixError) in try file.writeAll(bytes) }
        written += Int64(bytes.count)
        guard written - handedOver >= Self.writebackBytes else { return }
        LinuxCalls.startWriteback(file.number, from: handedOver, count: written - handedOver)
        handedOver = written
        try spaceOrAway { () throws(PosixError) in try awaitWriteback() }
    }

    /// What the disk says here it says once: the last sync would not tell again.
    private func awaitWriteback() throws(PosixError) {
        let end = handedOver - Self.unwrittenBytesMax
        guard end > arrived else { return }
        if let code = LinuxCalls.awaitWriteback(file.number, from: arrived, count: end - arrived),
            [EIO, ENOSPC, EDQUOT].contains(code)
        {
            throw PosixError("sync_file_range", path.file, code: code)
        }
        arrived = end
    }

    func finish() throws(Failure) -> StoredContent {
        guard let sha256 = SHA256Digest(digest.finish()) else {
            throw .storeAway(.file, reason: "libcrypto gave no digest")
        }
        return StoredContent(size: written, sha256: sha256)
    }

    func commit() throws(Failure) {
        try spaceOrAway { () throws(PosixError) in
            // The room that was taken may be more than came.
            guard written == size || ftruncate(file.number, off_t(written)) == 0 else {
                throw PosixError("ftruncate", path.file)
            }
            // The gateway compares If-Modified-Since with the file's time.
            let time = timespec(tv_sec: Int(createdAt.seconds), tv_nsec: 0)
            guard futimens(file.number, [time, time]) == 0 else { throw PosixError("futimens", path.file) }
            try file.synchronize()
            try publish()
            for directory in path.directories.reversed() { try synchronizeDirectory(directory) }
        }
        isCommitted = true
    }

    /// Gives the file its name, which nothing else has: `link` overwrites nothing.
    private func publish() throws(PosixError) {
        if isNameless {
            let source = "/proc/self/fd/\(file.number)"
            guard linkat(AT_FDCWD, source, AT_FDCWD, path.file, AT_SYMLINK_FOLLOW) == 0 else {
                throw PosixError("linkat", path.file)
            }
        } else {
            guard link(path.partial, path.file) == 0 else { throw PosixError("link", path.file) }
            guard unlink(path.partial) == 0 else { throw PosixError("unlink", path.partial) }
        }
    }

    /// Takes the room for the whole file, so that a full disk is known before the first byte. A file system that cannot
    /// is no reason to refuse.
    private func reserve(_ size: Int64) throws(PosixError) {
        guard size > 0 else { return }
        if let code = LinuxCalls.reserve(file.number, bytes: size), [ENOSPC, EDQUOT, EFBIG].contains(code) {
            throw PosixError("fallocate", path.file, code: code)
        }
    }

    /// Nil where the file system has no O_TMPFILE.
    private static func openNameless(in directory: String) throws(PosixError) -> Int32? {
        let number = open(directory, LinuxCalls.temporaryFile | O_WRONLY | O_CLOEXEC, 0o640)
        if number >= 0 { return number }
        guard [EOPNOTSUPP, EISDIR, EINVAL].contains(errno) else { throw PosixError("open", directory) }
        return nil
    }
}
