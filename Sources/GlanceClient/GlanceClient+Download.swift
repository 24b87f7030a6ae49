import Bytes
import Digest
import GlanceWire
import HTTP
import HTTPClient

extension GlanceClient {
    /// One image: its metadata, and its data to be read. Throws `notFound` where it has none yet.
    public func download(_ reference: String) throws(GlanceError) -> ImageDownload {
        try download(reference, cancellation: Cancellation())
    }

    func download(_ reference: String, cancellation: Cancellation) throws(GlanceError) -> ImageDownload {
        try download(reference, within: TimeLimit(seconds: settings.requestSecondsMax), cancellation)
    }

    private func download(
        _ reference: String, within limit: TimeLimit, _ cancellation: Cancellation
    ) throws(GlanceError) -> ImageDownload {
        let path = try path(of: reference)
        let answer = try send(request("GET", path, Headers(), cancellation), within: limit)
        return try ImageDownload(
            try metadata(answer.headers, of: reference), of: self, path: path, answer: answer, digest: newDigest(),
            within: limit, cancellation)
    }

    /// Brings an image's data into a file, verified and durable: first into `file` with `.part` behind its name, from
    /// which a later call goes on after an interruption of any kind. A `file` that is there stays unless `overwrites`.
    @discardableResult
    public func download(
        _ reference: String, to file: String, overwrites: Bool = false, progress: Progress? = nil
    ) throws(GlanceError) -> ImageMetadata {
        try download(reference, to: file, overwrites: overwrites, progress: progress, cancellation: Cancellation())
    }

    func download(
        _ reference: String, to file: String, overwrites: Bool, progress: Progress?, cancellation: Cancellation
    ) throws(GlanceError) -> ImageMetadata {
        let part = try PartFile(of: file, overwrites: overwrites)
        let resumes = part.length > 0
        let limit = TimeLimit(seconds: settings.requestSecondsMax)
        do throws(GlanceError) {
            let image = try fill(part, with: reference, within: limit, progress, cancellation)
            try part.commit()
            return image
        } catch {
            guard case .damaged = error else { throw error }
            try part.truncate()
            guard resumes else { throw error }
        }
        // What was there before was of something else.
        let image = try fill(part, with: reference, within: limit, progress, cancellation)
        try part.commit()
        return image
    }

    private func fill(
        _ part: PartFile, with reference: String, within limit: TimeLimit, _ progress: Progress?,
        _ cancellation: Cancellation
    ) throws(GlanceError) -> ImageMetadata {
        let download = try open(reference, behind: part, within: limit, cancellation)
        let chunk = Chunk()
        progress?(download.position)
        while case let count = try download.read(into: chunk.bytes), count > 0 {
            try part.write(UnsafeRawBufferPointer(rebasing: chunk.bytes[..<count]))
            progress?(download.position)
        }
        return download.metadata
    }

    /// The data behind those that the part has; all of them where it has none, or more than there are.
    private func open(
        _ reference: String, behind part: PartFile, within limit: TimeLimit, _ cancellation: Cancellation
    ) throws(GlanceError) -> ImageDownload {
        guard part.length > 0 else { return try download(reference, within: limit, cancellation) }
        let image = try image(reference, within: limit, cancellation: cancellation)
        guard !image.sha256.isEmpty, part.length <= image.size else {
            try part.truncate()
            return try download(reference, within: limit, cancellation)
        }
        let path = try path(of: reference)
        let digest = try newDigest()
        try part.readAll { digest.update($0) }
        let answer =
            part.length == image.size
            ? nil : try rest(of: image, at: path, from: part.length, within: limit, cancellation)
        return try ImageDownload(
            image, of: self, path: path, answer: answer, position: part.length, digest: digest, within: limit,
            cancellation)
    }

    /// The data from byte `first` on, of the very image that `metadata` is of.
    func rest(
        of metadata: ImageMetadata, at path: String, from first: Int64, within limit: TimeLimit,
        _ cancellation: Cancellation
    ) throws(GlanceError) -> ClientAnswer {
        let headers = Headers(["Range": "bytes=\(first)-", "If-Range": "\"\(metadata.sha256)\""])
        let answer = try send(request("GET", path, headers, cancellation), within: limit)
        let last = ByteRange(first: first, last: metadata.size - 1)
        guard answer.status == 206, answer.headers["content-range"] == last.contentRange(of: metadata.size) else {
            throw .damaged("the server no longer has the image that the download began with, or gives no ranges of it")
        }
        return answer
    }
}
