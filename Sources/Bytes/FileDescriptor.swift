import Glibc

/// A POSIX file descriptor with exactly one owner: it is closed when the owner lets go of it.
package struct FileDescriptor: ~Copyable, Sendable {
    package let number: Int32

    package init(owning number: Int32) {
        self.number = number
    }

    deinit {
        _ = Glibc.close(number)
    }

    /// Opens `path`; the descriptor is not inherited by programs that are started later.
    package init(opening path: String, flags: Int32, mode: mode_t = 0) throws(PosixError) {
        number = Glibc.open(path, flags | O_CLOEXEC, mode)
        guard number >= 0 else { throw PosixError("open", path) }
    }

    /// Gives the number away: from here on the caller closes it.
    package consuming func release() -> Int32 {
        let given = number
        discard self
        return given
    }

    /// Writes every byte at the descriptor's own position, going on after signals and short writes.
    package borrowing func writeAll(_ bytes: UnsafeRawBufferPointer) throws(PosixError) {
        try Self.writeAll(bytes, to: number)
    }

    private static func writeAll(_ bytes: UnsafeRawBufferPointer, to number: Int32) throws(PosixError) {
        var rest = bytes
        while !rest.isEmpty {
            let count = Glibc.write(number, rest.baseAddress, rest.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw PosixError("write")
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    package borrowing func writeAll(_ bytes: [UInt8]) throws(PosixError) {
        let number = number
        try bytes.withUnsafeBufferPointer { buffer throws(PosixError) in
            try Self.writeAll(UnsafeRawBufferPointer(buffer), to: number)
        }
    }

    /// Makes everything that was written durable (fsync(2)). A failure is final: a second call would claim success.
    package borrowing func synchronize() throws(PosixError) {
        let number = number
        guard blocking({ fsync(number) }) == 0 else { throw PosixError("fsync") }
    }

    /// Opens a file that is there to be locked (flock(2)), or makes it; nil where somebody else still has it locked after
    /// `secondsMax`. It is unlocked when it is closed.
    package static func locked(_ path: String, mode: mode_t, secondsMax: Int) throws(PosixError) -> FileDescriptor? {
        let file = try FileDescriptor(opening: path, flags: O_RDWR | O_CREAT | O_NOFOLLOW, mode: mode)
        let number = file.number
        let end = ContinuousClock.now + .seconds(secondsMax)
        let isLocked = try blocking { () throws(PosixError) in
            while flock(number, LOCK_EX | LOCK_NB) != 0 {
                guard errno == EINTR || errno == EWOULDBLOCK else { throw PosixError("flock", path) }
                guard ContinuousClock.now < end else { return false }
                usleep(1000)
            }
            return true
        }
        guard isLocked else { return nil }
        return file
    }
}
