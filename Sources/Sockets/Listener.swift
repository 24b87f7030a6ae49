import Bytes
import Glibc

/// A listening socket that accepts with a bounded wait, from as many threads and processes as share it.
package struct Listener: ~Copyable, Sendable {
    /// Connections that may wait to be accepted: a full queue of a Unix socket is an immediate 502 at nginx.
    /// The kernel lowers it to net.core.somaxconn.
    private static let backlogMax: Int32 = 4096

    private let descriptor: FileDescriptor

    /// Takes over a socket that listens already.
    package init(inherited descriptor: consuming FileDescriptor) {
        self.descriptor = descriptor
    }

    /// Binds and listens. A Unix socket's path must be free; it may be used by its owner and its group alone (0660).
    package init(_ address: SocketAddress) throws(PosixError) {
        descriptor = FileDescriptor(
            owning: socket(address.family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0))
        guard descriptor.number >= 0 else { throw PosixError("socket") }
        let number = descriptor.number
        if case .tcp = address { setOption(number, SOL_SOCKET, SO_REUSEADDR, Int32(1)) }
        guard try address.withSocketAddress({ bind(number, $0, $1) }) == 0 else {
            throw PosixError("bind", address.description)
        }
        // Nobody can connect before `listen`, so there is no moment at which too many could.
        if case .unix(let path) = address, chmod(path, 0o660) != 0 { throw PosixError("chmod", path) }
        guard listen(number, Self.backlogMax) == 0 else { throw PosixError("listen", address.description) }
    }

    package var number: Int32 { descriptor.number }

    /// Bounds every wait in `accept`, for all who share the socket.
    package borrowing func setAcceptSeconds(_ seconds: Int) {
        setOption(number, SOL_SOCKET, SO_RCVTIMEO, timeval(tv_sec: seconds, tv_usec: 0))
    }

    /// The next connection; nil when none came within the bound, when a signal broke the wait, or when the peer was gone
    /// again. Throws when the process or the host has no descriptors or memory left.
    package borrowing func accept() throws(PosixError) -> Connection? {
        let number = acceptWithFlags(descriptor.number, nil, nil, Int32(SOCK_CLOEXEC.rawValue))
        if number >= 0 { return Connection(owning: number) }
        switch errno {
        case EAGAIN, EINTR, ECONNABORTED, EPERM, EPROTO: return nil
        default: throw PosixError("accept")
        }
    }
}

/// accept4(2), which the Glibc module does not import.
private let acceptWithFlags = unsafeBitCast(
    dlsym(nil, "accept4"),
    to: (@convention(c) (Int32, UnsafeMutablePointer<sockaddr>?, UnsafeMutablePointer<socklen_t>?, Int32) -> Int32).self
)

func setOption<Value: BitwiseCopyable>(_ number: Int32, _ level: Int32, _ name: Int32, _ value: Value) {
    var value = value
    _ = setsockopt(number, level, name, &value, socklen_t(MemoryLayout<Value>.size))
}
