/// What is known of one virtual machine image.
package struct Image: Equatable, Sendable {
    package var id: ImageID
    package var name: ImageName
    package var type: ImageType
    /// Bytes of the data. Of a queued image: what its owner said they will be; nil when nothing was said.
    package var size: Int64?
    package var store: StoreName
    package var createdAt: Timestamp
    /// When the metadata changed last; data that arrives does not move it.
    package var updatedAt: Timestamp
    package var deletedAt: Timestamp?
    package var status: ImageStatus
    package var isPublic: Bool
    package var properties: ImageProperties
    /// The user who added it; empty where nobody has a name.
    package var owner: String
    /// Of the whole data. Of a queued image: what its owner said it will be; nil when nothing was said.
    package var sha256: SHA256Digest?
    /// 1, then one more with each change of the record.
    package var version: Int64

    package init(
        id: ImageID, name: ImageName, type: ImageType, size: Int64?, store: StoreName, createdAt: Timestamp,
        updatedAt: Timestamp, deletedAt: Timestamp? = nil, status: ImageStatus, isPublic: Bool,
        properties: ImageProperties, owner: String, sha256: SHA256Digest?, version: Int64 = 1
    ) {
        self.id = id
        self.name = name
        self.type = type
        self.size = size
        self.store = store
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.deletedAt = deletedAt
        self.status = status
        self.isPublic = isPublic
        self.properties = properties
        self.owner = owner
        self.sha256 = sha256
        self.version = version
    }
}

/// What kind of data an image is.
package enum ImageType: String, CaseIterable, Sendable {
    case kernel, machine, raw, ramdisk
}

/// Where an image is in its life.
package enum ImageStatus: String, CaseIterable, Sendable {
    /// Metadata, no data yet.
    case queued
    /// Data is coming in; nobody sees it.
    case saving
    case available
    /// Gone, and its id with it.
    case deleted
}

/// Seconds since 1970-01-01 UTC.
package struct Timestamp: Comparable, Sendable {
    package let seconds: Int64

    package init(seconds: Int64) {
        self.seconds = seconds
    }

    package static func < (one: Timestamp, other: Timestamp) -> Bool { one.seconds < other.seconds }
}
