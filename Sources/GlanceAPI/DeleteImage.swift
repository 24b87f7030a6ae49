import GlanceModel
import GlanceWire
import HTTP

extension GlanceAPI {
    /// `DELETE /images/<id>`: 200 with nothing in it.
    func deleteImage(_ request: Request, id: ImageID, for identity: Identity) throws -> Response {
        let caller = caller(identity, request, base: "")
        try caller.identity.mayWrite()
        let version = try ImageHeaders.read(request.headers).version()
        try images.delete(id, version: version, for: caller)
        return Response(.ok, body: .bytes([]))
    }
}
