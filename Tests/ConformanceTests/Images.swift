import FoundationEssentials
import GlanceModel
import Testing

extension SHA256Digest {
    /// A digest of one digit, 64 times.
    static func of(_ digit: Character) -> SHA256Digest {
        SHA256Digest(String(repeating: digit, count: 64))!
    }
}

extension ImageDraft {
    /// A new image where only what a test says matters.
    static func made(
        id: String? = nil, name: String = "disk", type: ImageType = .raw, size: Int64? = nil, store: StoreName? = .file,
        isPublic: Bool = true, properties: KeyValuePairs<String, String> = [:], sha256: SHA256Digest? = nil
    ) throws -> ImageDraft {
        var kept = ImageProperties()
        for (key, value) in properties { try kept.add(key, value) }
        return ImageDraft(
            id: id.flatMap { ImageID($0) }, name: ImageName(name)!, type: type, size: size, store: store,
            isPublic: isPublic, properties: kept, sha256: sha256)
    }
}

extension NewImage {
    static func made(
        id: String? = nil, name: String = "disk", type: ImageType = .raw, size: Int64? = nil, store: StoreName = .file,
        isPublic: Bool = true, properties: KeyValuePairs<String, String> = [:], owner: String = "",
        createdAt: Int64 = 1000
    ) throws -> NewImage {
        NewImage(
            try .made(id: id, name: name, type: type, size: size, isPublic: isPublic, properties: properties),
            store: store, owner: owner, createdAt: Timestamp(seconds: createdAt))
    }
}

extension Lease {
    /// A lease that no other is, for bytes that no other has.
    static func fresh(seconds: Int = 3600, size: Int64 = 0, store: StoreName = .file) -> Lease {
        let name = UUID().uuidString
        return Lease(
            name: name, bytes: StoredBytes(store: store, location: Location("at/\(name)")), size: size,
            seconds: seconds)
    }

    /// A lease whose time was over before it began.
    static func over() -> Lease { fresh(seconds: -10) }
}

extension ImageRegistry {
    /// Without a quota.
    func reserve(_ draft: NewImage, lease: Lease?) throws(Failure) -> Image {
        try reserve(draft, lease: lease, within: nil)
    }

    /// Without a quota.
    func beginSaving(_ id: ImageID, version: Int64, lease: Lease) throws(Failure) -> Bool {
        try beginSaving(id, version: version, lease: lease, within: nil)
    }
}

extension Image {
    /// This image once `size` bytes of data have come.
    func filled(size: Int64 = 5) -> Image {
        var image = self
        image.status = .available
        image.size = size
        image.sha256 = .of("a")
        return image
    }

    /// This image under another name, as a change of metadata makes it.
    func renamed(_ name: String) -> Image {
        var image = self
        image.name = ImageName(name)!
        image.updatedAt = Timestamp(seconds: updatedAt.seconds + 1)
        image.version += 1
        return image
    }
}

extension ImageRegistry {
    /// The record of that id, which has to be there.
    func found(_ id: ImageID) throws -> ImageRecord {
        try #require(try record(id))
    }

    /// Adds an image that has its data.
    @discardableResult
    func addAvailable(_ new: NewImage, size: Int64 = 5) throws -> Image {
        let lease = Lease.fresh(store: new.store)
        let image = try reserve(new, lease: lease).filled(size: size)
        try #require(try commit(image, lease: lease))
        return image
    }

    /// The ids of a whole list, in order.
    func ids(_ query: ImageQuery) throws -> [String] {
        try page(query, after: nil, count: .max - 1).images.map(\.id.text)
    }
}
