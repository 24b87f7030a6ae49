import Bytes
import GlanceModel
import Glibc
import HTTP
import HTTPClient

/// An image, or a part of one, on its way out of OpenStack Swift. Where that breaks off it goes on from where it stood, so
/// that the client's transfer survives a proxy that dies.
final class SwiftDownload: ByteSource {
    /// Pauses before each try to go on; bytes that come begin them anew.
    private static let pausesMilliseconds: [UInt32] = [100, 300, 1000, 2000, 4000, 8000]

    private let account: SwiftAccount
    private let path: String
    private var answer: ClientAnswer
    private let etag: String
    /// The next byte wanted, and the first that is not.
    private var position: Int64
    private let end: Int64
    private var pauses = pausesMilliseconds[...]

    /// Throws `storeAway` where the object cannot be had.
    init(_ account: SwiftAccount, _ path: String, range: ByteRangeInStore?) throws(Failure) {
        self.account = account
        self.path = path
        position = range?.offset ?? 0
        let wanted = range.map { Headers(["Range": "bytes=\($0.offset)-\($0.offset + $0.count - 1)"]) } ?? Headers()
        answer = try account.send(ClientRequest("GET", path, headers: wanted), secondsMax: nil)
        guard answer.status == (range == nil ? 200 : 206) else { throw swiftFailure(answer.status, "GET of \(path)") }
        guard let length = answer.contentLength, let etag = answer.headers["etag"],
            range == nil || Self.first(of: answer) == position
        else { throw .storeBroken(.swift, reason: "GET of \(path): it does not say what it sends") }
        self.etag = etag
        end = position + length
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard position < end else { return 0 }
        while true {
            do {
                let count = try answer.read(into: buffer)
                guard count > 0 else { throw HTTPClientError.closed }
                position += Int64(count)
                pauses = Self.pausesMilliseconds[...]
                return count
            } catch let error as HTTPClientError {
                try goOn(after: error)
            }
        }
    }

    /// Asks for the rest, of the same bytes and no others. Swift ignores `If-Range`; `If-Match` it does not.
    private func goOn(after cause: HTTPClientError) throws(SwiftDownloadError) {
        var reason = cause.description
        while let pause = pauses.popFirst() {
            usleep(pause * 1000)
            let headers = Headers(["Range": "bytes=\(position)-\(end - 1)", "If-Match": etag])
            do throws(Failure) {
                let next = try account.send(ClientRequest("GET", path, headers: headers), secondsMax: nil)
                if next.status == 206, Self.first(of: next) == position, next.contentLength == end - position {
                    answer = next
                    return
                }
                reason = "HTTP \(next.status)"
                // Changed, gone, or with a hole: it will not be whole again.
                if [404, 409, 412, 416].contains(next.status) { break }
            } catch {
                reason = error.storeReason
            }
        }
        throw SwiftDownloadError(path: path, position: position, end: end, reason: reason)
    }

    /// The first byte that a partial answer has, of `Content-Range: bytes 10-19/20`.
    private static func first(of answer: ClientAnswer) -> Int64? {
        guard let range = answer.headers["content-range"], range.hasPrefix("bytes ") else { return nil }
        return decimalNumber(range.dropFirst(6).prefix { $0 != "-" })
    }
}

/// A download that broke off for good.
struct SwiftDownloadError: Error, CustomStringConvertible {
    let path: String
    let position: Int64
    let end: Int64
    let reason: String

    var description: String { "the store swift: GET of \(path) broke off at byte \(position) of \(end): \(reason)" }
}

extension Failure {
    /// A few words for the operator.
    fileprivate var storeReason: String {
        if case .storeAway(_, let reason) = self { reason } else { "\(self)" }
    }
}
