import Bytes
import Digest
import GlanceWire
import HTTP
import HTTPClient

/// The data of an image as they come in, verified at their end. A download that breaks off goes on where it stood. For
/// one thread at a time; letting go of it before the end closes its connection.
public final class ImageDownload {
    public let metadata: ImageMetadata
    /// Bytes of the image that have come so far.
    public private(set) var position: Int64

    private let client: GlanceClient
    private let path: String
    private let limit: TimeLimit
    private let cancellation: Cancellation
    private let digest: StreamDigest
    /// Nil once all bytes are there, or no more will come.
    private var answer: ClientAnswer?
    /// What ended it, for whoever asks again.
    private var failure: GlanceError?
    private var resumes = 0

    /// `answer` brings the bytes from `position` on; `digest` has seen those before. Nil: they are all there.
    init(
        _ metadata: ImageMetadata, of client: GlanceClient, path: String, answer: ClientAnswer?, position: Int64 = 0,
        digest: StreamDigest, within limit: TimeLimit, _ cancellation: Cancellation
    ) throws(GlanceError) {
        (self.metadata, self.client, self.path, self.answer) = (metadata, client, path, answer)
        (self.position, self.digest, self.limit, self.cancellation) = (position, digest, limit, cancellation)
        guard let answer else {
            try verify()
            return
        }
        if let length = answer.contentLength, length != metadata.size - position {
            throw .malformed(
                "\(client.server.authority) sends \(length) bytes where the image has \(metadata.size - position)")
        }
    }

    /// Fills the front of `buffer` and returns how many bytes it put there; 0 at the end, when they have turned out to be
    /// those of the image. Throws `damaged` where they have not: what was read is then worth nothing.
    public func read(into buffer: UnsafeMutableRawBufferPointer) throws(GlanceError) -> Int {
        if let failure { throw failure }
        while let answer, !buffer.isEmpty {
            do throws(GlanceError) {
                return try read(answer, into: buffer)
            } catch {
                try resume(after: error)
            }
        }
        return 0
    }

    /// The next piece; nil at the end. As `read(into:)`.
    public func next() throws(GlanceError) -> [UInt8]? {
        let chunk = Chunk()
        let count = try read(into: chunk.bytes)
        return count > 0 ? Array(chunk.bytes[..<count]) : nil
    }

    private func read(_ answer: ClientAnswer, into buffer: UnsafeMutableRawBufferPointer) throws(GlanceError) -> Int {
        let count = try client.catching(cancellation) { () throws(HTTPClientError) in
            try answer.receive(into: buffer)
        }
        guard count > 0 else {
            guard position == metadata.size else {
                throw .brokenOff("the server sent \(position) of the image's \(metadata.size) bytes")
            }
            try verify()
            self.answer = nil
            return 0
        }
        position += Int64(count)
        guard position <= metadata.size else {
            throw .damaged("the server sent more than the image's \(metadata.size) bytes")
        }
        digest.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        resumes = 0
        return count
    }

    private func verify() throws(GlanceError) {
        let received = digest.finish()
        guard metadata.sha256.isEmpty || received == metadata.sha256 else {
            throw .damaged("the bytes that came are not the image's: SHA-256 \(received), not \(metadata.sha256)")
        }
    }

    /// Asks for the rest, where what went wrong may go right, the rest is surely of the same bytes, and there is time left.
    private func resume(after error: GlanceError) throws(GlanceError) {
        answer = nil
        var error = error
        while error.mayPass, !metadata.sha256.isEmpty, resumes < client.settings.resumesMax {
            let seconds = pauseSeconds(error)
            if let left = limit.secondsLeft, left <= seconds { break }
            guard !cancellation.comes(withinSeconds: seconds) else { throw .cancelled }
            resumes += 1
            do throws(GlanceError) {
                answer = try client.rest(of: metadata, at: path, from: position, within: limit, cancellation)
                return
            } catch let next {
                error = next
            }
        }
        failure = error
        throw error
    }

    /// 0, 1, 2, 4 … seconds, or as many as the server says.
    private func pauseSeconds(_ error: GlanceError) -> Int {
        let own = resumes == 0 ? 0 : 1 << (resumes - 1)
        return min(60, max(own, error.refusal?.retryAfterSeconds ?? 0))
    }
}

extension GlanceError {
    /// Whether the same request may fare better in a moment.
    var mayPass: Bool {
        switch self {
        case .unreachable, .timedOut, .brokenOff, .unavailable: true
        case .serverFailed(let refusal): refusal.status != 500
        case .badRequest, .loginNeeded, .notAllowed, .notFound, .conflict, .preconditionFailed, .tooLarge, .noSpace,
            .malformed, .damaged, .invalid, .file, .cancelled:
            false
        }
    }
}
