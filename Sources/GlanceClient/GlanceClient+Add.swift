import Bytes
import Digest
import GlanceWire
import HTTP
import HTTPClient
import SystemLibrary

/// Told how many bytes of an image have passed so far, often. Called by the thread that moves them.
public typealias Progress = @Sendable (_ bytes: Int64) -> Void

extension GlanceClient {
    /// Adds an image: with its data, or queued until they come. Returns what the server then knows, its id for one. The
    /// SHA-256 of what was sent is compared with the server's: `damaged` where they differ.
    @discardableResult
    public func add(
        _ image: ImageDescription, from source: ImageSource? = nil, progress: Progress? = nil
    ) throws(GlanceError) -> ImageMetadata {
        try add(image, from: source, progress: progress, cancellation: nil)
    }

    func add(
        _ image: ImageDescription, from source: ImageSource?, progress: Progress?, cancellation: Cancellation?
    ) throws(GlanceError) -> ImageMetadata {
        let headers = ImageHeaders.fields(try image.fields())
        guard let source else {
            return try metadata(of: try send(request("POST", "/images", headers, cancellation)), cancellation)
        }
        return try upload(request("POST", "/images", headers, cancellation), from: source, progress)
    }

    /// Gives a queued image its data; as `add`.
    @discardableResult
    public func addData(
        to reference: String, from source: ImageSource, progress: Progress? = nil
    ) throws(GlanceError) -> ImageMetadata {
        try addData(to: reference, from: source, progress: progress, cancellation: nil)
    }

    func addData(
        to reference: String, from source: ImageSource, progress: Progress?, cancellation: Cancellation?
    ) throws(GlanceError) -> ImageMetadata {
        try upload(request("PUT", try path(of: reference), Headers(), cancellation), from: source, progress)
    }

    private func upload(
        _ request: ClientRequest, from source: ImageSource, _ progress: Progress?
    ) throws(GlanceError) -> ImageMetadata {
        let source = try source.open()
        var request = request
        request.headers.add("Content-Type", "application/octet-stream")
        if let length = source.length, request.headers["x-image-meta-size"] == nil {
            // An image of no bytes has to say so: no body alone is an image whose data come later.
            request.headers.add("x-image-meta-size", String(length))
        }
        let start = try catching(request.cancellation) { () throws(HTTPClientError) in
            try http.upload(request, length: source.length, to: server, secondsMax: settings.requestSecondsMax)
        }
        switch start {
        case .answered(let answer):
            return try metadata(of: try accepted(answer, request.cancellation), request.cancellation)
        case .wanted(let upload):
            let sent = try send(source, over: upload, request.cancellation, progress)
            let answer = try catching(request.cancellation) { () throws(HTTPClientError) in try upload.finish() }
            let image = try metadata(of: try accepted(answer, request.cancellation), request.cancellation)
            return try verified(image, sent: sent)
        }
    }

    /// Sends all of the source, or as much as the server wants before it answers; its SHA-256.
    private func send(
        _ source: OpenSource, over upload: HTTPUpload, _ cancellation: Cancellation?, _ progress: Progress?
    ) throws(GlanceError) -> String {
        let digest = try DigestBeside()
        let chunk = Chunk(count: DigestBeside.pieceBytes)
        var sent: Int64 = 0
        while sent != source.length {
            let room = UnsafeMutableRawBufferPointer(
                rebasing: chunk.bytes.prefix(Int(clamping: (source.length ?? .max) - sent)))
            let count = try read(source.bytes, into: room)
            guard count > 0 else { break }
            let piece = UnsafeRawBufferPointer(rebasing: room[..<count])
            let goesOn = try digest.hash(piece) { () throws(GlanceError) in
                try catching(cancellation) { () throws(HTTPClientError) in try upload.write(piece) }
            }
            guard goesOn else { return digest.finish() }
            sent += Int64(count)
            progress?(sent)
        }
        if let length = source.length, sent < length {
            throw .file("the source ended after \(sent) of \(length) bytes. Nothing was added")
        }
        return digest.finish()
    }

    private func read(
        _ source: any ByteSource, into room: UnsafeMutableRawBufferPointer
    ) throws(GlanceError) -> Int {
        do { return try source.read(into: room) } catch { throw .file("\(error)") }
    }

    private func verified(_ image: ImageMetadata, sent digest: String) throws(GlanceError) -> ImageMetadata {
        guard image.sha256.isEmpty || image.sha256 == digest else {
            throw .damaged(
                """
                the server has other bytes than were sent (SHA-256 \(image.sha256), not \(digest)): \
                delete the image \(image.id) and add it again
                """)
        }
        return image
    }
}

func newDigest() throws(GlanceError) -> StreamDigest {
    do throws(SystemLibraryError) { return try StreamDigest(.sha256) } catch { throw .file(String(describing: error)) }
}
