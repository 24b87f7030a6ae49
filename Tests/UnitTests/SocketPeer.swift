import Bytes
import Glibc
import Sockets

/// The far end of a connection: a gateway, or a client.
final class SocketPeer: Sendable {
    private let descriptor: FileDescriptor

    private init(owning number: Int32) {
        descriptor = FileDescriptor(owning: number)
    }

    /// A connection and its far end.
    static func pair() throws -> (connection: Connection, peer: SocketPeer) {
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0 else { throw PosixError("socketpair") }
        return (Connection(owning: ends[0]), SocketPeer(owning: ends[1]))
    }

    /// Connects to a Unix socket, as any program on the host can.
    static func connected(to path: String) throws -> SocketPeer {
        let number = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        let peer = SocketPeer(owning: number)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard code == 0 else { throw PosixError("connect", path) }
        return peer
    }

    /// Sends until everything is gone or nobody takes it; how many bytes went.
    @discardableResult
    func send(_ bytes: some Collection<UInt8>) -> Int {
        let bytes = Array(bytes)
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor.number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { break }
            sent += count
        }
        return sent
    }

    func finishWriting() {
        shutdown(descriptor.number, Int32(SHUT_WR))
    }

    /// Ends the connection in both directions, as closing does.
    func hangUp() {
        shutdown(descriptor.number, Int32(SHUT_RDWR))
    }

    /// What comes until the other end closes.
    func received() -> [UInt8] {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65536)
        while case let count = recv(descriptor.number, &piece, piece.count, 0), count > 0 { bytes += piece[..<count] }
        return bytes
    }

    func receivedText() -> String { String(decoding: received(), as: UTF8.self) }
}
