import Bytes
import GlanceModel
import Glibc

/// The file that ties a store's directory to one registry: without it, a registry that was restored elsewhere, or a
/// wrong setting, would make a clean-up delete another site's images.
struct FileStoreSite {
    private static let bytesMax = 256

    private let directory: String
    static let name = ".glance-site"
    private var path: String { "\(directory)/\(Self.name)" }

    init(directory: String) {
        self.directory = directory
    }

    /// Writes the site's name where there is none and the store is new; throws where there is another, or where a store
    /// that has images has lost it.
    func claim(_ site: String, isNew: Bool) throws(Failure) {
        let before = try awayOnError { () throws(PosixError) in try read() }
        guard isNew || before != nil else {
            throw .storeForeign(
                .file,
                reason: """
                    \(directory) is empty or not the store that it should be, and the registry knows of images in it: \
                    is its file system mounted? (It has to have the file .glance-site with \(site) in it.)
                    """)
        }
        let found = try awayOnError { () throws(PosixError) in
            if let found = try read() { return found }
            return try write(site)
        }
        guard found == site else {
            throw .storeForeign(
                .file,
                reason: """
                    \(directory) belongs to site \(found), and the registry to site \(site): \
                    set file_directory and registry to a pair that belongs together
                    """)
        }
    }

    /// The site that the directory belongs to; nil where it is nobody's yet.
    func read() throws(PosixError) -> String? {
        let number = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard number >= 0 else {
            guard errno == ENOENT else { throw PosixError("open", path) }
            return nil
        }
        let file = FileDescriptor(owning: number)
        var bytes = [UInt8](repeating: 0, count: Self.bytesMax)
        let count = Glibc.read(file.number, &bytes, bytes.count)
        guard count >= 0 else { throw PosixError("read", path) }
        return String(decoding: bytes.prefix(count).prefix { $0 > 0x20 }, as: UTF8.self)
    }

    private func write(_ site: String) throws(PosixError) -> String {
        let draft = "\(path).new"
        do {
            let file = try FileDescriptor(opening: draft, flags: O_WRONLY | O_CREAT | O_TRUNC, mode: 0o640)
            try file.writeAll(Array("\(site)\n".utf8))
            try file.synchronize()
        }
        guard rename(draft, path) == 0 else { throw PosixError("rename", draft) }
        try synchronizeDirectory(directory)
        return site
    }
}
