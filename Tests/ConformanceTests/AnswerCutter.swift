import Foundation
import Glibc
import Synchronization
import Testing

/// A forwarder between a registry and the server that keeps its records, which breaks one connection at a chosen moment.
final class AnswerCutter: Sendable {
    enum Moment: CaseIterable, Sendable {
        /// The statement or request does not reach the server.
        case before
        /// The server does what it is told, and its answer does not come.
        case after
    }

    private let listener: Int32
    private let server: (address: String, port: UInt16)
    private let cut = Mutex<(moment: Moment, marker: [UInt8])?>(nil)
    private let meanwhile = Mutex<(@Sendable () -> Void)?>(nil)

    let port: UInt16

    init(before server: (address: String, port: UInt16)) throws {
        self.server = server
        (listener, port) = try Loopback.listen()
        Thread.detachNewThread { [weak self, listener] in
            while case let client = accept(listener, nil, nil), client >= 0 {
                guard let self else { break }
                Thread.detachNewThread { self.forward(client) }
            }
        }
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    /// Breaks the connection at the next statement or request that holds `marker`, once.
    func cutOnce(_ moment: Moment, at marker: String) {
        cut.withLock { $0 = (moment, Array(marker.utf8)) }
    }

    /// Does not hand on the server's answer to the next statement that holds `marker`, and runs `meanwhile` before the
    /// server learns that nobody is left.
    func holdOnce(at marker: String, meanwhile body: @escaping @Sendable () -> Void) {
        meanwhile.withLock { $0 = body }
        cutOnce(.after, at: marker)
    }

    /// False where the statement that was to be cut never came.
    var wasCut: Bool { cut.withLock { $0 == nil } }

    private func forward(_ client: Int32) {
        let upstream = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer {
            close(client)
            close(upstream)
        }
        var address = Loopback.address(server.address, server.port)
        guard address.withSocketAddress({ connect(upstream, $0, $1) }) == 0 else { return }
        var isCutting = false
        while true {
            var entries = [client, upstream].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            guard poll(&entries, 2, 30_000) > 0 else { return }
            if entries[0].revents != 0 {
                guard let bytes = Loopback.receive(from: client) else { return }
                let moment = takeCut(in: bytes)
                isCutting = moment == .after
                guard moment != .before, Loopback.send(bytes, to: upstream) else { return }
            }
            if entries[1].revents != 0 {
                guard let bytes = Loopback.receive(from: upstream) else { return }
                guard !isCutting else {
                    meanwhile.withLock { $0.take() }?()
                    return
                }
                guard Loopback.send(bytes, to: client) else { return }
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
}
