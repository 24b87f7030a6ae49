import Bytes
import GlanceModel
import Glibc

extension FileStore {
    /// Gives the file at `location` a second name in `other`: no byte is copied, and each may remove its own. False where
    /// the two are on different file systems, or theirs has no such links: then it has to be copied.
    package func link(_ location: Location, into other: FileStore) throws(Failure) -> Bool {
        let source = try FilePath(location, in: settings.directory).file
        let target = try FilePath(location, in: other.settings.directory)
        return try spaceOrAway { () throws(PosixError) in
            for directory in target.directories.dropFirst() { try other.makeDirectory(directory) }
            if Glibc.link(source, target.file) == 0 { return true }
            guard [EXDEV, EPERM, EMLINK, EOPNOTSUPP].contains(errno) else { throw PosixError("link", target.file) }
            return false
        }
    }
}
