/// What the images of one owner may come to: queued ones, those whose data come in, and those that have them.
package struct OwnerQuota: Equatable, Sendable {
    package let owner: String
    /// Nil: as many as they like.
    package let imagesMax: Int64?
    /// Of image data; nil: as many as they like.
    package let bytesMax: Int64?

    package init(owner: String, imagesMax: Int64?, bytesMax: Int64?) {
        self.owner = owner
        self.imagesMax = imagesMax
        self.bytesMax = bytesMax
    }

    /// Throws where `added` is more than what `used` leaves. Whoever has too much already may still add what takes nothing.
    package func check(_ used: OwnerUsage, adding added: OwnerUsage) throws(Failure) {
        if let imagesMax, added.images > 0, used.images > imagesMax - added.images {
            throw .tooManyImages(limit: imagesMax)
        }
        if let bytesMax, added.bytes > 0, used.bytes > bytesMax - added.bytes {
            throw .tooManyBytes(added.bytes, left: max(0, bytesMax - used.bytes), limit: bytesMax)
        }
    }
}

/// Images of one owner, and the bytes of their data, those included that come in just now.
package struct OwnerUsage: Equatable, Sendable {
    package let images: Int64
    package let bytes: Int64

    package init(images: Int64, bytes: Int64) {
        self.images = images
        self.bytes = bytes
    }
}
