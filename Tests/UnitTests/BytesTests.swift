import Bytes
import Glibc
import Testing

@Suite(.scratchDirectory) struct FileDescriptorTests {
    @Test func `a descriptor is closed when its owner lets go of it`() throws {
        let (reading, writing) = try pipeEnds()
        var byte: UInt8 = 0

        do {
            let owner = FileDescriptor(owning: writing)
            #expect(read(reading.number, &byte, 1) == -1)
            #expect(errno == EAGAIN)
            _ = owner.number
        }

        #expect(read(reading.number, &byte, 1) == 0)
    }

    @Test func `a number that was given away stays open`() throws {
        let (reading, writing) = try pipeEnds()
        var byte: UInt8 = 0

        let number = FileDescriptor(owning: writing).release()

        #expect(read(reading.number, &byte, 1) == -1)
        close(number)
        #expect(read(reading.number, &byte, 1) == 0)
    }

    @Test func `what it opens no program inherits`() throws {
        let file = try FileDescriptor(opening: ScratchDirectory.path, flags: O_RDONLY | O_DIRECTORY)

        #expect(fcntl(file.number, F_GETFD) == FD_CLOEXEC)
    }

    @Test func `a lock that another has is not had`() throws {
        let path = "\(ScratchDirectory.path)/lock"
        let holder = try FileDescriptor.locked(path, mode: 0o600, secondsMax: 0)

        let isHad = try FileDescriptor.locked(path, mode: 0o600, secondsMax: 0) != nil

        #expect(holder != nil && !isHad)
    }

    @Test func `a lock is waited for until its holder lets go of it`() throws {
        let path = "\(ScratchDirectory.path)/lock"
        let holder = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        #expect(flock(holder, LOCK_EX) == 0)
        var isHad = false

        // Told once, as soon as the wait has begun.
        let thread = PoolThread(stepAside: { close(holder) }, comeBack: {})
        thread.adopt {
            isHad = (try? FileDescriptor.locked(path, mode: 0o600, secondsMax: 60) != nil) == true
        }

        #expect(isHad)
    }

    @Test func `a file that cannot be opened is an error in words`() {
        let path = "\(ScratchDirectory.path)/none"

        let error = #expect(throws: PosixError.self) {
            _ = try FileDescriptor(opening: path, flags: O_RDONLY).release()
        }

        #expect(error == PosixError("open", path, code: ENOENT))
        #expect(error?.description == "open \(path): No such file or directory")
    }

    @Test func `every byte is written though the reader takes them in pieces`() throws {
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        let source = ends[0]
        let bytes = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let reader = ThreadBeside {
            var all: [UInt8] = []
            var piece = [UInt8](repeating: 0, count: 999)
            while case let count = read(source, &piece, piece.count), count > 0 { all += piece[..<count] }
            close(source)
            return all
        }

        do {
            let sink = FileDescriptor(owning: ends[1])
            try sink.writeAll(bytes)
        }

        // Compared apart: to show how two long arrays differ takes minutes.
        let isWhole = reader.value() == bytes
        #expect(isWhole)
    }

    private func pipeEnds() throws -> (reading: SharedDescriptor, writing: Int32) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw PosixError("pipe") }
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        return (SharedDescriptor(ends[0]), ends[1])
    }

    private final class SharedDescriptor {
        private let descriptor: FileDescriptor
        var number: Int32 { descriptor.number }

        init(_ number: Int32) { descriptor = FileDescriptor(owning: number) }
    }
}

@Suite struct PumpTests {
    private struct Broken: Error {}

    private final class BreakingSource: ByteSource {
        private var pieces: [[UInt8]]

        init(_ pieces: [[UInt8]]) { self.pieces = pieces }

        func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
            guard !pieces.isEmpty else { throw StreamError.timedOut }
            let piece = pieces.removeFirst()
            buffer.copyBytes(from: piece)
            return piece.count
        }
    }

    private final class FullSink: ByteSink {
        func write(_ bytes: UnsafeRawBufferPointer) throws { throw Broken() }
    }

    @Test(arguments: [0, 1, 6, 7, 8, 1000])
    func `everything passes, through however small a chunk`(count: Int) throws {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        let sink = MemorySink()

        let moved = try pump(MemorySource(bytes), into: sink, through: Chunk(count: 7))

        #expect(moved == Int64(count))
        #expect(sink.bytes == bytes)
    }

    @Test func `a source that breaks, breaks the transfer, and what came before has gone by`() {
        let sink = MemorySink()

        #expect(throws: StreamError.timedOut) { try pump(BreakingSource([[1, 2], [3]]), into: sink) }
        #expect(sink.bytes == [1, 2, 3])
    }

    @Test func `a sink that takes nothing breaks the transfer`() {
        #expect(throws: Broken.self) { try pump(MemorySource([1]), into: FullSink()) }
    }
}
