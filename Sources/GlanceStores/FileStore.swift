import Bytes
import Digest
import GlanceModel
import Glibc

/// Images as files below one directory, spread over two levels of directories: `ab/cd/abcd…`.
package struct FileStore: ImageStore {
    package struct Settings: Sendable {
        /// The directory; its parent exists.
        package var directory: String
        /// The path that the gateway maps to that directory, with a slash at its end.
        package var gatewayPrefix: String
        /// Bytes that stay free on the file system.
        package var freeBytesMin: Int64
        /// The group that may read images, where it is not this process's own: the gateway's.
        package var groupID: gid_t?
        /// False: files get a name before they are whole, as on file systems without O_TMPFILE (NFS).
        package var usesNamelessFiles = true

        package init(directory: String, gatewayPrefix: String, freeBytesMin: Int64, groupID: gid_t? = nil) {
            self.directory = directory
            self.gatewayPrefix = gatewayPrefix
            self.freeBytesMin = freeBytesMin
            self.groupID = groupID
        }
    }

    package static let siteFile = FileStoreSite.name

    package let name = StoreName.file
    package let isRemote = false
    let settings: Settings

    /// Throws where the host lacks the library that computes digests.
    package init(_ settings: Settings) throws(Failure) {
        do { try StreamDigest.load() } catch { throw .storeAway(.file, reason: error.description) }
        self.settings = settings
    }

    package func open(site: String, holdsImages: Bool) throws(Failure) {
        try awayOnError { () throws(PosixError) in
            // Should its name be lost with the power, so would be all that is put in it.
            if try makeDirectory(settings.directory) { try synchronizeDirectory("\(settings.directory)/..") }
            guard access(settings.directory, R_OK | W_OK | X_OK) == 0 else {
                throw PosixError("write to", settings.directory)
            }
        }
        try checkIsOurs()
        try FileStoreSite(directory: settings.directory).claim(site, isNew: !holdsImages)
    }

    /// Where everybody may write, images are whatever anybody puts there.
    private func checkIsOurs() throws(Failure) {
        var status = stat()
        guard stat(settings.directory, &status) == 0 else {
            throw .storeAway(name, reason: PosixError("stat", settings.directory).description)
        }
        guard status.st_mode & S_IWOTH == 0 else {
            throw .storeForeign(
                name,
                reason: "every user of this host may write to \(settings.directory): chmod o-w \(settings.directory)")
        }
    }

    /// Throws where it is not `site`'s, as `open` does, and makes nothing.
    package func look(for site: String) throws(Failure) {
        try checkIsOurs()
        try FileStoreSite(directory: settings.directory).claim(site, isNew: false)
    }

    /// The site that the store belongs to; nil where it is new.
    package func site() throws(Failure) -> String? {
        try awayOnError { () throws(PosixError) in try FileStoreSite(directory: settings.directory).read() }
    }

    /// A directory that is not the store's, because a file system is not mounted or is gone, does not have the mark.
    package func check() throws(Failure) {
        _ = try freeBytes()
        guard try site() != nil else {
            throw .storeAway(name, reason: "\(settings.directory)/\(FileStoreSite.name) is not there: is it mounted?")
        }
    }

    package func location(named name: String, for size: Int64) -> Location {
        Location("\(name.prefix(2))/\(name.dropFirst(2).prefix(2))/\(name)")
    }

    package func checkRoom(for size: Int64) throws(Failure) {
        guard let free = try freeBytes() else { return }
        let (wanted, overflow) = size.addingReportingOverflow(settings.freeBytesMin)
        guard !overflow, wanted <= free else { throw .noSpace }
    }

    package func create(at location: Location, size: Int64, createdAt: Timestamp) throws(Failure) -> any ImageUpload {
        let path = try FilePath(location, in: settings.directory)
        return try spaceOrAway { () throws(PosixError) in
            for directory in path.directories.dropFirst() { try makeDirectory(directory) }
            return try FileUpload(path, size: size, createdAt: createdAt, namelessly: settings.usesNamelessFiles)
        }
    }

    package func read(_ location: Location, range: ByteRangeInStore?) throws(Failure) -> any ByteSource {
        let path = try FilePath(location, in: settings.directory)
        return try brokenOrAway { () throws(PosixError) in try FileSource(path.file, range: range) }
    }

    /// Nil of what is no location: whoever then reads it learns so.
    package func gatewayPath(of location: Location) -> String? {
        (try? FilePath(location, in: settings.directory)).map { _ in settings.gatewayPrefix + location.text }
    }

    package func remove(_ location: Location) throws(Failure) {
        let path = try FilePath(location, in: settings.directory)
        try awayOnError { () throws(PosixError) in
            for file in [path.file, path.partial] where unlink(file) != 0 && errno != ENOENT {
                throw PosixError("unlink", file)
            }
            // The registry forgets these bytes next: they must not come back after a power loss.
            guard access(path.directory, F_OK) == 0 else { return }
            try synchronizeDirectory(path.directory)
        }
    }

    package func freeBytes() throws(Failure) -> Int64? {
        var status = statvfs()
        guard statvfs(settings.directory, &status) == 0 else {
            throw .storeAway(name, reason: PosixError("statvfs", settings.directory).description)
        }
        return Int64(clamping: UInt64(status.f_bavail) * UInt64(status.f_frsize))
    }

    /// Readable by the gateway's group, and what is made in it inherits that group. False where it is there already.
    @discardableResult
    func makeDirectory(_ path: String) throws(PosixError) -> Bool {
        guard mkdir(path, 0o750) == 0 else {
            guard errno == EEXIST else { throw PosixError("mkdir", path) }
            return false
        }
        guard let group = settings.groupID else { return true }
        // In a directory that was made so it is so by itself, also for a service that may not set that bit.
        var status = stat()
        if stat(path, &status) == 0, status.st_gid == group, status.st_mode & S_ISGID != 0 { return true }
        guard chown(path, uid_t.max, group) == 0, chmod(path, 0o2750) == 0 else { throw PosixError("chown", path) }
        return true
    }
}

