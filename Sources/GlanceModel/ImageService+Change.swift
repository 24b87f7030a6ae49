extension ImageService {
    /// Changes metadata: only what `change` names.
    package func update(_ id: ImageID, _ change: ImageChange, for caller: Caller) throws(Failure) -> Image {
        try checkWriting(by: caller)
        var change = change
        let told = told(&change.properties, by: caller).updatedAt
        for _ in 0..<Self.attemptsMax {
            let image = try changeable(id, by: caller).image
            let changed = try image.changed(change, at: told ?? surroundings.now())
            if let name = change.store { _ = try stores.name(name) }
            guard changed.differs(from: image) else { return image }
            try caller.showable(changed)
            if try registry.update(changed) { return changed }
        }
        throw .registryBusy
    }

    /// Stores the data of a queued image, and changes what `change` names once they are there. A failure leaves the
    /// image queued as it was.
    package func fill(_ id: ImageID, _ change: ImageChange, body: ImageBody, for caller: Caller) throws(Failure)
        -> Image
    {
        try checkWriting(by: caller)
        guard let body = try data(body) else { return try update(id, change, for: caller) }
        for _ in 0..<Self.attemptsMax {
            let queued = try changeable(id, by: caller).image
            guard queued.status == .queued else { throw .dataImmutable(id) }
            var target = try queued.changed(change, at: surroundings.now())
            if !change.changesDescription { target.updatedAt = queued.updatedAt }
            let store = try stores.offered(target.store)
            try caller.showable(target)
            try checkSize(of: body, declared: target.size)

            let slot = try transfers.take()
            defer { withExtendedLifetime(slot) {} }
            try store.checkRoom(for: body.length)
            let lease = try newLease(for: body, in: store)
            let quota = quota(of: queued.owner, for: caller)
            guard try registry.beginSaving(id, version: queued.version, lease: lease, within: quota) else { continue }
            return try save(body, as: target, in: store, under: lease)
        }
        throw .registryBusy
    }

    /// Deletes an image: first the record, then the bytes. Bytes that cannot be removed now stay on the list that the
    /// janitor works off.
    package func delete(_ id: ImageID, version: Int64?, for caller: Caller) throws(Failure) {
        try checkWriting(by: caller)
        for _ in 0..<Self.attemptsMax {
            let record = try changeable(id, by: caller)
            if let version, version != record.image.version {
                throw .versionConflict(id, current: record.image.version)
            }
            guard try registry.delete(record.image, at: surroundings.now()) else { continue }
            if let location = record.location {
                removeDoomed(StoredBytes(store: record.image.store, location: location))
            }
            return
        }
        throw .registryBusy
    }

    /// A store may take its time: where all transfers are taken already, the janitor does it.
    func removeDoomed(_ bytes: StoredBytes) {
        do {
            let slot = try transfers.take()
            defer { withExtendedLifetime(slot) {} }
            try stores.holding(bytes.store).remove(bytes.location)
            try registry.forget(bytes)
        } catch {}
    }
}

extension ImageChange {
    /// True where it says anything that people wrote, and not only what data have to be.
    fileprivate var changesDescription: Bool {
        name != nil || type != nil || isPublic != nil || !properties.pairs.isEmpty || replacesProperties
    }
}

extension Image {
    /// True where a change made any difference beyond the traces that every change leaves.
    fileprivate func differs(from old: Image) -> Bool {
        var same = self
        (same.version, same.updatedAt) = (old.version, old.updatedAt)
        return same != old
    }
}
