import GlanceModel
import HTTP

@testable import GlanceWire

/// An image that header fields make comes back from headers and from JSON as it was, and cannot split an answer.
func checkHeaders(_ bytes: [UInt8]) throws(FuzzFinding) {
    let headers = fields(of: bytes)
    _ = prefersJSON(headers.joined("accept"))
    try checkDates(headers)
    checkConditions(headers)
    let fields: ImageFields
    do throws(Failure) { fields = try ImageHeaders.read(headers) } catch { return try checkTame(error) }
    try require(
        (try? ImageHeaders.read(ImageHeaders.fields(fields))) == fields, "fields as headers come back as others")
    let draft: ImageDraft
    do throws(Failure) {
        _ = try fields.change()
        draft = try fields.draft()
    } catch {
        return try checkTame(error)
    }
    try checkRoundTrip(image(draft))
}

/// As a request's: a name, a colon, a value, and the line's end.
private func fields(of bytes: [UInt8]) -> Headers {
    var headers = Headers()
    for line in bytes.split(separator: UInt8(ascii: "\n")).prefix(64) {
        let end = line.firstIndex(of: UInt8(ascii: ":")) ?? line.endIndex
        let value = line[end...].dropFirst()
        let text = String(validating: value, as: UTF8.self)
        headers.add(
            String(decoding: line[..<end], as: UTF8.self), text ?? String(decoding: value, as: UTF8.self),
            isUTF8: text != nil)
    }
    return headers
}

func image(_ draft: ImageDraft) -> Image {
    let now = Timestamp(seconds: 1_265_189_641)
    return Image(
        id: draft.id ?? ImageID(generated: 1), name: draft.name, type: draft.type, size: draft.size,
        store: draft.store ?? .file, createdAt: now, updatedAt: now, status: .queued, isPublic: draft.isPublic,
        properties: draft.properties, owner: "", sha256: draft.sha256)
}

func checkRoundTrip(_ image: Image) throws(FuzzFinding) {
    let headers = ImageHeaders.fields(image, uri: "http://x/images/\(image.id.text)")
    let head = messageHead(["HTTP/1.1 200 OK"], headers)
    try require(head.count { $0 == 10 } == headers.fields.count + 2, "a field has a line of its own making")
    try require(head.count { $0 < 0x20 } == 2 * (headers.fields.count + 2), "a field has a control character")
    let reported = ImageHeaders.reported(headers)
    try require(reported.name == image.name.text, "the name is another one in headers")
    try require(reported.properties.pairs.count == image.properties.pairs.count, "properties were lost in headers")
    let json = ImageJSON.reported(ImageJSON.one(image, uri: "http://x/images/\(image.id.text)"))
    try require(json?.name == image.name.text, "the name is another one in JSON")
    try require(json?.id == image.id.text, "the id is another one in JSON")
    for (key, value) in image.properties.pairs {
        try require(reported.properties[key] == value, "the property \(key) is another one in headers")
        try require(json?.properties[key] == value, "the property \(key) is another one in JSON")
    }
}

/// What a client wrote comes back in an error without anything that could move a cursor or end a line.
func checkTame(_ failure: Failure) throws(FuzzFinding) {
    let message = failure.message
    try require(message.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }, "an error is not tame")
    try require(message.utf8.count < 3000, "an error has no end")
}

private func checkDates(_ headers: Headers) throws(FuzzFinding) {
    for field in headers.fields {
        guard let seconds = HTTPDate.seconds(field.value) else { continue }
        try require(HTTPDate.seconds(HTTPDate.text(seconds)) == seconds, "a date is another one when it is written")
    }
}

private func checkConditions(_ headers: Headers) {
    for method in [Request.Method.get, .put] {
        let request = Request(method: method, target: RequestTarget("/"), headers: headers, id: "")
        _ = ContentDelivery(request, size: 10, etag: "\"a\"", lastModified: 1_265_189_641)
    }
}
