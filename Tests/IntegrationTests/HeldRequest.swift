import Foundation
import Testing

/// A request that is sent by hand over a TCP connection, so that it can stop anywhere.
final class HeldRequest {
    private let number: Int32

    init(_ site: Site, _ text: String) throws {
        number = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        let connected = withLoopbackAddress(site.port) { connect(number, $0, $1) }
        try #require(connected == 0)
        var bound = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(number, SOL_SOCKET, SO_RCVTIMEO, &bound, socklen_t(MemoryLayout<timeval>.size))
        try send(text)
    }

    /// The head of a POST of an image of `length` bytes, of which `sent` bytes go out.
    convenience init(uploadTo site: Site, id: String? = nil, length: Int, sent: Int) throws {
        let head = """
            POST /images HTTP/1.1\r\nHost: 127.0.0.1:\(site.port)\r\nConnection: close\r\n\
            x-image-meta-name: Held\r\nx-image-meta-type: raw\r\nContent-Length: \(length)\r\n\
            \(id.map { "x-image-meta-id: \($0)\r\n" } ?? "")\r\n
            """
        try self.init(site, head + String(repeating: "x", count: sent))
    }

    deinit {
        close(number)
    }

    func send(_ text: String) throws {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            try #require(count > 0)
            rest = rest.dropFirst(count)
        }
    }

    /// Everything until the other end closes.
    func answer() -> String {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65536)
        while case let count = recv(number, &piece, piece.count, 0), count > 0 { bytes += piece[..<count] }
        return String(decoding: bytes, as: UTF8.self)
    }
}
