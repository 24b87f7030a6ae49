import Bytes
import Glibc

/// The program that this process runs, and that its children are.
package struct Program: Sendable {
    /// Where it was started from. An upgrade puts another file there.
    package let path: String
    /// Tells this file from the one that an upgrade puts in its place.
    let identity: String

    /// What children are started from, so that they are of the supervisor's own version, whatever lies at its path by then.
    static let image = "/proc/self/exe"
    private static let deletedMark = " (deleted)"

    package static func current() throws(PosixError) -> Program {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(image, &buffer, buffer.count)
        var status = stat()
        guard count > 0, stat(image, &status) == 0 else { throw PosixError("readlink", image) }
        var path = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        if path.hasSuffix(deletedMark) { path.removeLast(deletedMark.count) }
        return Program(
            path: path,
            identity: "\(status.st_dev):\(status.st_ino):\(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)")
    }
}
