import Bytes
import GlanceModel
import Glibc

extension FileStore {
    package func key(of location: Location) -> String { location.text }

    package func objects() throws(Failure) -> any StoredObjects {
        try awayOnError { () throws(PosixError) in try StoredFiles(in: settings.directory) }
    }

    package func find(_ location: Location) throws(Failure) -> StoredObject? {
        let path = try FilePath(location, in: settings.directory)
        return try brokenOrAway { () throws(PosixError) in
            if let found = try StoredFiles.object(path.file, location: location, isWhole: true) { return found }
            if let found = try StoredFiles.object(path.partial, location: location, isWhole: false) { return found }
            // A directory that is not the store's, because a file system is not mounted, has no say in what is missing.
            guard access("\(settings.directory)/\(FileStoreSite.name)", F_OK) == 0 else {
                throw PosixError("open", "\(settings.directory)/\(FileStoreSite.name)")
            }
            return nil
        }
    }
}

/// The files of a store, directory by directory: of each level one directory's names are in memory. What cannot be looked at
/// is told of in its turn, and the next call goes on behind it.
private final class StoredFiles: StoredObjects {
    private let root: String
    /// Directories of the first level that are still to come, last one first, and so on down.
    private var firsts: [String]
    private var first = ""
    private var seconds: [String] = []
    private var files: [StoredObject] = []
    private var unreadable: [PosixError] = []

    init(in root: String) throws(PosixError) {
        self.root = root
        firsts = try Self.names(in: root).filter(Self.isLevel).sorted { bytesPrecede($1, $0) }
    }

    func next() throws(Failure) -> StoredObject? {
        while files.isEmpty, unreadable.isEmpty {
            do throws(PosixError) {
                guard try enterNextDirectory() else { return nil }
            } catch {
                guard !error.isOfHost else { throw .storeAway(.file, reason: error.description) }
                unreadable.append(error)
            }
        }
        if let error = unreadable.popLast() { throw .storeBroken(.file, reason: error.description) }
        return files.removeLast()
    }

    /// False where there is none.
    private func enterNextDirectory() throws(PosixError) -> Bool {
        if let second = seconds.popLast() {
            try list("\(first)/\(second)")
        } else if let next = firsts.popLast() {
            first = next
            seconds = try Self.names(in: "\(root)/\(next)").filter(Self.isLevel).sorted { bytesPrecede($1, $0) }
        } else {
            return false
        }
        return true
    }

    /// A level's directory has a name of two characters; whatever else lies about is none of this store's.
    private static func isLevel(_ name: String) -> Bool { name.utf8.count == 2 && name != ".." }

    /// In falling order, so that the first one is the last to be taken off.
    private func list(_ directory: String) throws(PosixError) {
        let partial = ".partial-"
        var objects: [StoredObject] = []
        for name in try Self.names(in: "\(root)/\(directory)") where name != "." && name != ".." {
            let isWhole = !name.hasPrefix(partial)
            let location = Location("\(directory)/\(isWhole ? name : String(name.dropFirst(partial.count)))")
            // What is no name of ours is none of our bytes.
            guard (try? FilePath(location, in: root)) != nil else { continue }
            let path = "\(root)/\(directory)/\(name)"
            do throws(PosixError) {
                if let object = try Self.object(path, location: location, isWhole: isWhole) { objects.append(object) }
            } catch {
                unreadable.append(error)
            }
        }
        // Of a file that has both names for a moment, the finished one counts.
        var byKey: [String: StoredObject] = [:]
        for object in objects where byKey[object.key]?.size == nil { byKey[object.key] = object }
        files = byKey.values.sorted { bytesPrecede($1.key, $0.key) }
    }

    /// Nil where it is gone, or no file.
    static func object(_ path: String, location: Location, isWhole: Bool) throws(PosixError) -> StoredObject? {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            guard errno == ENOENT || errno == ENOTDIR else { throw PosixError("lstat", path) }
            return nil
        }
        guard status.st_mode & S_IFMT == S_IFREG else { return nil }
        // The time that a file was given its name; the time of its bytes is the image's (see `FileUpload`).
        return StoredObject(
            location: location, key: location.text, size: isWhole ? Int64(status.st_size) : nil,
            changedAt: Timestamp(seconds: Int64(status.st_ctim.tv_sec)))
    }

    /// Empty where the directory is gone.
    private static func names(in directory: String) throws(PosixError) -> [String] {
        guard let stream = opendir(directory) else {
            guard errno == ENOENT else { throw PosixError("opendir", directory) }
            return []
        }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                guard errno == 0 else { throw PosixError("readdir", directory) }
                return names
            }
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) { name in
                    name.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                })
        }
    }
}
