import GlanceModel
import GlanceWire
import HTTP

extension GlanceAPI {
    /// `PUT /images/<id>`: changes metadata, or brings the data of an image that has none yet.
    func changeImage(_ request: Request, id: ImageID, for identity: Identity) throws -> Response {
        let base = try baseURL(for: request)
        let caller = caller(identity, request, base: base)
        try caller.identity.mayWrite()
        let submission = try submission(request)
        var change = try submission.fields.change()
        change.replacesProperties = request.headers["x-glance-registry-purge-props"]?.lowercased() == "true"
        guard let body = submission.body, try isData(body, for: id, caller) else {
            return described(try images.update(id, change, for: caller), base: base)
        }
        return described(try images.fill(id, change, body: body, for: caller), base: base)
    }

    /// No bytes, and a size of 0 given: the data of a queued image of no bytes, or the metadata of one that is there.
    private func isData(_ body: ImageBody, for id: ImageID, _ caller: Caller) throws(Failure) -> Bool {
        if body.length > 0 { return true }
        return try images.image(id, for: caller.identity).image.status == .queued
    }
}
