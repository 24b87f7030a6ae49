import GlanceModel
import HTTP
import HTTPClient

extension SwiftStore {
    /// Begins an object that nothing may be at yet. A container that somebody removed is made again.
    func startUpload(of path: String, length: Int64) throws(Failure) -> HTTPUpload {
        let request = ClientRequest(
            "PUT", path,
            headers: Headers(["Content-Type": "application/octet-stream", "If-None-Match": "*"]))
        for isAgain in [false, true] {
            switch try account.upload(request, length: length) {
            case .wanted(let upload): return upload
            case .answered(let answer):
                guard answer.status == 404, !isAgain else { throw swiftFailure(answer.status, "PUT of \(path)") }
                try remakeContainers()
            }
        }
        throw swiftFailure(404, "PUT of \(path)")
    }

    /// Makes a large object of its segments: the moment at which the image is there. Its tag is the MD5 of their MD5s, by
    /// which Swift says what it has put together. That may take long, so it is asked for signs of life meanwhile; then
    /// the answer's body says how it went. Where nobody knows what came of it, Swift is asked.
    func putManifest(_ manifest: [UInt8], at location: SwiftLocation, etag: String) throws(Failure) {
        try putWhole(manifest, at: location, query: "?multipart-manifest=put&heartbeat=on", etag: etag)
    }

    /// Stores an image of no bytes.
    func putEmpty(at location: SwiftLocation, etag: String) throws(Failure) {
        try putWhole([], at: location, query: "", etag: etag)
    }

    private func putWhole(
        _ body: [UInt8], at location: SwiftLocation, query: String, etag: String
    ) throws(Failure) {
        let answer: SwiftPut
        do throws(Failure) {
            answer = try putInContainer(body, location.path + query)
        } catch {
            guard try has(etag, at: location) else { throw error }
            return
        }
        switch answer.status {
        case 201 where answer.etag == etag: return
        // Sent again after an answer that was lost.
        case 412 where try has(etag, at: location): return
        case 201, 400:
            throw .storeBroken(.swift, reason: "\(location.path) is not what was sent: \(answer.text)")
        default: throw swiftFailure(answer.status, "PUT of \(location.path)")
        }
    }

    /// The container may be gone although that of the segments is there.
    private func putInContainer(_ body: [UInt8], _ target: String) throws(Failure) -> SwiftPut {
        let request = ClientRequest(
            "PUT", target,
            headers: Headers([
                "Content-Type": "application/octet-stream", "If-None-Match": "*", "Accept": "application/json",
            ]), body: body)
        let answer = try SwiftPut(account.send(request, secondsMax: nil))
        guard answer.status == 404 else { return answer }
        try remakeContainers()
        return try SwiftPut(account.send(request, secondsMax: nil))
    }

    private func has(_ etag: String, at location: SwiftLocation) throws(Failure) -> Bool {
        let answer = try account.ask("HEAD", location.path)
        return answer.status == 200 && unquoted(answer.headers["etag"]) == etag
    }
}
