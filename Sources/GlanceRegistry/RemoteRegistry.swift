import GlanceClient
import GlanceModel

/// Records in another service that speaks the documented API for metadata: this host keeps no database. Each step is one
/// write of one record there, on condition of the version that was read, so that of two hosts one wins.
package struct RemoteRegistry: ImageRegistry {
    private let connection: Connection
    let answers = RemoteAnswers()

    package struct Settings: Sendable {
        package var url: String
        package var client: GlanceClient.Settings
        /// A file of this host, for services that count no versions.
        package var lockPath: String
        /// Names this host and its service, by which such a registry's only host is known.
        package var host: String
        /// The name of a new site.
        package var newSite: String
        /// A text that never comes twice.
        package var newName: @Sendable () -> String

        package init(
            url: String, client: GlanceClient.Settings, lockPath: String, host: String, newSite: String,
            newName: @escaping @Sendable () -> String
        ) {
            (self.url, self.client, self.lockPath, self.host) = (url, client, lockPath, host)
            (self.newSite, self.newName) = (newSite, newName)
        }
    }

    /// Asks nobody yet: the service may be away for the moment.
    package init(_ settings: Settings) {
        connection = Connection(settings)
    }

    /// The service, once it has turned out to be one that can be a registry, and this host's.
    var service: RemoteService {
        get throws(Failure) { try connection.service() }
    }

    /// What its operator has to know before more is built on it; nil where that is nothing.
    package func limitation() throws(Failure) -> String? {
        let service = try service
        guard !service.countsVersions else { return nil }
        return """
            \(service.client.address) counts no versions of its images: this host alone can use it as its registry, each \
            list is read whole, and whoever reaches it sees every image's metadata
            """
    }

    package var state: String? { nil }

    package func siteID() throws(Failure) -> String {
        guard let found = try service.image(RemoteRole.siteID), let role = RemoteRole(found) else {
            throw .registryAway(reason: "it no longer knows this site: was it emptied, or exchanged for another?")
        }
        return role.value
    }

    package func hasImages(in store: StoreName) throws(Failure) -> Bool {
        let available = ImageStatus.available
        let service = try service
        guard service.countsVersions else {
            return try service.everything().contains { $0.image.status == available && $0.image.store == store }
        }
        var filter = service.filter(RemoteRecord.statusKey, available.rawValue)
        filter.store = store.text
        return try !service.records(filter, count: 1).isEmpty
    }

    package func record(_ id: ImageID) throws(Failure) -> ImageRecord? {
        let service = try service
        return try answers.record(id, state: service.state) { () throws(Failure) in
            try service.recordAndState(id)
        }.map(ImageRecord.init)
    }

    package func reserve(_ draft: NewImage, lease: Lease?, within quota: OwnerQuota?) throws(Failure) -> Image {
        let image = draft.image(draft.id ?? ImageID(generated: 0), lease == nil ? .queued : .saving)
        let attempt = try lease.map { lease throws(Failure) in try self.attempt(lease, wasQueued: false) }
        return try service.add(RemoteRecord(image, attempt: attempt), id: draft.id).image
    }

    package func update(_ image: Image) throws(Failure) -> Bool {
        func isMeant(_ record: RemoteRecord) -> Bool {
            record.isListed && record.image.version == image.version - 1
        }
        // Most likely what whoever changes it has just read. Where it is no longer so the other service refuses the change,
        // unless the id was freed meanwhile and is another image's.
        let seen = answers.lastRead(image.id).flatMap { known in
            isMeant(known) && known.image.isSame(as: image) ? known : nil
        }
        return try service.change(image.id, seen: seen) { record in
            guard isMeant(record) else { return false }
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
            record.image.properties = ImageProperties()
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
            endsAt: try service.client.serverTime + Int64(lease.seconds), wasQueued: wasQueued)
    }
}

extension Image {
    /// Whether both are one image's, in the same part of its life.
    fileprivate func isSame(as other: Image) -> Bool {
        id == other.id && status == other.status && createdAt == other.createdAt && sameBytes(owner, other.owner)
    }
}

extension ImageRecord {
    fileprivate init(_ record: RemoteRecord) {
        self.init(
            image: record.image, location: record.image.status == .available ? record.location : nil, sequence: 0)
    }
}
