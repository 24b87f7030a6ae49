import Bytes

extension ImageService {
    /// Stores the data of a saving record and makes it available, in the order in which nobody ever sees a record whose
    /// bytes are not whole: bytes, digest, durable bytes, record.
    func save(_ body: ImageBody, as image: Image, in store: any ImageStore, under lease: Lease) throws(Failure) -> Image
    {
        let content: StoredContent
        do throws(Failure) {
            var keeper = LeaseKeeper(lease, of: image.id, since: surroundings.uptime())
            let upload = try store.create(at: lease.bytes.location, size: body.length, createdAt: image.createdAt)
            content = try receive(body, into: upload, keeping: &keeper)
            try check(content, against: image)
            // The whole lease is left for the last sync.
            try keeper.refresh(in: registry, at: surroundings.uptime())
            try upload.commit()
        } catch {
            giveUp(lease, of: image.id, in: store, after: error)
            throw error
        }
        var available = image
        available.status = .available
        available.size = content.size
        available.sha256 = content.sha256
        try publish(available, in: store, under: lease)
        return available
    }

    private func receive(
        _ body: ImageBody, into upload: any ImageUpload, keeping keeper: inout LeaseKeeper
    ) throws(Failure) -> StoredContent {
        let chunk = Chunk()
        while case let count = try read(body.source, into: chunk), count > 0 {
            try upload.write(UnsafeRawBufferPointer(rebasing: chunk.bytes[..<count]))
            try keeper.keep(in: registry, at: surroundings.uptime())
        }
        return try upload.finish()
    }

    private func read(_ source: any ByteSource, into chunk: Chunk) throws(Failure) -> Int {
        do {
            return try source.read(into: chunk.bytes)
        } catch StreamError.timedOut {
            throw .clientSilent
        } catch {
            throw .clientGone
        }
    }

    private func check(_ content: StoredContent, against image: Image) throws(Failure) {
        if let declared = image.size, declared != content.size {
            throw .sizeMismatch(declared: declared, received: content.size)
        }
        if let declared = image.sha256, declared != content.sha256 {
            throw .digestMismatch(declared: declared, received: content.sha256)
        }
    }

    /// The one step that makes an upload count. Where nobody knows whether it was done, or still will be, the lease is
    /// taken back: from then on it cannot be, and the record tells.
    private func publish(_ image: Image, in store: any ImageStore, under lease: Lease) throws(Failure) {
        let isPublished: Bool
        do throws(Failure) {
            isPublished = try registry.commit(image, lease: lease)
        } catch {
            let found: ImageRecord?
            // Unreachable: the bytes stay, and the lease names them for the janitor.
            guard (try? registry.release(lease, of: image.id, leavesBytes: true)) != nil else { throw error }
            do { found = try registry.record(image.id) } catch _ { throw error }
            if found?.image.status == .available, found?.location == lease.bytes.location { return }
            removeDoomed(lease.bytes)
            throw error
        }
        guard !isPublished else { return }
        giveUp(lease, of: image.id, in: store, after: .leaseLost(image.id))
        throw .leaseLost(image.id)
    }

    /// Takes back what an attempt left: bytes first, because the lease is what names them. Those that cannot be removed
    /// now are the janitor's; the id is free again for whoever tries once more.
    private func giveUp(_ lease: Lease, of id: ImageID, in store: any ImageStore, after failure: Failure) {
        var leavesBytes = true
        // Who waits for the answer does not wait for a service that is away a second time.
        if !(store.isRemote && failure.isStoreAway) {
            do throws(Failure) {
                try store.remove(lease.bytes.location)
                leavesBytes = false
            } catch {}
        }
        // Where this fails too, the lease runs out, and the janitor does both.
        try? registry.release(lease, of: id, leavesBytes: leavesBytes)
    }
}

extension Failure {
    fileprivate var isStoreAway: Bool { if case .storeAway = self { true } else { false } }
}

/// Puts off the end of a lease whenever a third of it is over: often enough, and seldom enough not to cost an upload a
/// commit of the registry that it does not need.
private struct LeaseKeeper {
    private let lease: Lease
    private let id: ImageID
    private var renewedAt: Int64

    /// `uptime` in seconds is when the lease began.
    init(_ lease: Lease, of id: ImageID, since uptime: Int64) {
        self.lease = lease
        self.id = id
        renewedAt = uptime
    }

    mutating func keep(in registry: any ImageRegistry, at uptime: Int64) throws(Failure) {
        guard (uptime - renewedAt) * 3 >= Int64(lease.seconds) else { return }
        try renew(in: registry, at: uptime)
    }

    /// As if the lease began now. What was quick needs no commit for that.
    mutating func refresh(in registry: any ImageRegistry, at uptime: Int64) throws(Failure) {
        guard uptime > renewedAt else { return }
        try renew(in: registry, at: uptime)
    }

    private mutating func renew(in registry: any ImageRegistry, at uptime: Int64) throws(Failure) {
        guard try registry.renew(lease, of: id) else { throw .leaseLost(id) }
        renewedAt = uptime
    }
}
