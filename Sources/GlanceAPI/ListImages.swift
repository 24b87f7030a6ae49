import Bytes
import GlanceModel
import GlanceWire
import HTTP

extension GlanceAPI {
    /// `GET /images/` and `GET /images/detail`: what is there, an image a line, in memory that does not grow with it.
    func list(_ request: Request, detailed: Bool, for identity: Identity) throws -> Response {
        let base = try baseURL(for: request)
        let question = try ListQuestion(request.target)
        let list = try images.list(question.query, after: question.marker, limit: question.limit, for: identity)
        let headers = Headers(["Content-Type": "application/json"])
        let writer = ListWriter(list, detailed: detailed) { uri(of: $0, base: base) }
        guard list.isLoaded else { return Response(.ok, headers: headers, body: .produced(writer.write)) }
        let sink = MemorySink()
        try writer.write(to: sink)
        return Response(.ok, headers: headers, body: .bytes(sink.bytes))
    }
}

/// Writes a list as `{"images": […]}`, a page at a time.
private final class ListWriter {
    private let list: ImageList
    private let detailed: Bool
    private let uri: (ImageID) -> String

    init(_ list: ImageList, detailed: Bool, uri: @escaping (ImageID) -> String) {
        self.list = list
        self.detailed = detailed
        self.uri = uri
    }

    func write(to sink: any ByteSink) throws {
        var json = JSONText()
        json.raw("{\"images\": [")
        var isFirst = true
        while let page = try list.nextPage() {
            for image in page {
                if isFirst { json.raw("\n") } else { json.raw(",\n") }
                isFirst = false
                writeImage(image, into: &json)
            }
            try json.bytes.withUnsafeBytes(sink.write)
            json = JSONText(capacity: 512 * page.count)
        }
        json.raw("\n]}\n")
        try json.bytes.withUnsafeBytes(sink.write)
    }

    private func writeImage(_ image: Image, into json: inout JSONText) {
        if detailed {
            ImageJSON.writeDetailed(image, uri: uri(image.id), into: &json)
        } else {
            ImageJSON.writeBrief(image, uri: uri(image.id), into: &json)
        }
    }
}
