import Bytes
import GlanceClient
import GlanceModel
import Glibc

/// The service that keeps the records: what is asked of it, over nothing but the documented API for metadata.
struct RemoteService: Sendable {
    /// How often a change is tried again because another one came in between.
    private static let attemptsMax = 64

    let client: GlanceClient
    /// False: it counts no versions, knows no filters, and lists public images alone. Then this host is the only one.
    let countsVersions: Bool
    /// Locked while such a service's record is read, changed and written back.
    let lockPath: String
    let lockSecondsMax: Int
    let newName: @Sendable () -> String

    /// The record of that id; nil where there is none.
    func record(_ id: ImageID) throws(Failure) -> RemoteRecord? {
        try recordAndState(id)?.record
    }

    /// The same, and the state of the service's registry at that time.
    func recordAndState(_ id: ImageID) throws(Failure) -> (record: RemoteRecord, state: String?)? {
        guard let (found, state) = try imageAndState(id.text), let record = try record(found, id), !record.isSpent
        else {
            return nil
        }
        return (record, state)
    }

    private func kept(_ id: ImageID) throws(Failure) -> RemoteRecord? {
        try image(id.text).flatMap { found throws(Failure) in try record(found, id) }
    }

    private func record(_ found: ImageMetadata, _ id: ImageID) throws(Failure) -> RemoteRecord? {
        guard let record = RemoteRecord(found) else {
            // Those with a role of their own are nobody's images.
            guard !id.text.hasPrefix(RemoteRole.prefix) else { return nil }
            throw Self.stranger(id.text)
        }
        return record
    }

    func image(_ id: String) throws(Failure) -> ImageMetadata? {
        try imageAndState(id)?.image
    }

    /// The state of the service's registry at this moment; nil where it does not say.
    func state() throws(Failure) -> String? {
        do throws(GlanceError) { return try client.registryState() } catch { throw failure(error) }
    }

    private func imageAndState(_ id: String) throws(Failure) -> (image: ImageMetadata, state: String?)? {
        do throws(GlanceError) {
            let (image, state) = try client.imageAndState(id)
            return (try image.expected(id), state)
        } catch .notFound {
            return nil
        } catch {
            throw failure(error)
        }
    }

    private static func stranger(_ id: String) -> Failure {
        .registryAway(
            reason: "its image \(id) was not made by this service: give this service a registry of its own")
    }

    /// Keeps a new record, under its own id or the next number. Throws `idTaken`.
    func add(_ record: RemoteRecord, id: ImageID?) throws(Failure) -> RemoteRecord {
        let write = newName()
        var record = record
        // One that counts versions sees to its numbers itself.
        record.isGenerated = id == nil && !countsVersions
        let properties = try record.properties(write: write, isNew: true)
        var description = ImageDescription(
            name: record.image.name.text, kind: record.kind, id: id?.text, isPublic: shows(record),
            properties: properties)
        (description.size, description.store) = (record.image.size, record.image.store.text)
        description.sha256 = record.image.sha256?.text
        do throws(GlanceError) {
            let added = try client.add(description)
            guard let known = RemoteRecord(added), known.write == write, id == nil || known.image.id == id else {
                throw GlanceError.malformed("it does not give an image's properties back as they were given")
            }
            return known
        } catch .conflict(let refusal) {
            guard let id else { throw failure(.conflict(refusal)) }
            // Something between may have sent it twice: then what is there is this write's own.
            guard let found = try image(id.text).flatMap(RemoteRecord.init), found.write == write else {
                throw .idTaken(id)
            }
            return found
        } catch {
            guard error.leavesDoubt, let found = try written(write, id: id) else { throw failure(error) }
            return found
        }
    }

    /// Changes a record in one step, as `body` says of what it is now; false where there is none, or `body` says so.
    /// `seen` is what it was lately, of which `body` says true.
    func change(
        _ id: ImageID, seen: RemoteRecord? = nil, _ body: (inout RemoteRecord) throws(Failure) -> Bool
    ) throws(Failure) -> Bool {
        try alone { () throws(Failure) in
            var known = countsVersions ? seen : nil
            for _ in 0..<Self.attemptsMax {
                if known == nil { known = try record(id) }
                guard var record = known.take(), try body(&record) else { return false }
                if try replace(record) { return true }
            }
            throw .registryBusy
        }
    }

    /// Writes a record over the revision that it was read at; false where that is no longer the present one.
    private func replace(_ record: RemoteRecord) throws(Failure) -> Bool {
        let write = newName()
        var change = ImageUpdate(
            name: record.image.name.text, kind: record.kind, isPublic: shows(record),
            properties: try record.properties(write: write, isNew: false), replacesProperties: true,
            version: countsVersions ? record.revision : nil)
        (change.size, change.store) = (record.image.size, record.image.store.text)
        change.sha256 = record.image.sha256?.text
        do throws(GlanceError) {
            _ = try client.update(record.image.id.text, change).expected(record.image.id.text)
            return true
        } catch .conflict where countsVersions {
            // As in `add`.
            return try kept(record.image.id)?.write == write
        } catch .notFound {
            return false
        } catch {
            guard error.leavesDoubt, try kept(record.image.id)?.write == write else { throw failure(error) }
            return true
        }
    }

