import GlanceModel
import GlanceWire
import HTTP

extension GlanceAPI {
    /// `HEAD /images/<id>`: the metadata. `GET`: the same, and the data.
    func showImage(_ request: Request, id: ImageID) throws -> Response {
        let base = try baseURL(for: request)
        let record = try images.image(id, for: try caller(request, base: base))
        let fields = ImageHeaders.fields(record.image, uri: uri(of: id, base: base))
        guard record.image.status == .available, let size = record.image.size else {
            guard request.method == .head else { throw Failure.noData(id) }
            return Response(.ok, headers: Headers(fields))
        }
        switch ContentDelivery(
            request, size: size, etag: record.image.etag, lastModified: record.image.createdAt.seconds)
        {
        case .preconditionFailed: throw Failure.preconditionFailed(id)
        case .rangeNotSatisfiable: throw RequestFailure.rangeNotSatisfiable(size: size)
        case .notModified: return Response(.notModified, headers: Headers(fields + validators(record.image)))
        case .whole: return try data(of: record, range: nil, size: size, fields, for: request)
        case .part(let range): return try data(of: record, range: range, size: size, fields, for: request)
        }
    }

    private typealias Fields = [(name: String, value: String)]

    private func data(
        of record: ImageRecord, range: ByteRange?, size: Int64, _ fields: Fields, for request: Request
    ) throws -> Response {
        let common = [("Content-Type", "application/octet-stream")] + validators(record.image)
        if request.method == .head {
            return Response(.ok, headers: Headers(fields + common + [acceptsRanges, ("Content-Length", String(size))]))
        }
        if request.gatewayMaySend, let path = try images.gatewayPath(of: record) {
            return Response(.ok, headers: Headers(common + gatewayFields(path, fields)))
        }
        let part = range.map { ByteRangeInStore(offset: $0.first, count: $0.count) }
        let source = try images.read(record, range: part)
        // As nginx does: what accepts ranges is said with the whole alone.
        let about = range.map { ("Content-Range", $0.contentRange(of: size)) } ?? acceptsRanges
        return Response(
            range == nil ? .ok : .partialContent, headers: Headers(fields + common + [about]),
            body: .stream(source, length: range?.count ?? size))
    }

    /// The gateway sends the file itself. It keeps few of our header fields, so those that describe the image travel in
    /// one, as JSON, and nginx/glance.js puts them back.
    private func gatewayFields(_ path: String, _ fields: Fields) -> Fields {
        var json = JSONText(asciiOnly: true)
        json.raw("{")
        for (index, field) in fields.enumerated() {
            if index > 0 { json.raw(",") }
            json.string(field.name)
            json.raw(":")
            json.string(field.value)
        }
        json.raw("}")
        return [("X-Accel-Redirect", path), ("X-Glance-Headers", String(decoding: json.bytes, as: UTF8.self))]
    }

    private func validators(_ image: Image) -> Fields {
        let always = [("ETag", image.etag), ("Last-Modified", HTTPDate.text(image.createdAt.seconds))]
        return image.isPublic ? always : always + [("Cache-Control", "private, no-store")]
    }

    private var acceptsRanges: (name: String, value: String) { ("Accept-Ranges", "bytes") }
}

extension Request {
    /// nginx compares `If-Match` with a tag of its own making and would answer 412 to ours.
    fileprivate var gatewayMaySend: Bool { headers["if-match"] == nil }
}
