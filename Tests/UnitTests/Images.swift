import GlanceModel

extension SHA256Digest {
    /// A digest of one digit, 64 times.
    static func of(_ digit: Character) -> SHA256Digest {
        SHA256Digest(String(repeating: digit, count: 64))!
    }
}

extension Image {
    /// An image where only what a test says matters.
    static func made(
        id: String = "7", name: String = "disk", type: ImageType = .raw, size: Int64? = 5,
        status: ImageStatus = .available, isPublic: Bool = false, properties: KeyValuePairs<String, String> = [:],
        owner: String = "", sha256: SHA256Digest? = .of("a"), version: Int64 = 1
    ) throws -> Image {
        var kept = ImageProperties()
        for (key, value) in properties { try kept.add(key, value) }
        return Image(
            id: ImageID(id)!, name: ImageName(name)!, type: type, size: size, store: .file,
            createdAt: Timestamp(seconds: 1_000_000_000), updatedAt: Timestamp(seconds: 1_100_000_000), status: status,
            isPublic: isPublic, properties: kept, owner: owner, sha256: sha256, version: version)
    }
}
