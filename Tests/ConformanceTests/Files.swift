import Bytes
import Glibc

extension [UInt8] {
    func write(to path: String) throws {
        try FileDescriptor(opening: path, flags: O_WRONLY | O_CREAT | O_TRUNC, mode: 0o640).writeAll(self)
    }
}

/// Permission bits of a file or directory.
func mode(_ path: String) throws -> mode_t {
    try status(path).st_mode & 0o7777
}

func status(_ path: String) throws -> stat {
    var status = stat()
    guard stat(path, &status) == 0 else { throw PosixError("stat", path) }
    return status
}
