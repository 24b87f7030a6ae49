/// A new image, as a client describes it.
package struct ImageDraft: Equatable, Sendable {
    /// Nil: the registry gives a number.
    package var id: ImageID?
    package var name: ImageName
    package var type: ImageType
    package var size: Int64?
    /// Nil: the default store.
    package var store: StoreName?
    package var isPublic: Bool
    package var properties: ImageProperties
    package var sha256: SHA256Digest?

    package init(
        id: ImageID? = nil, name: ImageName, type: ImageType, size: Int64? = nil, store: StoreName? = nil,
        isPublic: Bool = false, properties: ImageProperties = ImageProperties(), sha256: SHA256Digest? = nil
    ) {
        self.id = id
        self.name = name
        self.type = type
        self.size = size
        self.store = store
        self.isPublic = isPublic
        self.properties = properties
        self.sha256 = sha256
    }
}

/// A change of an image's metadata: what is nil stays as it is.
package struct ImageChange: Equatable, Sendable {
    package var id: String?
    package var name: ImageName?
    package var type: ImageType?
    package var size: Int64?
    package var store: StoreName?
    package var isPublic: Bool?
    package var properties = ImageProperties()
    /// True: `properties` replace what is there; false: they are put over it.
    package var replacesProperties = false
    package var sha256: SHA256Digest?
    /// The version that the client has seen; another one now means that nothing is done.
    package var version: Int64?

    package init() {}
}

extension Image {
    /// This image with `change` made to it. What data has fixed can only be given as it is.
    package func changed(_ change: ImageChange, at now: Timestamp) throws(Failure) -> Image {
        try allows(change)
        var image = self
        image.name = change.name ?? name
        image.type = change.type ?? type
        image.isPublic = change.isPublic ?? isPublic
        if status == .queued {
            image.size = change.size ?? size
            image.sha256 = change.sha256 ?? sha256
            image.store = change.store ?? store
        }
        if change.replacesProperties { image.properties = ImageProperties() }
        image.properties.merge(change.properties)
        image.updatedAt = max(updatedAt, now)
        image.version = version + 1
        return image
    }

    private func allows(_ change: ImageChange) throws(Failure) {
        if let given = change.version, given != version { throw .versionConflict(id, current: version) }
        if let given = change.id, given != id.text { throw .fieldImmutable(id, field: "id") }
        guard status == .available else { return }
        if let given = change.size, given != size { throw .fieldImmutable(id, field: "size") }
        if let given = change.store, given != store { throw .fieldImmutable(id, field: "store") }
        if let given = change.sha256, given != sha256 { throw .fieldImmutable(id, field: "sha256") }
    }
}
