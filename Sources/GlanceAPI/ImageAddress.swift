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

    /// Where the operator named the hosts that this service is, any other one is refused: else a page in a browser on this
    /// host could speak to it under a name of its own (DNS rebinding).
    func checkHost(of request: Request) throws(RequestFailure) {
        guard !settings.hosts.isEmpty, let host = request.headers["host"]?.lowercased(), !host.isEmpty else { return }
        guard settings.hosts.contains(host) || settings.hosts.contains(withoutPort(host)) else {
            throw .foreignHost(host)
        }
    }

    /// What a handler asks the image service on behalf of this request's client.
    func caller(_ identity: Identity, _ request: Request, base: String) -> Caller {
        let limit = settings.headerBytesMax
        return Caller(
            identity,
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

/// `example.com:80` and `[::1]:80` without the port.
private func withoutPort(_ host: String) -> String {
    guard let colon = host.lastIndex(of: ":"),
        host[colon...].dropFirst().utf8.allSatisfy({ (0x30...0x39).contains($0) })
    else { return host }
    return String(host[..<colon])
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
