import Bytes
import Glibc

/// Whoever started this process and wants to hear how it is: systemd, with `Type=notify` and `WatchdogSec=`
/// (sd_notify(3), sd_watchdog_enabled(3)).
package struct ServiceManager: Equatable, Sendable {
    private let path: String
    /// It takes this process for stuck where so long passes without a sign of life; nil where it does not look.
    package let watchdogMilliseconds: Int64?

    private static let sendSecondsMax = 5

    /// Nil where nobody wants to hear anything. `pid` is this process's own.
    package init?(environment: [String: String], pid: pid_t = getpid()) {
        // A path, or with @ a name that is in no file system (unix(7)).
        guard let path = environment["NOTIFY_SOCKET"], path.hasPrefix("/") || path.hasPrefix("@"), path.count > 1,
            path.utf8.count < MemoryLayout.size(ofValue: sockaddr_un().sun_path)
        else { return nil }
        self.path = path
        let isMeant = environment["WATCHDOG_PID"].map { $0 == String(pid) } ?? true
        let microseconds = isMeant ? environment["WATCHDOG_USEC"].flatMap { Int64($0) } : nil
        watchdogMilliseconds = microseconds.flatMap { $0 > 0 ? max(1, $0 / 1000) : nil }
    }

    package func tellReady(_ status: String) throws(PosixError) {
        try tell("READY=1\n\(statusLine(status))")
    }

    /// Until it is told that all is ready again. The time lets it tell this reload from an earlier one.
    package func tellReloading() throws(PosixError) {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        try tell("RELOADING=1\nMONOTONIC_USEC=\(Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)\n")
    }

    package func tellStopping() throws(PosixError) {
        try tell("STOPPING=1\n\(statusLine("ending what is in hand"))")
    }

    package func tellAlive() throws(PosixError) {
        try tell("WATCHDOG=1\n")
    }

    private func statusLine(_ status: String) -> String {
        "STATUS=\(status.replacing("\n", with: " "))\n"
    }

    private func tell(_ state: String) throws(PosixError) {
        let socket = FileDescriptor(
            owning: socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0))
        guard socket.number >= 0 else { throw PosixError("socket") }
        var bound = timeval(tv_sec: Self.sendSecondsMax, tv_usec: 0)
        setsockopt(socket.number, SOL_SOCKET, SO_SNDTIMEO, &bound, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { room in
            room.copyBytes(from: path.utf8)
            if path.hasPrefix("@") { room[0] = 0 }
        }
        let bytes = Array(state.utf8)
        // The name of an abstract socket ends with its length, not with a zero.
        let length = MemoryLayout<sa_family_t>.size + path.utf8.count
        let count = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(socket.number, bytes, bytes.count, Int32(MSG_NOSIGNAL), $0, socklen_t(length))
            }
        }
        guard count == bytes.count else { throw PosixError("sendto", path) }
    }
}
