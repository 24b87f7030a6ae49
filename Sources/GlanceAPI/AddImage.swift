import GlanceModel
import GlanceWire
import HTTP

extension GlanceAPI {
    /// `POST /images/`: adds an image, with its data or queued until they come.
    func addImage(_ request: Request, for identity: Identity) throws -> Response {
        let base = try baseURL(for: request)
        let caller = caller(identity, request, base: base)
        try caller.identity.mayWrite()
        let submission = try submission(request)
        let draft = try submission.fields.draft()
        try checkNothingIsThere(request)
        let image = try images.add(draft, body: submission.body, for: caller)
        return described(image, base: base, headers: Headers(["Location": uri(of: image.id, base: base)]))
    }

    /// A new image has no tag that a condition could name.
    private func checkNothingIsThere(_ request: Request) throws(Failure) {
        guard Preconditions.evaluate(request, etag: nil, lastModified: nil, exists: false) == .proceed else {
            throw .preconditionFailed(nil)
        }
    }

    /// 200, and the whole record as JSON.
    func described(_ image: Image, base: String, headers: Headers = Headers()) -> Response {
        var headers = headers
        headers.add("Content-Type", "application/json")
        return Response(.ok, headers: headers, body: .bytes(ImageJSON.one(image, uri: uri(of: image.id, base: base))))
    }
}
