import Bytes

extension ImageService {
    /// Stores the data of a saving record and makes it available, in the order in which nobody ever sees a record whose
    /// bytes are not whole: bytes, digest, durable bytes, record.
    func save(_ body: ImageBody, as image: Image, in store: any ImageStore, under lease: Lease) throws(Failure) -> Image
    {
        let content: StoredContent
        do throws(Failure) {
            let upload = try store.create(at: lease.bytes.location, size: body.length, createdAt: image.createdAt)
            content = try receive(body, into: upload, under: lease, of: image.id)
            try check(content, against: image)
            // The last sync may take a while, and a lease that is lost by now needs no bytes.
            guard try registry.renew(lease, of: image.id) else { throw Failure.leaseLost(image.id) }
            try upload.commit()
        } catch {
            giveUp(lease, of: image.id, in: store)
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
        _ body: ImageBody, into upload: any ImageUpload, under lease: Lease, of id: ImageID
    ) throws(Failure) -> StoredContent {
        let chunk = Chunk()
        var renewed = surroundings.uptime()
        while case let count = try read(body.source, into: chunk), count > 0 {
            try upload.write(UnsafeRawBufferPointer(rebasing: chunk.bytes[..<count]))
            let now = surroundings.uptime()
            guard (now - renewed) * 3 >= Int64(lease.seconds) else { continue }
            guard try registry.renew(lease, of: id) else { throw .leaseLost(id) }
            renewed = now
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

    /// The one step that makes an upload count. Where nobody knows whether it was done, the record is asked.
    private func publish(_ image: Image, in store: any ImageStore, under lease: Lease) throws(Failure) {
        let failure: Failure
        do throws(Failure) {
            if try registry.commit(image, lease: lease) { return }
            failure = .leaseLost(image.id)
        } catch {
            // Unreachable: the bytes stay, and the lease names them for the janitor.
            guard let found = try? registry.record(image.id) else { throw error }
            if found.image.status == .available, found.location == lease.bytes.location { return }
            failure = error
        }
        giveUp(lease, of: image.id, in: store)
        throw failure
    }

    /// Takes back what an attempt left: bytes first, because the lease is what names them. What cannot be done now is
    /// the janitor's once the lease has run out.
    private func giveUp(_ lease: Lease, of id: ImageID, in store: any ImageStore) {
        do {
            try store.remove(lease.bytes.location)
            try registry.release(lease, of: id)
        } catch {}
    }
}
