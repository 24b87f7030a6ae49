import Bytes

/// What identifies the bytes of a file.
public struct FileDigest: Equatable, Sendable {
    /// Bytes.
    public let size: Int64
    /// 64 hexadecimal digits.
    public let sha256: String
}

extension GlanceClient {
    /// Reads a file of this host, to be compared with an image's `size` and `sha256`. Throws `file` where it cannot be read.
    public static func digest(ofFile path: String, progress: Progress? = nil) throws(GlanceError) -> FileDigest {
        let file = try catchingFile { () throws(PosixError) in try LocalFile(reading: path) }
        let digest = try newDigest()
        let chunk = Chunk()
        var size: Int64 = 0
        while true {
            let count: Int
            do { count = try file.read(into: chunk.bytes) } catch { throw .file("\(error)") }
            guard count > 0 else { break }
            digest.update(UnsafeRawBufferPointer(rebasing: chunk.bytes[..<count]))
            size += Int64(count)
            progress?(size)
        }
        return FileDigest(size: size, sha256: digest.finish())
    }
}
