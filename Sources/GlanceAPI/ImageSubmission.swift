import Bytes
import GlanceModel
import GlanceWire
import HTTP

/// What a POST or PUT brings: fields of an image, and its data if there are any.
struct ImageSubmission {
    let fields: ImageFields
    let body: ImageBody?

    /// Reads the fields, from the headers or from a JSON body, which `readJSON` brings; data are only looked at from
    /// outside.
    init(_ request: Request, readJSON: () throws -> [UInt8]) throws {
        try Self.checkEncoding(request.headers)
        if request.hasJSONBody {
            guard !ImageHeaders.arePresent(in: request.headers) else { throw RequestFailure.jsonBesideHeaders }
            fields = try ImageJSON.read(try readJSON())
            body = nil
        } else {
            fields = try ImageHeaders.read(request.headers)
            body = Self.data(of: request, declaredSize: fields.texts[.size])
        }
    }

    /// No body means no data; a body of no bytes means data only where the client said that the image has none.
    private static func data(of request: Request, declaredSize: String?) -> ImageBody? {
        guard let length = request.bodyLength, length > 0 || declaredSize == "0" else { return nil }
        return ImageBody(length: length, source: request.body)
    }

    /// Whether the request brings data, as far as its head tells.
    static func hasData(_ request: Request) -> Bool {
        !request.hasJSONBody && data(of: request, declaredSize: request.headers["x-image-meta-size"]) != nil
    }

    private static func checkEncoding(_ headers: Headers) throws(RequestFailure) {
        if headers.mediaType.hasPrefix("multipart/") { throw .multipart }
        let coding = headers["content-encoding"]?.lowercased() ?? ""
        guard ["", "identity"].contains(coding) else { throw .encodedBody(header: "Content-Encoding") }
        let transfer = headers["content-transfer-encoding"]?.lowercased() ?? ""
        guard ["", "binary", "8bit", "7bit"].contains(transfer) else {
            throw .encodedBody(header: "Content-Transfer-Encoding")
        }
    }
}

extension GlanceAPI {
    /// What a request brings.
    func submission(_ request: Request) throws -> ImageSubmission {
        try ImageSubmission(request) { try readJSON(request) }
    }

    /// A body that is not here yet takes a transfer's place while it comes: of clients who are slow with theirs, none
    /// takes a thread that metadata need.
    private func readJSON(_ request: Request) throws -> [UInt8] {
        guard let length = request.bodyLength, length <= settings.jsonBytesMax else {
            throw RequestFailure.jsonTooLong(limit: Int(settings.jsonBytesMax))
        }
        let slot = request.bodyBytesHere < length ? try images.transfers.take() : nil
        defer { withExtendedLifetime(slot) {} }
        let end = images.surroundings.uptime() + settings.jsonSecondsMax
        let (chunk, sink) = (Chunk(), MemorySink())
        do {
            while case let count = try request.body.read(into: chunk.bytes), count > 0 {
                guard images.surroundings.uptime() <= end else { throw StreamError.timedOut }
                sink.write(UnsafeRawBufferPointer(rebasing: chunk.bytes[..<count]))
            }
        } catch StreamError.timedOut {
            throw Failure.clientSilent
        } catch StreamError.closed {
            throw Failure.clientGone
        }
        return sink.bytes
    }
}

extension Request {
    /// A body of this type is metadata, whatever it holds.
    fileprivate var hasJSONBody: Bool {
        (bodyLength ?? 0) > 0 && headers.mediaType == "application/json"
    }
}

extension Headers {
    /// The body's media type without its parameters, in lower case.
    fileprivate var mediaType: String {
        let type = self["content-type"]?.prefix { $0 != ";" } ?? ""
        return type.filter { $0 != " " }.lowercased()
    }
}
