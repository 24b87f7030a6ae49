import GlanceModel
import GlanceWire
import HTTP
import HTTPClient

extension GlanceClient {
    /// Bytes of one page of a list.
    private static let listBytesMax = 64 << 20

    /// Public images with their names, types and sizes, or those that `filter` names.
    public func images(_ filter: ImageFilter = ImageFilter()) -> ImageListing<ImageSummary> {
        listing(at: "/images/", filter) { image throws(GlanceError) in try ImageSummary(image) }
    }

    /// Public images with every field, or those that `filter` names.
    public func imagesDetailed(_ filter: ImageFilter = ImageFilter()) -> ImageListing<ImageMetadata> {
        listing(at: "/images/detail", filter) { image throws(GlanceError) in try ImageMetadata(image) }
    }

    func listing<Element>(
        at path: String, _ filter: ImageFilter, _ cancellation: Cancellation? = nil,
        _ make: @escaping (ReportedImage) throws(GlanceError) -> Element
    ) -> ImageListing<Element> {
        ImageListing(limit: filter.limit, after: filter.after, make: make) {
            (count: Int, marker: String?) throws(GlanceError) in
            let request = self.request(
                "GET", "\(path)?\(filter.query(count: count, marker: marker))", Headers(), cancellation)
            let answer = try self.send(request)
            let bytes = try self.bytes(of: answer, cancellation, bytesMax: Self.listBytesMax)
            guard let images = ImageJSON.reportedList(bytes) else {
                throw .malformed(
                    "\(self.server.authority) does not answer as a Glance does: its list is no JSON of images")
            }
            return ImageListing<Element>.Page(images: images, state: answer.headers[ReservedProperty.stateHeader])
        }
    }

    /// One image's metadata, by its id or URI.
    public func image(_ reference: String) throws(GlanceError) -> ImageMetadata {
        try image(reference, cancellation: nil)
    }

    /// The same, and the state of the server's registry at that time; nil where it does not say.
    package func imageAndState(_ reference: String) throws(GlanceError) -> (image: ImageMetadata, state: String?) {
        try imageAndState(reference, within: nil, cancellation: nil)
    }

    private func imageAndState(
        _ reference: String, within limit: TimeLimit?, cancellation: Cancellation?
    ) throws(GlanceError) -> (image: ImageMetadata, state: String?) {
        let answer = try send(request("HEAD", try path(of: reference), Headers(), cancellation), within: limit)
        return (try metadata(answer.headers, of: reference), answer.headers[ReservedProperty.stateHeader])
    }

    /// That state at this moment, by a request whose answer is short; it is waited for up to 5 s.
    package func registryState() throws(GlanceError) -> String? {
        let answer = try send(request("HEAD", "/images/?limit=0", Headers(), nil), within: TimeLimit(seconds: 5))
        return answer.headers[ReservedProperty.stateHeader]
    }

    func image(
        _ reference: String, within limit: TimeLimit? = nil, cancellation: Cancellation?
    ) throws(GlanceError) -> ImageMetadata {
        try imageAndState(reference, within: limit, cancellation: cancellation).image
    }

    func metadata(_ headers: Headers, of reference: String) throws(GlanceError) -> ImageMetadata {
        let id = reference.utf8.split(separator: UInt8(ascii: "/")).last.map { String(Substring($0)) }
        return try ImageMetadata(ImageHeaders.reported(headers), answering: id)
    }

    /// Changes an image's metadata; returns all of it as it is now.
    @discardableResult
    public func update(_ reference: String, _ change: ImageUpdate) throws(GlanceError) -> ImageMetadata {
        try update(reference, change, cancellation: nil)
    }

    func update(
        _ reference: String, _ change: ImageUpdate, cancellation: Cancellation?
    ) throws(GlanceError) -> ImageMetadata {
        var headers = ImageHeaders.fields(try change.fields())
        if change.replacesProperties { headers.add("x-glance-registry-purge-props", "true") }
        let request = request("PUT", try path(of: reference), headers, cancellation)
        return try metadata(of: try send(request), cancellation)
    }

    /// Removes an image and its data. Where `version` is given and the image has another by now, nothing is done, and
    /// `conflict` is thrown.
    public func delete(_ reference: String, version: Int64? = nil) throws(GlanceError) {
        try delete(reference, version: version, cancellation: nil)
    }

    func delete(_ reference: String, version: Int64?, cancellation: Cancellation?) throws(GlanceError) {
        var headers = Headers()
        if let version { headers.add("x-image-meta-version", String(version)) }
        let answer = try send(request("DELETE", try path(of: reference), headers, cancellation))
        _ = try bytes(of: answer, cancellation)
    }

    /// The metadata in an answer `{"image": {…}}`.
    func metadata(of answer: ClientAnswer, _ cancellation: Cancellation?) throws(GlanceError) -> ImageMetadata {
        guard let image = ImageJSON.reported(try bytes(of: answer, cancellation)) else {
            throw .malformed("\(server.authority) does not answer as a Glance does: its answer is no JSON of an image")
        }
        return try ImageMetadata(image)
    }

    func bytes(
        of answer: ClientAnswer, _ cancellation: Cancellation?, bytesMax: Int = 1 << 20
    ) throws(GlanceError) -> [UInt8] {
        try catching(cancellation) { () throws(HTTPClientError) in try answer.bytes(bytesMax: bytesMax) }
    }
}
