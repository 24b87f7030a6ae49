import Bytes
import GlanceModel
import Glibc
import HTTP
import HTTPClient

/// An image, or a part of one, on its way out of OpenStack Swift. Where that breaks off it goes on from where it stood, so
/// that the client's transfer survives a proxy that dies.
final class SwiftDownload: WaitingSource {
    /// Pauses before each try to go on; bytes that come begin them anew.
    private static let pausesMilliseconds: [Int32] = [100, 300, 1000, 2000, 4000, 8000]

    private let account: SwiftAccount
    private let location: SwiftLocation
    private var answer: ClientAnswer
    private let etag: String
    /// The next byte wanted, the first that is not, and how many the image has.
    private var position: Int64
    private let end: Int64
    private let size: Int64
    private var pauses = pausesMilliseconds[...]
    private var recipient: Recipient?

    /// Throws `storeAway` where the object cannot be had.
    init(_ account: SwiftAccount, _ location: SwiftLocation, range: ByteRangeInStore?) throws(Failure) {
        self.account = account
        self.location = location
        position = range?.offset ?? 0
        let wanted = range.map { Headers(["Range": "bytes=\($0.offset)-\($0.offset + $0.count - 1)"]) } ?? Headers()
        let path = location.path
        answer = try account.send(ClientRequest("GET", path, headers: wanted), secondsMax: nil)
        guard answer.status == (range == nil ? 200 : 206) else { throw swiftFailure(answer.status, "GET of \(path)") }
        let given = Self.range(of: answer)
        guard let length = answer.contentLength, let etag = answer.headers["etag"],
            let size = range == nil ? length : given?.size, range == nil || given?.first == position
        else { throw .storeBroken(.swift, reason: "GET of \(path): it does not say what it sends") }
        self.etag = etag
        self.size = size
        end = position + length
    }

    func serve(_ recipient: Recipient) {
        self.recipient = recipient
        answer.serve(recipient)
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard position < end else { return 0 }
        while true {
            do throws(HTTPClientError) {
                let count = try answer.receive(into: buffer)
                guard count > 0 else { throw .closed }
                position += Int64(count)
                pauses = Self.pausesMilliseconds[...]
                return count
            } catch {
                try goOn(after: error)
            }
        }
    }

    /// Asks for the rest, of the same bytes and no others. Swift ignores `If-Range`; `If-Match` it does not.
    private func goOn(after cause: HTTPClientError) throws {
        guard cause != .unwanted else { throw StreamError.closed }
        var reason = cause.description
        while let pause = pauses.popFirst() {
            try wait(milliseconds: pause)
            var request = ClientRequest(
                "GET", location.path, headers: Headers(["Range": "bytes=\(position)-\(end - 1)", "If-Match": etag]))
            request.recipient = recipient
            do throws(Failure) {
                let next = try account.send(request, secondsMax: nil)
                if next.status == 206, Self.range(of: next)?.first == position, next.contentLength == end - position {
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
        throw SwiftDownloadError(
            path: location.path, object: location.objectPath(at: position, of: size), position: position, end: end,
            reason: reason)
    }

    /// Throws `closed` once the client is gone.
    private func wait(milliseconds: Int32) throws(StreamError) {
        guard let recipient else {
            usleep(UInt32(milliseconds) * 1000)
            return
        }
        guard !recipient.isGone(withinMilliseconds: milliseconds) else { throw .closed }
    }

    /// The first byte that a partial answer has, and how many there are: `Content-Range: bytes 10-19/20`.
    private static func range(of answer: ClientAnswer) -> (first: Int64, size: Int64)? {
        guard let text = answer.headers["content-range"], text.hasPrefix("bytes ") else { return nil }
        let numbers = text.dropFirst(6).split(whereSeparator: { "-/".contains($0) }).map(decimalNumber)
        guard numbers.count == 3, let first = numbers[0], let size = numbers[2] else { return nil }
        return (first, size)
    }
}

/// A download that broke off for good.
struct SwiftDownloadError: Error, CustomStringConvertible {
    let path: String
    /// The one that the next byte is in: of a large image a segment.
    let object: String
    let position: Int64
    let end: Int64
    let reason: String

    var description: String {
        let place = object == path ? "" : ", in \(object)"
        return "the store swift: GET of \(path) broke off at byte \(position) of \(end)\(place): \(reason)"
    }
}

extension Failure {
    /// A few words for the operator.
    fileprivate var storeReason: String {
        if case .storeAway(_, let reason) = self { reason } else { "\(self)" }
    }
}
