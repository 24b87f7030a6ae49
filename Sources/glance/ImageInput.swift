import Bytes
import GlanceClient
import Glibc

/// The data of an image that are to be sent: a file, or what comes in on standard input or any other pipe. Their number is
/// always known before the first goes out; a pipe that nobody knows the size of is kept in a nameless file first.
final class ImageInput {
    let length: Int64
    /// The first bytes, by which its type may be known.
    let head: ArraySlice<UInt8>
    /// For people.
    let label: String
    private let reader: InputReader

    /// `size` is what the caller says that a pipe will bring; `watch` is told how the keeping goes.
    init(_ path: String, size: Int64?, temporaryDirectory: String, watch: TransferWatch) throws(CommandError) {
        label = path == "-" ? "standard input" : path
        let file: FileDescriptor
        do throws(PosixError) { file = try Self.open(path) } catch { throw .failed(error.description) }
        var facts = stat()
        guard fstat(file.number, &facts) == 0, facts.st_mode & S_IFMT != S_IFDIR else {
            throw .failed("\(label) is a directory: an image is one file")
        }
        if facts.st_mode & S_IFMT == S_IFREG {
            // Somebody may have read a part of it before.
            let position = Int64(max(0, lseek(file.number, 0, SEEK_CUR)))
            length = max(0, Int64(facts.st_size) - position)
            head = Self.head(of: file.number, at: position)
            reader = InputReader(file, length: length)
        } else if isatty(file.number) == 1 {
            throw .usage("\(label) is a terminal: give a file, or a pipe that brings the image")
        } else if let size {
            length = size
            let start = try Self.start(of: file.number, label)
            head = start
            reader = InputReader(file, length: size, start: start)
        } else {
            let kept = try Self.kept(file, label, temporaryDirectory, watch)
            length = Int64(lseek(kept.number, 0, SEEK_END))
            lseek(kept.number, 0, SEEK_SET)
            head = Self.head(of: kept.number, at: 0)
            reader = InputReader(kept, length: length)
        }
    }

    var source: ImageSource {
        .stream(length: length, read: reader.read)
    }

    private static func open(_ path: String) throws(PosixError) -> FileDescriptor {
        guard path == "-" else { return try FileDescriptor(opening: path, flags: O_RDONLY) }
        let copy = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
        guard copy >= 0 else { throw PosixError("read", "standard input") }
        return FileDescriptor(owning: copy)
    }

    private static func head(of number: Int32, at position: Int64) -> ArraySlice<UInt8> {
        var bytes = [UInt8](repeating: 0, count: guessBytes)
        let count = pread(number, &bytes, bytes.count, off_t(position))
        return bytes[..<max(0, count)]
    }

    /// As many of the first bytes of a pipe as it takes to know its type, or all there are.
    private static func start(of number: Int32, _ label: String) throws(CommandError) -> ArraySlice<UInt8> {
        var start: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while start.count < guessBytes {
            let count = Glibc.read(number, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .failed("\(PosixError("read", label))") }
            guard count > 0 else { break }
            start += piece[..<count]
        }
        return start[...]
    }

    private static func kept(
        _ pipe: borrowing FileDescriptor, _ label: String, _ directory: String, _ watch: TransferWatch
    ) throws(CommandError) -> FileDescriptor {
        let number = pipe.number
        return try watch.watch("reading \(label)", total: nil, advice: "Nothing was sent.") {
            told throws(CommandError) in
            do throws(PosixError) {
                let file = try namelessFile(in: directory)
                let chunk = Chunk()
                var bytes: Int64 = 0
                while true {
                    let count = Glibc.read(number, chunk.bytes.baseAddress, chunk.bytes.count)
                    if count < 0, errno == EINTR { continue }
                    guard count >= 0 else { throw PosixError("read", label) }
                    guard count > 0 else { return file }
                    try file.writeAll(UnsafeRawBufferPointer(rebasing: chunk.bytes[..<count]))
                    bytes += Int64(count)
                    told(bytes)
                }
            } catch {
                throw .failed(
                    "\(label) cannot be kept in \(directory): \(error): set TMPDIR to where there is room, or give --size, and nothing is kept"
                )
            }
        }
    }

    private static func namelessFile(in directory: String) throws(PosixError) -> FileDescriptor {
        var name = Array("\(directory)/glance-XXXXXX".utf8CString)
        let number = mkstemp(&name)
        guard number >= 0 else { throw PosixError("create a file", directory) }
        unlink(name)
        _ = fcntl(number, F_SETFD, FD_CLOEXEC)
        return FileDescriptor(owning: number)
    }
}

/// `@unchecked Sendable`: one call reads it, in the thread that sends.
private final class InputReader: @unchecked Sendable {
    private let file: FileDescriptor
    private let length: Int64
    private var start: ArraySlice<UInt8>
    private var passed: Int64 = 0

    init(_ file: consuming FileDescriptor, length: Int64, start: ArraySlice<UInt8> = []) {
        self.file = file
        self.length = length
        self.start = start
    }

    /// Throws before the last piece of an input that has more than it should: without it nothing is kept.
    @Sendable func read(into room: UnsafeMutableRawBufferPointer) throws -> Int {
        let count = start.isEmpty ? try fill(room) : takeStart(into: room)
        passed += Int64(count)
        if passed >= length, count > 0 {
            guard try start.isEmpty && isAtEnd() else { throw InputError(length: length) }
        }
        return count
    }

    private func isAtEnd() throws -> Bool {
        let room = Chunk(count: 1)
        return try fill(room.bytes) == 0
    }

    private func takeStart(into room: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(room.count, start.count)
        room.copyBytes(from: start.prefix(count))
        start = start.dropFirst(count)
        return count
    }

    private func fill(_ room: UnsafeMutableRawBufferPointer) throws -> Int {
        while true {
            let count = Glibc.read(file.number, room.baseAddress, room.count)
            if count >= 0 { return count }
            guard errno == EINTR else { throw PosixError("read") }
        }
    }
}

private struct InputError: Error, CustomStringConvertible {
    let length: Int64

    var description: String { "there is more to read than the \(length) bytes that there should be. Nothing was added" }
}
