import Bytes
import GlanceModel
import GlanceWire
import HTTP

/// What a POST or PUT brings: fields of an image, and its data if there are any.
struct ImageSubmission {
    let fields: ImageFields
    let body: ImageBody?

    /// Reads the fields, from the headers or from a JSON body; data are only looked at from outside.
    init(_ request: Request, jsonBytesMax: Int64) throws {
        try Self.checkEncoding(request.headers)
        if request.hasJSONBody {
            guard !ImageHeaders.arePresent(in: request.headers) else { throw RequestFailure.jsonBesideHeaders }
            fields = try ImageJSON.read(try Self.readWhole(request, limit: jsonBytesMax))
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

    private static func readWhole(_ request: Request, limit: Int64) throws -> [UInt8] {
        guard let length = request.bodyLength, length <= limit else {
            throw RequestFailure.jsonTooLong(limit: Int(limit))
        }
        let sink = MemorySink()
        do {
            _ = try pump(request.body, into: sink)
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
