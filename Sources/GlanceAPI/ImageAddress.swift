import GlanceModel
import GlanceWire
import HTTP

extension GlanceAPI {
    /// The absolute URI of an image: below `public_url`, else below the scheme, host and port that the request came to.
    func uri(of id: ImageID, base: String) -> String {
        base + "/images/" + id.text
    }

    /// A name of the DNS, a colon, and a port.
    private static let hostBytesMax = 253 + 6

    func baseURL(for request: Request) throws(Failure) -> String {
        if let url = settings.publicURL { return url }
        guard let host = request.headers["host"], !host.isEmpty else {
            let address = request.serverAddress.contains(":") ? "[\(request.serverAddress)]" : request.serverAddress
            return "\(request.scheme)://\(address):\(request.serverPort)"
        }
        // It comes back with every image of a list.
        guard host.utf8.count <= Self.hostBytesMax, host.utf8.allSatisfy(isHostByte) else {
            throw .invalid(field: "Host", problem: "it is no host name or address, with or without a port")
        }
        return request.scheme + "://" + host
    }

    /// What a handler asks the image service on behalf of this request's client.
    func caller(_ request: Request, base: String) throws(Failure) -> Caller {
        let limit = settings.headerBytesMax
        return Caller(
            try authenticate(request),
            precondition: { image throws(Failure) in
                let (etag, modified) = validators(of: image)
                guard Preconditions.evaluate(request, etag: etag, lastModified: modified) == .proceed else {
                    throw .preconditionFailed(image.id)
                }
            },
            showable: { image throws(Failure) in
                let bytes = ImageHeaders.byteCount(image, uri: uri(of: image.id, base: base))
                guard bytes <= limit else { throw .fieldsTooLong(bytes: bytes, limit: limit) }
            })
    }

    /// What tells a client's copy of the data from what is here now; an image without data has nothing to tell by.
    private func validators(of image: Image) -> (etag: String?, lastModified: Int64?) {
        image.status == .available ? (image.etag, image.createdAt.seconds) : (nil, nil)
    }
}

extension Image {
    /// A strong entity tag: data never change, and their SHA-256 names them.
    var etag: String { "\"" + (sha256?.text ?? "") + "\"" }
}

private func isHostByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"),
        UInt8(ascii: ":"), UInt8(ascii: "["), UInt8(ascii: "]"):
        true
    default: false
    }
}
