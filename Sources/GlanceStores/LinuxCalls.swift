import Glibc

/// Calls and flags of Linux that the Glibc module does not import.
enum LinuxCalls {
    /// O_TMPFILE (open(2)).
    static let temporaryFile = 0o20_000_000 | O_DIRECTORY
    private static let syncRangeWaitBefore: UInt32 = 1
    private static let syncRangeWrite: UInt32 = 2

    private static let fallocate = unsafeBitCast(
        dlsym(nil, "fallocate"), to: (@convention(c) (Int32, Int32, off_t, off_t) -> Int32).self)
    private static let syncFileRange = unsafeBitCast(
        dlsym(nil, "sync_file_range"), to: (@convention(c) (Int32, off_t, off_t, UInt32) -> Int32).self)

    /// Allocates blocks for the first `bytes` bytes of a file, and makes it that long (fallocate(2)); the error number where that failed.
    static func reserve(_ descriptor: Int32, bytes: Int64) -> Int32? {
        fallocate(descriptor, 0, 0, off_t(bytes)) == 0 ? nil : errno
    }

    /// Asks the kernel to begin writing a part of a file to the disk, without waiting (sync_file_range(2)). Only the
    /// fsync at the end promises anything, so a failure here does not count.
    static func startWriteback(_ descriptor: Int32, from offset: Int64, count: Int64) {
        _ = syncFileRange(descriptor, off_t(offset), off_t(count), syncRangeWrite)
    }

    /// Waits until what was begun of a part is written; the error number where that failed.
    static func awaitWriteback(_ descriptor: Int32, from offset: Int64, count: Int64) -> Int32? {
        syncFileRange(descriptor, off_t(offset), off_t(count), syncRangeWaitBefore) == 0 ? nil : errno
    }
}
