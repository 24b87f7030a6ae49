import Bytes
import Glibc

/// A file that is coming in: under a name of its own until it is whole. One process at a time has it (flock(2)).
final class PartFile {
    private(set) var length: Int64
    private let target: String
    private let path: String
    private let overwrites: Bool
    private let file: FileDescriptor

    /// Throws `file` where `target` is there and is not to be overwritten, or where another process is at it.
    init(of target: String, overwrites: Bool) throws(GlanceError) {
        self.target = target
        self.overwrites = overwrites
        path = target + ".part"
        if let there = Self.facts(target) {
            guard overwrites else { throw Self.exists(target) }
            guard there.st_mode & S_IFMT == S_IFREG else { throw .file("\(target) is no regular file") }
        }
        file = try Self.locked(path, of: target)
        length = Int64(lseek(file.number, 0, SEEK_END))
        guard length >= 0 else { throw .file("\(path) cannot be written on") }
    }

    /// Opens it. A part that is the target itself is what a kill left in the middle of `publish`, or a download that ended
    /// just now: whoever wrote on it would write into the target.
    private static func locked(_ path: String, of target: String) throws(GlanceError) -> FileDescriptor {
        for _ in 0..<attemptsMax {
            let file = try catchingFile { () throws(PosixError) in
                try FileDescriptor(opening: path, flags: O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o666)
            }
            guard flock(file.number, LOCK_EX | LOCK_NB) == 0 else { break }
            var opened = stat()
            guard fstat(file.number, &opened) == 0, opened.st_mode & S_IFMT == S_IFREG else {
                throw .file("\(path) is no regular file")
            }
            guard isSame(opened, facts(path)) else { continue }
            guard isSame(opened, facts(target)) else { return file }
            try catchingFile { () throws(PosixError) in
                guard unlink(path) == 0 else { throw PosixError("unlink", path) }
            }
        }
        throw .file("\(path) is being written by another download: wait for its end, or take another name")
    }

    private static let attemptsMax = 8

    private static func facts(_ path: String) -> stat? {
        var facts = stat()
        return lstat(path, &facts) == 0 ? facts : nil
    }

    private static func isSame(_ one: stat, _ other: stat?) -> Bool {
        one.st_dev == other?.st_dev && one.st_ino == other?.st_ino
    }

    private static func exists(_ target: String) -> GlanceError {
        .file("\(target) is there already: take another name, or say that it may be overwritten")
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws(GlanceError) {
        do throws(PosixError) {
            try file.writeAll(bytes)
        } catch {
            throw .file("\(path): \(String(cString: strerror(error.code))). What is there stays, to go on from")
        }
        length += Int64(bytes.count)
    }

    /// All that is there, in pieces, from its start.
    func readAll(_ body: (UnsafeRawBufferPointer) -> Void) throws(GlanceError) {
        let whole = try catchingFile { () throws(PosixError) in try LocalFile(reading: path) }
        let chunk = Chunk()
        while true {
            let count: Int
            do { count = try whole.read(into: chunk.bytes) } catch { throw .file("\(error)") }
            guard count > 0 else { return }
            body(UnsafeRawBufferPointer(rebasing: chunk.bytes[..<count]))
        }
    }

    /// Makes it empty.
    func truncate() throws(GlanceError) {
        guard ftruncate(file.number, 0) == 0, lseek(file.number, 0, SEEK_SET) == 0 else {
            throw .file(PosixError("truncate", path).description)
        }
        length = 0
    }

    /// Makes it durable, then gives it its name.
    func commit() throws(GlanceError) {
        try catchingFile { () throws(PosixError) in
            do throws(PosixError) {
                try file.synchronize()
            } catch {
                // Nobody knows what the disk has of it, and the next fsync would say that all is well.
                unlink(path)
                throw error
            }
            if overwrites {
                guard rename(path, target) == 0 else { throw PosixError("rename", path) }
            } else {
                try publish()
            }
            try synchronizeDirectory()
        }
    }

    /// Without overwriting what somebody else may have put there in the meantime.
    private func publish() throws(PosixError) {
        if link(path, target) == 0 {
            guard unlink(path) == 0 else { throw PosixError("unlink", path) }
            return
        }
        // A file system that knows no second names, as vfat.
        guard errno == EPERM || errno == EOPNOTSUPP, access(target, F_OK) != 0 else { throw PosixError("link", target) }
        guard rename(path, target) == 0 else { throw PosixError("rename", path) }
    }

    private func synchronizeDirectory() throws(PosixError) {
        let end = target.utf8.lastIndex(of: UInt8(ascii: "/"))
        let directory = end.map { $0 == target.startIndex ? "/" : String(target[..<$0]) } ?? "."
        try FileDescriptor(opening: directory, flags: O_RDONLY | O_DIRECTORY).synchronize()
    }
}
