import Bytes
import Glibc

/// Where the data of an image come from.
public enum ImageSource: Sendable {
    /// A regular file: as many bytes as it has when it is opened. A pipe or a device: until it ends.
    case file(String)
    case bytes([UInt8])
    /// Fills the front of the buffer and returns how many bytes it put there; 0 at the end. `length` is how many come in
    /// all; nil: nobody knows, and they travel in chunks, which the server bounds apart.
    case stream(length: Int64?, read: @Sendable (UnsafeMutableRawBufferPointer) throws -> Int)

    /// Opens it. Called by the thread that reads it.
    func open() throws(GlanceError) -> OpenSource {
        switch self {
        case .bytes(let bytes):
            return OpenSource(length: Int64(bytes.count), bytes: MemorySource(bytes))
        case .stream(let length, let read):
            return OpenSource(length: length, bytes: ClosureSource(read))
        case .file(let path):
            let file = try catchingFile { () throws(PosixError) in try LocalFile(reading: path) }
            return OpenSource(length: file.length, bytes: file)
        }
    }
}

/// A source that is being read.
struct OpenSource {
    /// Nil where nobody knows.
    let length: Int64?
    let bytes: any ByteSource
}

private final class ClosureSource: ByteSource {
    private let body: (UnsafeMutableRawBufferPointer) throws -> Int

    init(_ body: @escaping (UnsafeMutableRawBufferPointer) throws -> Int) {
        self.body = body
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int { try body(buffer) }
}

/// A file of this host, read from its start.
final class LocalFile: ByteSource {
    /// Bytes of a regular file; nil of anything else.
    let length: Int64?
    private let path: String
    private let file: FileDescriptor

    init(reading path: String) throws(PosixError) {
        file = try FileDescriptor(opening: path, flags: O_RDONLY)
        var facts = stat()
        guard fstat(file.number, &facts) == 0 else { throw PosixError("open", path) }
        guard facts.st_mode & S_IFMT != S_IFDIR else { throw PosixError("open", path, code: EISDIR) }
        length = facts.st_mode & S_IFMT == S_IFREG ? Int64(facts.st_size) : nil
        self.path = path
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        while true {
            let count = Glibc.read(file.number, buffer.baseAddress, buffer.count)
            if count >= 0 { return count }
            guard errno == EINTR else { throw PosixError("read", path) }
        }
    }
}

func catchingFile<Value: ~Copyable>(_ body: () throws(PosixError) -> Value) throws(GlanceError) -> Value {
    do throws(PosixError) { return try body() } catch { throw .file(error.description) }
}
