import Bytes
import Glibc

extension Connection {
    /// Connects to the first of a host's addresses that answers, within `secondsMax` for all of them. `watch` is told
    /// each socket that is waited for, and nil before it is closed.
    package static func connect(
        host: String, port: UInt16, secondsMax: Int, watch: (Int32?) -> Void = { _ in }
    ) throws(ConnectError) -> Connection {
        let deadline = Deadline(seconds: secondsMax)
        var failure: PosixError?
        for address in try SocketAddress.resolve(host: host, port: port) {
            do throws(PosixError) {
                return try connect(to: address, deadline, watch)
            } catch {
                failure = error
            }
        }
        throw ConnectError(host: host, port: port, reason: failure.map(String.init(describing:)) ?? "it has no address")
    }

    /// Connects within the deadline.
    private static func connect(
        to address: SocketAddress, _ deadline: Deadline, _ watch: (Int32?) -> Void
    ) throws(PosixError) -> Connection {
        let number = socket(address.family, streamWithoutWaiting, 0)
        guard number >= 0 else { throw PosixError("socket") }
        let connection = Connection(owning: number)
        let code = try address.withSocketAddress { Glibc.connect(number, $0, $1) }
        if code != 0 {
            guard errno == EINPROGRESS else { throw PosixError("connect", address.description) }
            watch(number)
            defer { withExtendedLifetime(connection) { watch(nil) } }
            try waitUntilConnected(number, address, deadline)
        }
        // Reads and writes say themselves when they do not wait.
        _ = fcntl(number, F_SETFL, 0)
        if address.family != AF_UNIX { setOption(number, Int32(IPPROTO_TCP), TCP_NODELAY, Int32(1)) }
        return connection
    }

    private static let streamWithoutWaiting = Int32(
        SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)

    private static func waitUntilConnected(
        _ number: Int32, _ address: SocketAddress, _ deadline: Deadline
    ) throws(PosixError) {
        var waited = pollfd(fd: number, events: Int16(POLLOUT), revents: 0)
        var count: Int32
        repeat { count = poll(&waited, 1, deadline.milliseconds) } while count < 0 && errno == EINTR
        guard count != 0 else { throw PosixError("connect", address.description, code: ETIMEDOUT) }
        var code: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        guard count > 0, getsockopt(number, SOL_SOCKET, SO_ERROR, &code, &length) == 0 else {
            throw PosixError("connect", address.description)
        }
        guard code == 0 else { throw PosixError("connect", address.description, code: code) }
    }
}

/// Why there is no connection to a host.
package struct ConnectError: Error, Equatable, CustomStringConvertible {
    package let host: String
    package let port: UInt16
    package let reason: String

    package var description: String { "no connection to \(host) port \(port): \(reason)" }
}

extension SocketAddress {
    /// The addresses of a host, by the system's own resolver (getaddrinfo(3)), which has its own time-outs.
    static func resolve(host: String, port: UInt16) throws(ConnectError) -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, nil, &hints, &list)
        guard code == 0 else {
            throw ConnectError(host: host, port: port, reason: String(cString: gai_strerror(code)))
        }
        defer { freeaddrinfo(list) }
        return sequence(first: list) { $0?.pointee.ai_next }.prefix { $0 != nil }.compactMap { entry in
            entry.flatMap { numericHost($0.pointee) }.map { .tcp(host: $0, port: port) }
        }
    }

    private static func numericHost(_ entry: addrinfo) -> String? {
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let code = getnameinfo(
            entry.ai_addr, entry.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
        return code == 0 ? String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self) : nil
    }
}
