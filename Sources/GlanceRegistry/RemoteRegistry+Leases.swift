import GlanceModel

extension RemoteRegistry {
    package func beginSaving(
        _ id: ImageID, version: Int64, lease: Lease, within quota: OwnerQuota?
    ) throws(Failure) -> Bool {
        try service.change(id) { record throws(Failure) in
            guard record.image.status == .queued, record.image.version == version else { return false }
            record.image.status = .saving
            record.attempt = try attempt(lease, wasQueued: true)
            return true
        }
    }

    package func renew(_ lease: Lease, of id: ImageID) throws(Failure) -> Bool {
        try service.change(id) { record throws(Failure) in
            guard record.isHeld(by: lease), let held = record.attempt else { return false }
            record.attempt = try attempt(lease, wasQueued: held.wasQueued)
            return true
        }
    }

    package func commit(_ image: Image, lease: Lease) throws(Failure) -> Bool {
        var isTried = false
        let isCommitted = try service.change(image.id) { record in
            guard record.isHeld(by: lease) else { return false }
            isTried = true
            record.image = image
            record.image.status = .available
            record.location = lease.bytes.location
            record.attempt = nil
            return true
        }
        // Refused, it may have been done all the same: as a request that arrived twice, before another host's change.
        guard !isCommitted, isTried else { return isCommitted }
        return try isStored(lease, as: image.id)
    }

    /// Whether a commit with this lease has been done.
    private func isStored(_ lease: Lease, as id: ImageID) throws(Failure) -> Bool {
        let record = try service.record(id)
        return record?.image.status == .available && record?.location == lease.bytes.location
    }

    package func release(_ lease: Lease, of id: ImageID, leavesBytes: Bool) throws(Failure) {
        guard leavesBytes else { return try giveBack(id) { $0.isHeld(by: lease) } }
        _ = try service.change(id) { record in
            guard record.isHeld(by: lease) else { return false }
            record.attempt?.hasEnded = true
            return true
        }
        // Nothing can be committed under it any more; what was before stays.
        if try isStored(lease, as: id) { return }
        try doom(lease.bytes)
        try giveBack(id) { $0.attempt?.name == lease.name }
    }

    /// Makes a saving record that `body` names what it was before its attempt: queued, or not there.
    private func giveBack(_ id: ImageID, if body: (RemoteRecord) -> Bool) throws(Failure) {
        let wasQueued = try service.change(id) { record in
            guard body(record), record.attempt?.wasQueued == true else { return false }
            record.image.status = .queued
            record.attempt = nil
            return true
        }
        guard !wasQueued else { return }
        _ = try service.remove(id, if: { body($0) && $0.attempt?.wasQueued == false })
    }

    /// Leases that one round ends.
    private static let leasesMax = 100

    package func hasWorkForJanitor() throws(Failure) -> Bool {
        guard try expired(count: 1).isEmpty else { return true }
        return try !doomed(count: 1).isEmpty
    }

    /// Records whose lease has run out, by the other service's clock.
    private func expired(count: Int) throws(Failure) -> [RemoteRecord] {
        // Asked for in full: those that have run out may stand behind any number of others.
        let all = try service.all(RemoteRecord.workKey, RemoteRecord.Work.lease.rawValue, count: .max)
        let now = try service.client.serverTime
        return Array(all.filter { $0.attempt.map { $0.hasEnded || $0.endsAt < now } == true }.prefix(count))
    }

    /// First the lease is taken back, so that nothing can be committed under it; then its bytes are on the list; then the
    /// record is what it was. Whoever is interrupted in between is followed up by the next.
    package func endLeases() throws(Failure) -> [ImageID] {
        var ended: [ImageID] = []
        for record in try expired(count: Self.leasesMax) {
            guard let attempt = record.attempt else { continue }
            let isTaken = try service.change(record.image.id) { record in
                guard record.attempt?.name == attempt.name, record.attempt?.endsAt == attempt.endsAt else {
                    return false
                }
                record.attempt?.hasEnded = true
                return true
            }
            guard isTaken else { continue }
            if try !isNamed(attempt.bytes, besides: record.image.id) { try doom(attempt.bytes) }
            try giveBack(record.image.id) { $0.attempt?.name == attempt.name && $0.attempt?.hasEnded == true }
            ended.append(record.image.id)
        }
        return ended
    }

