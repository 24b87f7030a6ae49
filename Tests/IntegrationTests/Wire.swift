import Foundation
import Glibc

/// A connected or a listening socket.
final class Wire: Sendable {
    private let number: Int32

    init(_ number: Int32) {
        self.number = number
        // Where neither end says anything for so long, something hangs, and the test is not to.
        var bound = timeval(tv_sec: 100, tv_usec: 0)
        setsockopt(number, SOL_SOCKET, SO_RCVTIMEO, &bound, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(number) }

    static func connected(to port: Int) -> Wire? {
        let wire = Wire(socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0))
        // What a server that is killed had already handed to the kernel still comes: this keeps it from being all.
        var bytes: Int32 = 32 * 1024
        setsockopt(wire.number, SOL_SOCKET, SO_RCVBUF, &bytes, socklen_t(MemoryLayout<Int32>.size))
        return withLoopbackAddress(port) { connect(wire.number, $0, $1) } == 0 ? wire : nil
    }

    func accept() -> Wire? {
        while true {
            let connected = Glibc.accept(number, nil, nil)
            if connected >= 0 {
                _ = fcntl(connected, F_SETFD, FD_CLOEXEC)
                return Wire(connected)
            }
            guard [EINTR, EAGAIN, ECONNABORTED].contains(errno) else { return nil }
        }
    }

    /// What has come, and nothing at the end.
    func read() -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 16 * 1024) { room, count in
            count = max(0, recv(number, room.baseAddress, room.count, 0))
        }
    }

    /// Everything until the other end closes.
    func readAll() -> String {
        var bytes: [UInt8] = []
        while case let piece = read(), !piece.isEmpty { bytes += piece }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A head and what came behind it.
    func readHead(after start: [UInt8] = []) -> (head: String, rest: [UInt8])? {
        var bytes = start
        while true {
            if let end = Data(bytes).range(of: Data("\r\n\r\n".utf8))?.upperBound {
                return (String(decoding: bytes[..<end], as: UTF8.self), Array(bytes[end...]))
            }
            let piece = read()
            guard !piece.isEmpty else { return nil }
            bytes += piece
        }
    }

    @discardableResult
    func send(_ bytes: ArraySlice<UInt8>) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    @discardableResult
    func send(_ text: String) -> Bool { send(Array(text.utf8)[...]) }

    func isEnded(waitingMilliseconds milliseconds: Int32) -> Bool {
        var waited = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
        return poll(&waited, 1, milliseconds) > 0
    }

    func finishWriting() { shutdown(number, Int32(SHUT_WR)) }

    func breakOff() { shutdown(number, Int32(SHUT_RDWR)) }

    static func breakOff(_ one: Wire, _ other: Wire) {
        one.breakOff()
        other.breakOff()
    }
}
