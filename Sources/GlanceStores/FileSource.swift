import Bytes
import GlanceModel
import Glibc

/// A stored file, or a part of one, as a source.
final class FileSource: ByteSource {
    private let path: String
    private let file: FileDescriptor
    private var offset: Int64
    private var rest: Int64

    init(_ path: String, range: ByteRangeInStore?) throws(PosixError) {
        self.path = path
        // Whatever somebody put there: a link is not followed, and nobody waits for the other end of a fifo.
        file = try FileDescriptor(opening: path, flags: O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
        var status = stat()
        guard fstat(file.number, &status) == 0 else { throw PosixError("fstat", path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw PosixError("read", "\(path), which is no file", code: EINVAL)
        }
        offset = range?.offset ?? 0
        rest = range?.count ?? .max
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let count = pread(file.number, buffer.baseAddress, Int(clamping: min(Int64(buffer.count), rest)), off_t(offset))
        guard count >= 0 else { throw PosixError("read", path) }
        offset += Int64(count)
        rest -= Int64(count)
        return count
    }
}
