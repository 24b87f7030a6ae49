import GlanceClient
import GlanceModel

/// Records in another service that speaks the documented API for metadata: this host keeps no database. Each step is one
/// write of one record there, on condition of the version that was read, so that of two hosts one wins.
package struct RemoteRegistry: ImageRegistry {
    let service: RemoteService
    private let site: String

    package struct Settings: Sendable {
        package var url: String
        package var client: GlanceClient.Settings
        /// A file of this host, for services that count no versions.
        package var lockPath: String
        /// This host's name, by which such a service's only host is known.
        package var host: String

        package init(url: String, client: GlanceClient.Settings, lockPath: String, host: String) {
            (self.url, self.client, self.lockPath, self.host) = (url, client, lockPath, host)
        }
    }

    /// Says in a request that it is a registry's: whoever keeps no records of its own must not pass it on.
    package static let requestHeader = "x-glance-registry-request"

    /// Finds the service's site, and makes it if it is new: `newSite` names it. Throws `registryAway` in words where the
    /// service cannot be a registry, or not this host's.
    package init(
        _ settings: Settings, newSite: String, newName: @escaping @Sendable () -> String
    ) throws(Failure) {
        var client = settings.client
        client.headers.add(Self.requestHeader, "1")
        do throws(GlanceError) {
            let glance = try GlanceClient(url: settings.url, settings: client)
            let role = try RemoteRole.site(on: glance, newSite: newSite, host: settings.host)
            guard role.countsVersions || role.host == settings.host else {
                throw GlanceError.malformed(
                    """
                    it counts no versions of its images, so one host alone can use it, and that is \(role.host): \
                    use a Glance of this kind as the registry of several hosts
                    """)
            }
            site = role.value
            service = RemoteService(
                client: glance, countsVersions: role.countsVersions, lockPath: settings.lockPath, newName: newName)
        } catch {
            throw Failure(error)
        }
    }

    package func siteID() throws(Failure) -> String {
        guard let found = try service.image(RemoteRole.siteID), let role = RemoteRole(found) else {
            throw .registryAway(reason: "it no longer knows this site: was it emptied, or exchanged for another?")
        }
        return role.value
    }

    package func hasImages(in store: StoreName) throws(Failure) -> Bool {
        let available = ImageStatus.available
        guard service.countsVersions else {
            return try service.everything().contains { $0.image.status == available && $0.image.store == store }
        }
        var filter = service.filter(RemoteRecord.statusKey, available.rawValue)
        filter.store = store.text
        return try !service.records(filter, count: 1).isEmpty
    }

    package func record(_ id: ImageID) throws(Failure) -> ImageRecord? {
        guard let record = try service.record(id) else { return nil }
        return ImageRecord(
            image: record.image, location: record.image.status == .available ? record.location : nil, sequence: 0)
    }

    package func reserve(_ draft: NewImage, lease: Lease?) throws(Failure) -> Image {
        let image = draft.image(draft.id ?? ImageID(generated: 0), lease == nil ? .queued : .saving)
        let attempt = try lease.map { lease throws(Failure) in try self.attempt(lease, wasQueued: false) }
        return try service.add(RemoteRecord(image, attempt: attempt), id: draft.id).image
    }

    package func update(_ image: Image) throws(Failure) -> Bool {
        try service.change(image.id) { record in
            guard record.isListed, record.image.version == image.version - 1 else { return false }
            let status = record.image.status
            record.image = image
            record.image.status = status
            return true
        }
    }

    package func delete(_ image: Image, at now: Timestamp) throws(Failure) -> Bool {
        func isMeant(_ record: RemoteRecord) -> Bool {
            record.image.status == image.status && record.image.version == image.version && record.isListed
        }
        guard image.status == .available else { return try service.remove(image.id, if: isMeant) }
        return try service.change(image.id) { record in
            guard isMeant(record) else { return false }
            record.image.status = .deleted
            record.image.deletedAt = now
            record.image.version += 1
            record.doomed = record.location.map { StoredBytes(store: record.image.store, location: $0) }
            record.location = nil
            return true
        }
    }

    /// The lease as the record keeps it: it ends by the other service's clock.
    func attempt(_ lease: Lease, wasQueued: Bool) throws(Failure) -> RemoteRecord.Attempt {
        RemoteRecord.Attempt(
            name: lease.name, store: lease.bytes.store.text, location: lease.bytes.location.text,
            endsAt: service.client.serverTime + Int64(lease.seconds), wasQueued: wasQueued)
    }
}
