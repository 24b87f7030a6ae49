import Bytes
import Glibc
import SettingsText
import Sockets

/// The socket that the service listens on: handed over by whoever started it, or its own.
struct ServiceSocket: ~Copyable {
    private let address: SocketAddress
    private let groupID: gid_t?
    /// Held for as long as the service runs: it decides whose the socket's path is, however the one before ended.
    private let lock: FileDescriptor?
    private let isInherited: Bool

    /// The first descriptor that systemd hands over (sd_listen_fds(3)).
    private static let inheritedNumber: Int32 = 3

    init(_ address: SocketAddress, groupID: gid_t?) throws {
        self.address = address
        self.groupID = groupID
        isInherited = Self.hasInherited
        if case .unix(let path) = address, !isInherited {
            lock = try Self.takeLock("\(path).lock")
        } else {
            lock = nil
        }
    }

    var description: String { isInherited ? "an inherited descriptor" : address.description }

    func listener() throws(PosixError) -> Listener {
        if isInherited { return Listener(inherited: FileDescriptor(owning: Self.inheritedCopy())) }
        guard case .unix(let path) = address else { return try Listener(address) }
        // The lock is ours, so nobody listens behind a socket that is still there.
        guard unlink(path) == 0 || errno == ENOENT else { throw PosixError("unlink", path) }
        let listener = try Listener(address)
        if let groupID, chown(path, uid_t.max, groupID) != 0 { throw PosixError("chown", path) }
        return listener
    }

    func remove() {
        guard case .unix(let path) = address, !isInherited else { return }
        unlink(path)
    }

    private static var hasInherited: Bool {
        let variables = environmentVariables()
        return variables["LISTEN_PID"] == String(getpid()) && (variables["LISTEN_FDS"].flatMap { Int($0) } ?? 0) >= 1
    }

    /// A number of our own, so that children do not get the descriptor by accident.
    private static func inheritedCopy() -> Int32 {
        unsetenv("LISTEN_PID")
        unsetenv("LISTEN_FDS")
        let copy = fcntl(inheritedNumber, F_DUPFD_CLOEXEC, 16)
        close(inheritedNumber)
        return copy
    }

    private static func takeLock(_ path: String) throws -> FileDescriptor {
        let file = try FileDescriptor(opening: path, flags: O_RDWR | O_CREAT, mode: 0o640)
        guard flock(file.number, LOCK_EX | LOCK_NB) == 0 else {
            throw ServiceSocketError.inUse(path)
        }
        return file
    }
}

enum ServiceSocketError: Error, CustomStringConvertible {
    case inUse(String)

    var description: String {
        switch self {
        case .inUse(let path): "another glance-api holds \(path): stop it first, or set listen to another socket"
        }
    }
}
