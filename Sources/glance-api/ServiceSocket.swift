import Bytes
import Glibc
import SettingsText
import Sockets
import Workers

/// The socket that the service listens on: its own, or handed over by whoever started it, or by its own predecessor.
struct ServiceSocket: ~Copyable {
    /// Where it listens, in words.
    let description: String
    private let listener: Listener
    /// The path of a socket of our own.
    private let path: String?
    /// Held for as long as the service runs: it decides whose the socket's path is, however the one before ended.
    /// Open until this process ends.
    private let lock: Int32?

    /// The first descriptor that systemd hands over (sd_listen_fds(3)).
    private static let inheritedNumber: Int32 = 3

    private init(
        _ description: String, _ listener: consuming Listener, path: String? = nil, lock: Int32? = nil
    ) {
        self.description = description
        self.listener = listener
        self.path = path
        self.lock = lock
    }

    static func open(_ address: SocketAddress, groupID: gid_t?) throws -> ServiceSocket {
        do {
            return try opened(address, groupID: groupID)
        } catch let error as PosixError {
            throw ServiceSocketError.cannotListen(address, error)
        }
    }

    private static func opened(_ address: SocketAddress, groupID: gid_t?) throws -> ServiceSocket {
        if hasInherited {
            return ServiceSocket(
                "an inherited descriptor", Listener(inherited: FileDescriptor(owning: inheritedCopy())))
        }
        guard case .unix(let path) = address else {
            return ServiceSocket(address.description, try Listener(address))
        }
        let lock = try takeLock("\(path).lock")
        // The lock is ours, so nobody listens behind a socket that is still there.
        guard unlink(path) == 0 || errno == ENOENT else { throw PosixError("unlink", path) }
        let listener = try Listener(address)
        if let groupID, chown(path, uid_t.max, groupID) != 0 { throw PosixError("chown", path) }
        return ServiceSocket(address.description, listener, path: path, lock: lock.release())
    }

    init(_ handover: Handover) {
        self.init(
            handover.listen, Listener(inherited: FileDescriptor(owning: handover.listener)), path: handover.socketPath,
            lock: handover.lock)
    }

    var number: Int32 { listener.number }

    func add(to handover: inout Handover) {
        handover.listen = description
        handover.socketPath = path
        handover.lock = lock
    }

    func remove() {
        if let path { unlink(path) }
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

    /// Keeps a service from starting at `address`, for as long as what this returns is held; nil where none ever did, or
    /// where its socket is not a path of its own. Throws where one runs.
    static func keepClosed(_ address: SocketAddress) throws -> FileDescriptor? {
        guard case .unix(let path) = address, access("\(path).lock", F_OK) == 0 else { return nil }
        return try takeLock("\(path).lock")
    }

    /// A service that was killed holds its lock until the kernel has done away with it.
    private static let lockSecondsMax = 2

    private static func takeLock(_ path: String) throws -> FileDescriptor {
        guard let file = try FileDescriptor.locked(path, mode: 0o640, secondsMax: lockSecondsMax) else {
            throw ServiceSocketError.inUse(path)
        }
        return file
    }
}

enum ServiceSocketError: Error, CustomStringConvertible {
    case inUse(String)
    case cannotListen(SocketAddress, PosixError)

    var description: String {
        switch self {
        case .inUse(let path): "another glance-api holds \(path): stop it first, or set listen to another socket"
        case .cannotListen(let address, let error) where error.code == EADDRINUSE:
            "another program listens on \(address): stop it first, or set listen to another address"
        case .cannotListen(let address, let error):
            "\(address) cannot be listened on (\(error)): make its directory, give it to this user, or set listen"
        }
    }
}