    /// Removes a record as if it had never been, if `body` says so of what it is now.
    func remove(_ id: ImageID, if body: (RemoteRecord) -> Bool) throws(Failure) -> Bool {
        try alone { () throws(Failure) in
            for _ in 0..<Self.attemptsMax {
                guard let record = try record(id), body(record) else { return false }
                if record.isGenerated {
                    guard try replace(record.spent) else { continue }
                    return true
                }
                do throws(GlanceError) {
                    try client.delete(id.text, version: countsVersions ? record.revision : nil)
                    return true
                } catch .conflict where countsVersions {
                    continue
                } catch .notFound {
                    return true
                } catch {
                    guard error.leavesDoubt, try self.record(id) == nil else { throw failure(error) }
                    return true
                }
            }
            throw .registryBusy
        }
    }

    /// At most `count` records that `filter` names.
    func records(_ filter: ImageFilter, count: Int) throws(Failure) -> [RemoteRecord] {
        var filter = filter
        filter.limit = count
        do throws(GlanceError) {
            return try client.imagesDetailed(filter).all().compactMap(RemoteRecord.init)
        } catch {
            throw failure(error)
        }
    }

    /// The filter by one property of a record, whoever may see it.
    func filter(_ key: String, _ value: String) -> ImageFilter {
        var filter = ImageFilter()
        filter.properties = [key: value]
        filter.visibility = .all
        return filter
    }

    func failure(_ error: GlanceError) -> Failure { Failure(error, of: client.address) }

    /// What a write has left whose answer was lost.
    private func written(_ write: String, id: ImageID?) throws(Failure) -> RemoteRecord? {
        guard let id else { return try all(RemoteRecord.writeKey, write, count: 1).first { $0.write == write } }
        return try record(id).flatMap { $0.write == write ? $0 : nil }
    }

    /// Records by one reserved property. A service without versions has no filters either.
    func all(_ key: String, _ value: String, count: Int) throws(Failure) -> [RemoteRecord] {
        guard countsVersions else {
            return try everything().filter { (try? $0.properties(write: $0.write, isNew: true))?[key] == value }
        }
        return try records(filter(key, value), count: count)
    }

    /// Every record, of a service that has no filters.
    func everything() throws(Failure) -> [RemoteRecord] {
        do throws(GlanceError) {
            return try client.imagesDetailed().all().compactMap(RemoteRecord.init).filter { !$0.isSpent }
        } catch {
            throw failure(error)
        }
    }

    /// Whether the other service is to list it among public images.
    private func shows(_ record: RemoteRecord) -> Bool {
        countsVersions ? record.isListed && record.image.isPublic : !record.isSpent
    }

    /// Runs `body` while no other worker of this host does, where versions do not keep them apart.
    private func alone<Value>(_ body: () throws(Failure) -> Value) throws(Failure) -> Value {
        guard !countsVersions else { return try body() }
        let file = try lock()
        defer { withExtendedLifetime(file) {} }
        return try body()
    }

    private func lock() throws(Failure) -> FileDescriptor {
        let file: FileDescriptor?
        do throws(PosixError) {
            file = try FileDescriptor.locked(lockPath, mode: 0o600, secondsMax: lockSecondsMax)
        } catch {
            throw .registryAway(reason: "\(lockPath) cannot be locked: \(error)")
        }
        guard let file else { throw .registryBusy }
        return file
    }
}

extension RemoteRecord {
    fileprivate var kind: ImageMetadata.Kind { ImageMetadata.Kind(rawValue: image.type.rawValue) ?? .raw }
}

extension ImageMetadata {
    /// This image, if it is the one that was asked for: another's record is as good as none.
    func expected(_ id: String) throws(GlanceError) -> ImageMetadata {
        guard self.id == id else {
            throw .malformed("it was asked for the image \(id) and described another, \(self.id)")
        }
        return self
    }
}

extension GlanceError {
    /// Whether what was asked may have been done all the same.
    fileprivate var leavesDoubt: Bool {
        switch self {
        case .timedOut, .brokenOff, .malformed, .serverFailed, .unavailable: true
        default: false
        }
    }
}

extension Failure {
    /// What an answer of the service at `address` means to whoever wanted something from the registry.
    init(_ error: GlanceError, of address: String) {
        self =
            switch error {
            case .noSpace: .noSpace
            case .unavailable(let refusal) where refusal.retryAfterSeconds ?? 10 <= 2: .registryBusy
            case .invalid(let field, let problem): .invalid(field: field, problem: problem)
            case .loginNeeded(let refusal), .notAllowed(let refusal):
                .registryAway(
                    reason: "\(address) does not take the user of registry_credentials_file: \(refusal.message)")
            default:
                .registryAway(reason: error.refusal == nil ? error.description : "\(address): \(error.description)")
            }
    }
}
