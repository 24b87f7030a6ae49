import GlanceModel
import GlanceWire
import HTTP

extension GlanceAPI {
    /// `HEAD /images/<id>`: the metadata. `GET`: the same, and the data.
    func showImage(_ request: Request, id: ImageID, for identity: Identity) throws -> Response {
        let base = try baseURL(for: request)
        let record = try images.image(id, for: identity)
        let image = record.image
        let described = ImageHeaders.fields(image, uri: uri(of: id, base: base))
        guard image.status == .available, let size = image.size else {
            guard request.method == .head else { throw Failure.noData(id) }
            guard Preconditions.evaluate(request, etag: nil, lastModified: nil) == .proceed else {
                throw Failure.preconditionFailed(id)
            }
            return Response(.ok, headers: described)
        }
        switch ContentDelivery(request, size: size, etag: image.etag, lastModified: image.createdAt.seconds) {
        case .preconditionFailed: throw Failure.preconditionFailed(id)
        case .rangeNotSatisfiable: throw RequestFailure.rangeNotSatisfiable(size: size)
        case .notModified: return Response(.notModified, headers: withValidators(of: image, consume described))
        case .whole: return try data(of: record, range: nil, size: size, consume described, for: request)
        case .part(let range): return try data(of: record, range: range, size: size, consume described, for: request)
        }
    }

    private func data(
        of record: ImageRecord, range: ByteRange?, size: Int64, _ described: consuming Headers,
        for request: Request
    ) throws -> Response {
        if request.method == .get, request.gatewayMaySend, let path = try images.gatewayPath(of: record) {
            var response = Response(.ok, headers: gatewayHeaders(record.image, path, described))
            response.gatewayBytes = range?.count ?? size
            return response
        }
        var headers = withValidators(of: record.image, consume described)
        headers.add("Content-Type", Self.dataType)
        if let range {
            headers.add("Content-Range", range.contentRange(of: size))
        } else {
            // As nginx does: what accepts ranges is said with the whole alone.
            headers.add("Accept-Ranges", "bytes")
        }
        if request.method == .head {
            headers.add("Content-Length", String(size))
            return Response(.ok, headers: headers)
        }
        let part = range.map { ByteRangeInStore(offset: $0.first, count: $0.count) }
        return Response(
            range == nil ? .ok : .partialContent, headers: headers,
            body: .stream(try images.read(record, range: part), length: range?.count ?? size))
    }

    /// The gateway sends the file itself. It keeps few of our header fields, so those that describe the image travel in
    /// one, as JSON, and nginx/glance.js puts them back.
    private func gatewayHeaders(_ image: Image, _ path: String, _ described: Headers) -> Headers {
        var json = JSONText(asciiOnly: true)
        var separator: StaticString = "{"
        for field in described.fields {
            json.raw(separator)
            json.string(field.name)
            json.raw(":")
            json.string(field.value)
            separator = ","
        }
        json.raw("}")
        var headers = withValidators(of: image, Headers())
        headers.add("Content-Type", Self.dataType)
        headers.add("X-Accel-Redirect", path)
        headers.add("X-Glance-Headers", String(decoding: json.bytes, as: UTF8.self))
        return headers
    }

    private func withValidators(of image: Image, _ headers: consuming Headers) -> Headers {
        headers.add("ETag", image.etag)
        headers.add("Last-Modified", HTTPDate.text(image.createdAt.seconds))
        if !image.isPublic { headers.add("Cache-Control", "private, no-store") }
        return headers
    }

    private static let dataType = "application/octet-stream"
}

extension Request {
    /// nginx compares `If-Match` with a tag of its own making and would answer 412 to ours.
    fileprivate var gatewayMaySend: Bool { headers["if-match"] == nil }
}
