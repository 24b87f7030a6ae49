import Foundation
import Testing

@testable import Workers

@Suite(.scratchDirectory) struct ServiceManagerTests {
    @Test func `it hears at a path in the file system what there is to say`() throws {
        let ear = try Ear("\(ScratchDirectory.path)/notify")
        let manager = try #require(ServiceManager(environment: ["NOTIFY_SOCKET": ear.name]))

        try manager.tellReady("serving, 2 workers")
        try manager.tellReloading()
        try manager.tellAlive()
        try manager.tellStopping()

        #expect(ear.heard() == "READY=1\nSTATUS=serving, 2 workers\n")
        #expect(ear.heard()?.wholeMatch(of: /RELOADING=1\nMONOTONIC_USEC=\d{4,}\n/) != nil)
        #expect(ear.heard() == "WATCHDOG=1\n")
        #expect(ear.heard() == "STOPPING=1\nSTATUS=ending what is in hand\n")
    }

    @Test func `it hears at a name that is in no file system`() throws {
        let ear = try Ear("@glance-test-\(UUID().uuidString)")

        try #require(ServiceManager(environment: ["NOTIFY_SOCKET": ear.name])).tellReady("x")

        #expect(ear.heard() == "READY=1\nSTATUS=x\n")
    }

    @Test func `a status stays one line, and cannot say anything else`() throws {
        let ear = try Ear("@glance-test-\(UUID().uuidString)")

        try #require(ServiceManager(environment: ["NOTIFY_SOCKET": ear.name])).tellReady("one\nMAINPID=1")

        #expect(ear.heard() == "READY=1\nSTATUS=one MAINPID=1\n")
    }

    @Test(arguments: ["", "@", "/", "relative", "vsock:2:1", "/" + String(repeating: "x", count: 108)])
    func `where there is no address of that kind nobody wants to hear anything`(name: String) {
        #expect(ServiceManager(environment: ["NOTIFY_SOCKET": name]) == nil)
        #expect(ServiceManager(environment: [:]) == nil)
    }

    @Test func `a manager that is gone is an error that names its address`() throws {
        let manager = try #require(ServiceManager(environment: ["NOTIFY_SOCKET": "\(ScratchDirectory.path)/gone"]))

        #expect { try manager.tellAlive() } throws: { "\($0)".contains("\(ScratchDirectory.path)/gone") }
    }

    @Test(
        arguments: [
            (["WATCHDOG_USEC": "30000000"], 30_000), (["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"], 30_000),
            (["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "8"], nil), (["WATCHDOG_USEC": "0"], nil),
            (["WATCHDOG_USEC": "often"], nil), ([:], nil),
        ] as [([String: String], Int64?)])
    func `it looks where it says so, and means this process`(environment: [String: String], milliseconds: Int64?) {
        let all = environment.merging(["NOTIFY_SOCKET": "/run/notify"]) { $1 }

        #expect(ServiceManager(environment: all, pid: 7)?.watchdogMilliseconds == milliseconds)
    }
}

/// A service manager's end: a datagram socket.
private final class Ear {
    let name: String
    private let number: Int32

    init(_ name: String) throws {
        self.name = name
        number = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { room in
            room.copyBytes(from: name.utf8)
            if name.hasPrefix("@") { room[0] = 0 }
        }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + name.utf8.count)
        let number = number
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(number, $0, length) }
        }
        try #require(bound == 0)
    }

    deinit { close(number) }

    /// The next message; nil where there is none.
    func heard() -> String? {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = recv(number, &bytes, bytes.count, Int32(MSG_DONTWAIT))
        return count < 0 ? nil : String(decoding: bytes[..<count], as: UTF8.self)
    }
}
