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
        file = try FileDescriptor(opening: path, flags: O_RDONLY | O_NOFOLLOW)
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
