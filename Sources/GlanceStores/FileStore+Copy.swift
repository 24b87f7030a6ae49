import Bytes
import GlanceModel
import Glibc

extension FileStore {
    /// Gives the file at `location` a second name in `other`: no byte is copied, and each may remove its own. False where
    /// it has to be copied: the two are on different file systems, or theirs has no such links, or the gateway of `other`
    /// could not read it, for all names of a file have one group and mode.
    package func link(_ location: Location, into other: FileStore) throws(Failure) -> Bool {
        let source = try FilePath(location, in: settings.directory).file
        let target = try FilePath(location, in: other.settings.directory)
        return try spaceOrAway { () throws(PosixError) in
            guard try other.letsGatewayRead(source) else { return false }
            for directory in target.directories.dropFirst() { try other.makeDirectory(directory) }
            if Glibc.link(source, target.file) == 0 { return true }
            guard [EXDEV, EPERM, EMLINK, EOPNOTSUPP].contains(errno) else { throw PosixError("link", target.file) }
            return false
        }
    }

    private func letsGatewayRead(_ path: String) throws(PosixError) -> Bool {
        guard let group = settings.groupID else { return true }
        var status = stat()
        guard lstat(path, &status) == 0 else { throw PosixError("lstat", path) }
        return status.st_gid == group && status.st_mode & S_IRGRP != 0
    }
}
