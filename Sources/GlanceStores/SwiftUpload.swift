import Digest
import FoundationEssentials
import GlanceModel
import HTTP
import HTTPClient

/// An image on its way into OpenStack Swift, as one object or as the segments of one. It is there with `commit`: the last
/// bytes of a plain object are kept back until then, and so is the manifest of a large one.
final class SwiftUpload: ImageUpload {
    private let store: SwiftStore
    private let location: SwiftLocation
    private let size: Int64
    /// Of each object but the last.
    private let objectBytes: Int64
    private let sha256: StreamDigest
    private var written: Int64 = 0
    /// The object that is being sent.
    private var object: SwiftObjectUpload?
    /// Bytes of a plain object that are kept back.
    private var last: [UInt8] = []
    private var segments: [Segment] = []

    /// An entry of a manifest (https://docs.openstack.org/swift/latest/middleware.html#static-large-objects).
    private struct Segment: Encodable {
        let path: String
        let etag: String
        let bytes: Int64

        enum CodingKeys: String, CodingKey {
            case path, etag
            case bytes = "size_bytes"
        }
    }

    init(_ store: SwiftStore, at location: SwiftLocation, size: Int64) throws(Failure) {
        self.store = store
        self.location = location
        self.size = size
        objectBytes = location.segmentBytes(of: size)
        sha256 = try digest(.sha256)
        object = size > 0 ? try beginObject() : nil
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
        sha256.update(bytes)
        var rest = bytes
        while let object, !rest.isEmpty {
            let part = UnsafeRawBufferPointer(rebasing: rest.prefix(Int(clamping: object.rest)))
            rest = UnsafeRawBufferPointer(rebasing: rest[part.count...])
            written += Int64(part.count)
            if location.segments == 0, Int64(part.count) == object.rest {
                last = Array(part)
                return
            }
            try object.write(part)
            if object.rest == 0 { try endSegment(object) }
        }
    }

    private func endSegment(_ object: SwiftObjectUpload) throws(Failure) {
        let number = Int64(segments.count)
        let etag = try object.finish()
        segments.append(Segment(path: location.segmentName(number), etag: etag, bytes: object.length))
        self.object = nil
        self.object = written < size ? try beginObject() : nil
    }

    private func beginObject() throws(Failure) -> SwiftObjectUpload {
        let path = location.segments == 0 ? location.path : location.segmentPath(Int64(segments.count))
        return try SwiftObjectUpload(store, path, length: min(objectBytes, size - written))
    }

    func finish() throws(Failure) -> StoredContent {
        guard let sha256 = SHA256Digest(sha256.finish()) else {
            throw .storeAway(.swift, reason: "libcrypto gave no digest")
        }
        return StoredContent(size: written, sha256: sha256)
    }

    func commit() throws(Failure) {
        guard written == size else { throw .storeBroken(.swift, reason: "\(written) of \(size) bytes came") }
        guard location.segments > 0 else { return try commitObject() }
        let md5 = try digest(.md5)
        for segment in segments { Array(segment.etag.utf8).withUnsafeBytes(md5.update) }
        try store.putManifest(manifest(), at: location, etag: md5.finish())
    }

    private func commitObject() throws(Failure) {
        guard let object else { return try store.putEmpty(at: location, etag: digest(.md5).finish()) }
        try last.withUnsafeBufferPointer { bytes throws(Failure) in
            try object.write(UnsafeRawBufferPointer(bytes))
        }
        _ = try object.finish()
        self.object = nil
    }

    private func manifest() throws(Failure) -> [UInt8] {
        guard let manifest = try? JSONEncoder().encode(segments) else {
            throw .storeBroken(.swift, reason: "the manifest could not be written")
        }
        return Array(manifest)
    }
}

/// One object on its way: what Swift says it has is compared with what was sent.
private final class SwiftObjectUpload {
    let length: Int64
    private(set) var rest: Int64
    private let path: String
    private let account: SwiftAccount
    private let upload: HTTPUpload
    private let md5: StreamDigest

    init(_ store: SwiftStore, _ path: String, length: Int64) throws(Failure) {
        self.path = path
        self.length = length
        rest = length
        account = store.account
        md5 = try digest(.md5)
        upload = try store.startUpload(of: path, length: length)
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
        md5.update(bytes)
        rest -= Int64(bytes.count)
        let goesOn = try catchingSwift { () throws(HTTPClientError) in try upload.write(bytes) }
        guard goesOn else {
            let answer = try catchingSwift { () throws(HTTPClientError) in try upload.finish() }
            throw failure(answer.status)
        }
    }

    /// A token that is refused so late is replaced for those who come next: this client's bytes are gone.
    private func failure(_ status: Int) -> Failure {
        if status == 401 { account.tokens.forget() }
        return swiftFailure(status, "PUT of \(path)")
    }

    /// The object's MD5, which is Swift's name for its bytes.
    func finish() throws(Failure) -> String {
        let expected = md5.finish()
        let found = try storedTag()
        guard found == expected else {
            throw .storeBroken(
                .swift, reason: "PUT of \(path): it has other bytes (\(found)) than were sent (\(expected))")
        }
        return expected
    }

    /// Where the connection broke before Swift's answer, Swift is asked.
    private func storedTag() throws(Failure) -> String {
        let answer: ClientAnswer
        do throws(HTTPClientError) {
            answer = try upload.finish()
            _ = try answer.bytes()
        } catch {
            let found = try account.ask("HEAD", path)
            guard found.status == 200 else { throw swiftAway(error) }
            return unquoted(found.headers["etag"])
        }
        guard answer.status == 201 else { throw failure(answer.status) }
        return unquoted(answer.headers["etag"])
    }
}

private func digest(_ algorithm: StreamDigest.Algorithm) throws(Failure) -> StreamDigest {
    do { return try StreamDigest(algorithm) } catch { throw .storeAway(.swift, reason: error.description) }
}
