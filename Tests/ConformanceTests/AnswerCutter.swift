import Foundation
import Glibc
import Synchronization
import Testing

/// A forwarder between a registry and the server that keeps its records, which breaks connections at a chosen moment, or
/// sends a request twice.
final class AnswerCutter: Sendable {
    enum Moment: CaseIterable, Sendable {
        /// The statement or request does not reach the server.
        case before
        /// The server does what it is told, and its answer does not come.
        case after
    }

    private let listener: Int32
    private let server: (address: String, port: UInt16)
    private let cut = Mutex<(moment: Moment, marker: [UInt8], isOnce: Bool)?>(nil)
    private let count = Mutex(0)
    private let repetition = Mutex<[UInt8]?>(nil)
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
        cut.withLock { $0 = (moment, Array(marker.utf8), true) }
    }

    /// Breaks it at each of them.
    func cutAlways(_ moment: Moment, at marker: String) {
        cut.withLock { $0 = (moment, Array(marker.utf8), false) }
    }

    /// How often it has broken one.
    var cuts: Int { count.withLock { $0 } }

    /// Sends the next request that holds `marker` twice, as something between may that misses an answer: the first
    /// one's is nobody's.
    func repeatOnce(at marker: String) {
        repetition.withLock { $0 = Array(marker.utf8) }
    }

    var hasRepeated: Bool { repetition.withLock { $0 == nil } }

    /// Does not hand on the server's answer to the next statement that holds `marker`, and runs `meanwhile` before the
    /// server learns that nobody is left.
    func holdOnce(at marker: String, meanwhile body: @escaping @Sendable () -> Void) {
        meanwhile.withLock { $0 = body }
        cutOnce(.after, at: marker)
    }

    /// False where the statement that was to be cut never came.
    var wasCut: Bool { cut.withLock { $0 == nil } }

    private func forward(_ client: Int32) {
        let upstream = connection()
        defer {
            close(client)
            close(upstream)
        }
        guard upstream >= 0 else { return }
        var isCutting = false
        while true {
            var entries = [client, upstream].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            guard poll(&entries, 2, 30_000) > 0 else { return }
            if entries[0].revents != 0 {
                guard let bytes = Loopback.receive(from: client) else { return }
                let moment = takeCut(in: bytes)
                isCutting = moment == .after
                guard moment != .before else { return }
                if takeRepetition(in: bytes) { sendForNothing(bytes) }
                guard Loopback.send(bytes, to: upstream) else { return }
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
            if wanted.isOnce { cut = nil }
            count.withLock { $0 += 1 }
            return wanted.moment
        }
    }

    private func takeRepetition(in bytes: [UInt8]) -> Bool {
        repetition.withLock { marker in
            guard let wanted = marker, bytes.contains(wanted) else { return false }
            marker = nil
            return true
        }
    }

    /// Over a connection of its own, up to the beginning of the answer.
    private func sendForNothing(_ bytes: [UInt8]) {
        let other = connection()
        guard other >= 0 else { return }
        if Loopback.send(bytes, to: other) { _ = Loopback.receive(from: other) }
        close(other)
    }

    /// Negative where the server takes none.
    private func connection() -> Int32 {
        let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = Loopback.address(server.address, server.port)
        if address.withSocketAddress({ connect(number, $0, $1) }) == 0 { return number }
        close(number)
        return -1
    }
}