/// Where one location's bytes are on the file system.
struct FilePath {
    private let root: String
    private let place: String

    /// Throws where a record has what `location(named:for:)` never gave: that would be a file of somebody else's.
    init(_ location: Location, in root: String) throws(Failure) {
        guard Self.isPlace(location.text) else {
            throw .storeBroken(.file, reason: "the registry has a location that is none: “\(location.text)”")
        }
        self.root = root
        place = location.text
    }

    var file: String { "\(root)/\(place)" }

    /// The name that an unfinished file has where it must have one.
    var partial: String { "\(directory)/.partial-\(parts[2])" }

    var directory: String { directories.last ?? root }

    /// From the store's own down to the file's.
    var directories: [String] {
        let parts = parts
        return parts.indices.map { ([root[...]] + parts[..<$0]).joined(separator: "/") }
    }

    private var parts: [Substring] { place.split(separator: "/") }

    /// Two directories and a name that begins with theirs. Asked for each download.
    private static func isPlace(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            let parts = bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            return parts.count == 3 && parts.allSatisfy(isPlainName) && parts[2].starts(with: parts[0])
                && parts[2].dropFirst(parts[0].count).starts(with: parts[1])
        }
    }

    private static func isPlainName(_ name: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        !name.isEmpty
            && name.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}

func synchronizeDirectory(_ path: String) throws(PosixError) {
    try FileDescriptor(opening: path, flags: O_RDONLY | O_DIRECTORY).synchronize()
}

func awayOnError<Value>(_ body: () throws(PosixError) -> Value) throws(Failure) -> Value {
    do { return try body() } catch { throw .storeAway(.file, reason: error.description) }
}

/// What the medium has lost does not come back with another try.
func brokenOrAway<Value>(_ body: () throws(PosixError) -> Value) throws(Failure) -> Value {
    do { return try body() } catch {
        throw error.isOfMedium
            ? .storeBroken(.file, reason: error.description) : .storeAway(.file, reason: error.description)
    }
}

/// A full disk and a full quota are the client's to know.
func spaceOrAway<Value>(_ body: () throws(PosixError) -> Value) throws(Failure) -> Value {
    do { return try body() } catch {
        throw [ENOSPC, EDQUOT].contains(error.code) ? .noSpace : .storeAway(.file, reason: error.description)
    }
}
