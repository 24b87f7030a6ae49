extension ImageService {
    /// Adds an image: with `body` its data are stored too, without it the image is queued. All that can be refused is
    /// refused before a byte of the body is read, and a failure leaves nothing.
    package func add(_ draft: ImageDraft, body: ImageBody?, for caller: Caller) throws(Failure) -> Image {
        try checkWriting(by: caller)
        if let id = draft.id, try registry.record(id) != nil { throw .idTaken(id) }
        let body = try data(body)
        var draft = draft
        let createdAt = told(&draft.properties, by: caller).createdAt ?? surroundings.now()
        let new = NewImage(
            draft, store: try stores.name(draft.store), owner: caller.identity.ownerName, createdAt: createdAt)
        try caller.showable(new.atItsLongest)
        let quota = quota(of: new.owner, for: caller)
        guard let body else { return try registry.reserve(new, lease: nil, within: quota) }

        let store = try stores.offered(draft.store)
        try checkSize(of: body, declared: new.size)
        let slot = try transfers.take()
        defer { withExtendedLifetime(slot) {} }
        try store.checkRoom(for: body.length)
        let lease = try newLease(for: body, in: store)
        let image = try registry.reserve(new, lease: lease, within: quota)
        return try save(body, as: image, in: store, under: lease)
    }

    /// The data, or nil where there are none. Without a store a size of 0 is metadata like any other.
    func data(_ body: ImageBody?) throws(Failure) -> ImageBody? {
        guard let body, !stores.keepsData else { return body }
        guard body.length == 0 else { throw .metadataAlone }
        return nil
    }

    /// Where records are kept for another service, which has to be an admin, it is that one which says when an image was
    /// added and changed. What it says is taken out of its properties: the image has fields for it.
    func told(
        _ properties: inout ImageProperties, by caller: Caller
    ) -> (createdAt: Timestamp?, updatedAt: Timestamp?) {
        guard !stores.keepsData, caller.identity.mayEverything else { return (nil, nil) }
        func take(_ key: String) -> Timestamp? { properties.take(key).flatMap { Int64($0) }.map(Timestamp.init) }
        return (take(ReservedProperty.createdAt), take(ReservedProperty.updatedAt))
    }

    func newLease(for body: ImageBody, in store: any ImageStore) throws(Failure) -> Lease {
        let location = try store.location(named: surroundings.newName(), for: body.length)
        return Lease(
            name: surroundings.newName(), bytes: StoredBytes(store: store.name, location: location),
            size: body.length, seconds: limits.leaseSeconds)
    }

    /// What the owner's images may come to; nil where nothing bounds them. Admins are bound by nothing.
    func quota(of owner: String, for caller: Caller) -> OwnerQuota? {
        guard limits.ownerImagesMax != nil || limits.ownerBytesMax != nil, !caller.identity.mayEverything else {
            return nil
        }
        return OwnerQuota(owner: owner, imagesMax: limits.ownerImagesMax, bytesMax: limits.ownerBytesMax)
    }

    /// What is known to be wrong with data before they are read.
    func checkSize(of body: ImageBody, declared: Int64?) throws(Failure) {
        if let declared, declared != body.length { throw .sizeMismatch(declared: declared, received: body.length) }
        guard body.length <= limits.imageBytesMax else { throw .imageTooLarge(limit: limits.imageBytesMax) }
    }
}

extension NewImage {
    /// With the longest values that fields can get which only its data or the registry will fill.
    fileprivate var atItsLongest: Image {
        var image = image(id ?? ImageID(generated: .max), .available)
        image.size = image.size ?? .max
        image.sha256 = image.sha256 ?? SHA256Digest(String(repeating: "0", count: 64))
        return image
    }
}
