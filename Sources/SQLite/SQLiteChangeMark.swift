import Synchronization

/// What a database in write-ahead-log mode is at: two equal marks mean that nobody has committed anything between them,
/// in whatever process.
///
/// It is the header of the log's index, which every connection has in shared memory and which each commit rewrites
/// (https://www.sqlite.org/walformat.html, section 2.1). SQLite itself compares it to know whether what it has cached
/// still holds; to look at it takes no lock.
package struct SQLiteChangeMark: Equatable, Sendable {
    private let words: SIMD8<UInt64>

    fileprivate static let wordsCount = 6
    private static let version: UInt64 = 3_007_000
    private static let initializedBit: UInt64 = 1 << 32

    /// The same as a word, in any process and after any restart: hexadecimal digits. Nil before the first commit since the
    /// log was begun: from then on its salts, which are made at random, tell it from every other log of this database.
    package var text: String? {
        let (frames, checksum, salts) = (words[2], words[3], words[4])
        guard frames & 0xFFFF_FFFF != 0 else { return nil }
        return [frames, checksum, salts].map { String($0, radix: 16) }.joined(separator: "-")
    }

    /// Nil while a commit is just rewriting the header, whose two copies then differ, and where it is of another format.
    fileprivate init?(_ header: UnsafePointer<Atomic<UInt64>>) {
        var words = SIMD8<UInt64>(repeating: 0)
        for index in 0..<Self.wordsCount { words[index] = header[index].load(ordering: .acquiring) }
        for index in 0..<Self.wordsCount {
            guard header[Self.wordsCount + index].load(ordering: .acquiring) == words[index] else { return nil }
        }
        guard words[0] & 0xFFFF_FFFF == Self.version, words[1] & Self.initializedBit != 0 else { return nil }
        self.words = words
    }
}

/// Where a connection has the header of the log's index in its memory.
struct WALIndex {
    private let header: UnsafePointer<Atomic<UInt64>>

    /// What SQLite's own file layer offers (https://www.sqlite.org/c3ref/io_methods.html): a pointer to its methods is
    /// the first thing in a file, and `xShmMap` comes behind their version and twelve others.
    private typealias File = UnsafeMutablePointer<UnsafeRawPointer?>
    private typealias SharedMemoryMap =
        @convention(c) (File?, Int32, Int32, Int32, UnsafeMutablePointer<UnsafeMutableRawPointer?>?) -> Int32
    private static let filePointerControl: Int32 = 7
    private static let sharedMemoryMapOffset = 13 * 8
    /// The first version of the methods that has `xShmMap`.
    private static let methodsVersionMin: Int32 = 2
    private static let regionBytes: Int32 = 32 * 1024

    /// Nil where the database is not in write-ahead-log mode. Valid for as long as the connection is open.
    init?(of connection: SQLiteLibrary.Handle, _ library: SQLiteLibrary) {
        var opened: File?
        guard library.fileControl(connection, "main", Self.filePointerControl, &opened) == SQLiteCode.ok, let opened,
            let methods = opened.pointee, methods.load(as: Int32.self) >= Self.methodsVersionMin
        else { return nil }
        let map = methods.load(fromByteOffset: Self.sharedMemoryMapOffset, as: SharedMemoryMap?.self)
        var region: UnsafeMutableRawPointer?
        guard let map, map(opened, 0, Self.regionBytes, 0, &region) == SQLiteCode.ok, let region else { return nil }
        header = UnsafePointer(
            region.bindMemory(to: Atomic<UInt64>.self, capacity: 2 * SQLiteChangeMark.wordsCount))
    }

    var changeMark: SQLiteChangeMark? { SQLiteChangeMark(header) }
}