    /// Whether another record needs these bytes: where a request to add arrived twice, it has left two of the same.
    private func isNamed(_ bytes: StoredBytes, besides id: ImageID) throws(Failure) -> Bool {
        try service.all(RemoteRecord.bytesKey, RemoteRecord.word(bytes), count: .max).contains {
            $0.image.id != id && $0.doomed == nil
        }
    }

    /// A record of its own for bytes to delete: that of their image may be needed anew.
    private func doom(_ bytes: StoredBytes) throws(Failure) {
        let id = ImageID(recorded: "\(RemoteRole.prefix)bytes-\(try service.newName())")
        let image = Image(
            id: id, name: ImageName(recorded: "bytes to delete"), type: .raw, size: nil, store: bytes.store,
            createdAt: Timestamp(seconds: 0), updatedAt: Timestamp(seconds: 0), status: .deleted, isPublic: false,
            properties: ImageProperties(), owner: "", sha256: nil)
        _ = try service.add(RemoteRecord(image, doomed: bytes), id: id)
    }

    private func doomed(count: Int) throws(Failure) -> [RemoteRecord] {
        try service.all(RemoteRecord.workKey, RemoteRecord.Work.bytes.rawValue, count: count)
    }

    package func doomedBytes(count: Int) throws(Failure) -> [StoredBytes] {
        let all = try doomed(count: .max).compactMap(\.doomed)
        return Array(Set(all).shuffled().prefix(count))
    }

    package func forget(_ bytes: StoredBytes) throws(Failure) {
        for record in try records(of: bytes) where record.doomed == bytes {
            if record.image.id.text.hasPrefix(RemoteRole.prefix) {
                _ = try service.remove(record.image.id) { $0.doomed == bytes }
            } else {
                _ = try service.change(record.image.id) { record in
                    guard record.doomed == bytes else { return false }
                    record.doomed = nil
                    return true
                }
            }
        }
    }

    /// Those that an older version wrote do not say their bytes in a property of its own.
    private func records(of bytes: StoredBytes) throws(Failure) -> [RemoteRecord] {
        let named = try service.all(RemoteRecord.bytesKey, RemoteRecord.word(bytes), count: .max)
        return try named.isEmpty ? doomed(count: .max) : named
    }

    package func takeJanitorLock(holder: String, seconds: Int) throws(Failure) -> Bool {
        let id = ImageID(recorded: RemoteRole.prefix + "janitor")
        let service = try service
        let end = Timestamp(seconds: service.client.serverTime + Int64(seconds))
        let isTaken = try service.change(id) { record in
            let isFree = record.image.owner == holder || record.image.updatedAt.seconds < service.client.serverTime
            record.image.owner = holder
            record.image.updatedAt = end
            return isFree
        }
        guard !isTaken, try service.record(id) == nil else { return isTaken }
        let lock = Image(
            id: id, name: ImageName(recorded: "lock of the janitor"), type: .raw, size: nil, store: .file,
            createdAt: end, updatedAt: end, status: .deleted, isPublic: false, properties: ImageProperties(),
            owner: holder, sha256: nil)
        do throws(Failure) {
            _ = try service.add(RemoteRecord(lock), id: id)
            return true
        } catch .idTaken {
            return false
        }
    }
}

extension RemoteRecord {
    fileprivate func isHeld(by lease: Lease) -> Bool {
        image.status == .saving && attempt?.name == lease.name && attempt?.hasEnded == false
    }
}
