import Foundation
import Testing

/// A service manager's end of `NOTIFY_SOCKET`: what a service says of itself comes here.
final class Ear {
    let name = "@glance-test-\(UUID().uuidString)"
    private let number: Int32
    private var unheard: [String] = []

    init() throws {
        number = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) {
            $0.copyBytes(from: name.utf8.map { $0 == UInt8(ascii: "@") ? 0 : $0 })
        }
        let (number, length) = (number, socklen_t(MemoryLayout<sa_family_t>.size + name.utf8.count))
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(number, $0, length) }
        }
        try #require(bound == 0)
    }

    deinit { close(number) }

    /// What has been said and was not read yet.
    func messages() -> [String] {
        var messages: [String] = []
        var bytes = [UInt8](repeating: 0, count: 4096)
        while case let count = recv(number, &bytes, bytes.count, Int32(MSG_DONTWAIT)), count >= 0 {
            messages.append(String(decoding: bytes[..<count], as: UTF8.self))
        }
        return messages
    }

    /// Whether something with this beginning is said before long, behind what it has heard before.
    func hears(_ start: String) -> Bool {
        eventually {
            unheard += messages()
            guard let place = unheard.firstIndex(where: { $0.hasPrefix(start) }) else { return false }
            unheard.removeSubrange(...place)
            return true
        }
    }
}
