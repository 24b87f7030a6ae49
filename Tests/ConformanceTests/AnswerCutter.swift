import Dispatch
import Glibc
import Synchronization
import Testing

/// A forwarder between a registry and its PostgreSQL that breaks one connection at a chosen moment.
final class AnswerCutter: Sendable {
    enum Moment: CaseIterable, Sendable {
        /// The statement does not reach the server.
        case before
        /// The server does what it is told, and its answer does not come.
        case after
    }

    private let listener: Int32
    private let server: (address: String, port: UInt16)
    private let cut = Mutex<(moment: Moment, marker: [UInt8])?>(nil)

    let port: UInt16

    init(before server: (address: String, port: UInt16)) throws {
        self.server = server
        let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        listener = number
        var address = loopback("127.0.0.1", 0)
        let isListening = address.withSocketAddress { bind(number, $0, $1) } == 0 && listen(number, 64) == 0
        try #require(isListening)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = address.withSocketAddress { pointer, _ in
            getsockname(number, UnsafeMutablePointer(mutating: pointer), &length)
        }
        port = UInt16(bigEndian: address.sin_port)
        Thread.start { [weak self] in
            while case let client = accept(number, nil, nil), client >= 0 {
                guard let self else { break }
                Thread.start { self.forward(client) }
            }
        }
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    /// Breaks the connection at the next statement that holds `marker`, once.
    func cutOnce(_ moment: Moment, at marker: String) {
        cut.withLock { $0 = (moment, Array(marker.utf8)) }
    }

    /// False where the statement that was to be cut never came.
    var wasCut: Bool { cut.withLock { $0 == nil } }

    private func forward(_ client: Int32) {
        let upstream = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer {
            close(client)
            close(upstream)
        }
        var address = loopback(server.address, server.port)
        guard address.withSocketAddress({ connect(upstream, $0, $1) }) == 0 else { return }
        var isCutting = false
        while true {
            var entries = [client, upstream].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            guard poll(&entries, 2, 30_000) > 0 else { return }
            if entries[0].revents != 0 {
                guard let bytes = read(client) else { return }
                let moment = takeCut(in: bytes)
                isCutting = moment == .after
                guard moment != .before, write(bytes, to: upstream) else { return }
            }
            if entries[1].revents != 0 {
                guard let bytes = read(upstream), !isCutting, write(bytes, to: client) else { return }
            }
        }
    }

    private func takeCut(in bytes: [UInt8]) -> Moment? {
        cut.withLock { cut in
            guard let wanted = cut, bytes.contains(wanted.marker) else { return nil }
            cut = nil
            return wanted.moment
        }
    }

    private func read(_ number: Int32) -> [UInt8]? {
        var piece = [UInt8](repeating: 0, count: 65536)
        let count = recv(number, &piece, piece.count, 0)
        return count > 0 ? Array(piece[..<count]) : nil
    }

    private func write(_ bytes: [UInt8], to number: Int32) -> Bool {
        send(number, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
    }
}

private enum Thread {
    static func start(_ body: @escaping @Sendable () -> Void) {
        DispatchQueue.global().async(execute: body)
    }
}

private func loopback(_ address: String, _ port: UInt16) -> sockaddr_in {
    var result = sockaddr_in()
    result.sin_family = sa_family_t(AF_INET)
    result.sin_port = port.bigEndian
    inet_pton(AF_INET, address, &result.sin_addr)
    return result
}

extension sockaddr_in {
    fileprivate mutating func withSocketAddress<Value>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Value) -> Value {
        withUnsafePointer(to: &self) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
