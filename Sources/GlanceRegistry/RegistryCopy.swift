import Digest
import GlanceModel

/// Moves every record from one registry to another, in batches, so that it can go on where it was cut off. Until both are
/// found to be the same the new one is marked as unfinished, and no service starts on it.
package struct RegistryCopy {
    /// Images of one transaction.
    private static let batchMax = 500
    private static let unfinished = "unfinished copy of "

    private let source: any SQLRegistry
    private let destination: any SQLRegistry
    /// Told how many images there are in the destination, after each batch.
    private let progress: (Int) -> Void

    package init(
        from source: any SQLRegistry, to destination: any SQLRegistry, progress: @escaping (Int) -> Void = { _ in }
    ) {
        self.source = source
        self.destination = destination
        self.progress = progress
    }

    /// True of the site of a registry that a copy has not made whole.
    package static func isUnfinished(site: String) -> Bool { site.hasPrefix(unfinished) }

    /// What a registry holds: the same in two registries whose records are.
    package struct Contents: Equatable, Sendable {
        package var images = 0
        package var properties = 0
        package var spentIDs = 0
        package var bytesToDelete = 0
        package var lastNumber = ""
        /// SHA-256 of it all.
        package var digest = ""
    }

    /// Copies what is not there yet, compares, and makes the copy a registry of the same site.
    package func run() throws(Failure) -> Contents {
        let site = try source.siteID()
        try checkSource(site)
        try mark(site)
        try copyImages()
        try copySpentIDs()
        try copyRest()
        let (original, copy) = (try contents(of: source), try contents(of: destination))
        guard original == copy else {
            throw .registryAway(
                reason: """
                    the copy is not the same as what was copied, which somebody has changed meanwhile: \
                    \(original.digest) and \(copy.digest). Stop every glance-api on it or set read_only = true, empty the \
                    destination, and copy again
                    """)
        }
        try destination.run([SQLStatement("UPDATE site SET id = ?", [site])])
        return copy
    }

    private func checkSource(_ site: String) throws(Failure) {
        guard !site.isEmpty, !Self.isUnfinished(site: site) else {
            throw .registryAway(reason: "there is no whole registry to copy from: its site is “\(site)”")
        }
    }

    /// A destination is empty, or this copy's own from another time.
    private func mark(_ site: String) throws(Failure) {
        let own = Self.unfinished + site
        let found = try destination.siteID()
        guard found != own else { return }
        guard found != site else {
            throw .registryAway(reason: "the destination is that registry already, of site \(site): nothing was done")
        }
        let used = try destination.rows("SELECT last FROM counter WHERE last > 0", [], columns: 1)
        let images = try destination.rows(
            "SELECT id FROM images UNION ALL SELECT id FROM \(destination.spentIDs) LIMIT 1", [], columns: 1)
        guard used.isEmpty, images.isEmpty else {
            throw .registryAway(
                reason: "the destination has records of its own, of site \(found): copy into an empty database")
        }
        try destination.run([SQLStatement("UPDATE site SET id = ?", [own])])
    }

    private static let imageColumns = [
        "sequence", "id", "is_generated", "name", "type", "size", "is_size_known", "store", "created_at", "updated_at",
        "deleted_at", "status", "is_public", "owner", "sha256", "version", "location", "attempt_store", "lease",
        "lease_ends_at", "was_queued", "damage", "attempt_size",
    ]

    /// The lease of what is not being saved is nobody's business but its registry's.
    private static let readImages = """
        SELECT \(imageColumns.map { $0 == "lease" ? "CASE status WHEN 'saving' THEN lease END" : $0 }.joined(separator: ", "))
        FROM images WHERE sequence > ? ORDER BY sequence LIMIT \(batchMax)
        """
    private static let writeImage = """
        INSERT INTO images (\(imageColumns.joined(separator: ", ")))
        VALUES (\(imageColumns.map { _ in "?" }.joined(separator: ", ")))
        """

    private func copyImages() throws(Failure) {
        var last = try destination.rows("SELECT max(sequence) FROM images", [], columns: 1).first?.first.flatMap(\.self)
        var count = 0
        while case let batch = try Batch(of: source, after: last ?? "0"), let end = batch.end {
            let images = batch.images.flatMap { image in
                (destination.takingID.map { [SQLStatement($0, [image[1]])] } ?? [])
                    + [SQLStatement(Self.writeImage, image)]
            }
            let properties = batch.properties.map {
                SQLStatement("INSERT INTO properties (sequence, key, value) VALUES (?, ?, ?)", $0)
            }
            try destination.run(images + properties)
            last = end
            count += batch.images.count
            progress(count)
        }
    }

    private func copySpentIDs() throws(Failure) {
        var last = try destination.rows("SELECT max(id) FROM \(destination.spentIDs)", [], columns: 1).first?.first
            .flatMap(\.self)
        while case let ids = try spentIDs(of: source, after: last ?? ""), let end = ids.last {
            try destination.run(ids.map { SQLStatement(destination.takingSpentID, [$0]) })
            last = end
        }
    }

    /// What is little.
    private func copyRest() throws(Failure) {
        let doomed = try source.rows(Self.readDoomed, [], columns: 2)
        let last = try source.rows("SELECT last FROM counter", [], columns: 1)
        let statements =
            [SQLStatement("DELETE FROM doomed_bytes")]
            + doomed.map { SQLStatement("INSERT INTO doomed_bytes (store, location) VALUES (?, ?)", $0) }
            + last.map { SQLStatement("UPDATE counter SET last = ?", $0) }
        try destination.run(statements + destination.finishing.map { SQLStatement($0) })
    }

    private static let readDoomed = "SELECT store, location FROM doomed_bytes ORDER BY store, location"

    private func spentIDs(of registry: any SQLRegistry, after id: String) throws(Failure) -> [String] {
        try registry.rows(
            "SELECT id FROM \(registry.spentIDs) WHERE id > ? ORDER BY id LIMIT \(Self.batchMax)", [id], columns: 1
        ).compactMap { $0[0] }
    }

    /// Some images, and their properties.
    private struct Batch {
        let images: [[String?]]
        let properties: [[String?]]

        init(of registry: any SQLRegistry, after sequence: String) throws(Failure) {
            images = try registry.rows(RegistryCopy.readImages, [sequence], columns: RegistryCopy.imageColumns.count)
            guard let last = images.last?[0] else {
                properties = []
                return
            }
            properties = try registry.rows(
                """
                SELECT sequence, key, value FROM properties WHERE sequence > ? AND sequence <= ? ORDER BY sequence, key
                """, [sequence, last], columns: 3)
        }

        /// The last image's place; nil where there was none.
        var end: String? { images.last?[0] }
    }

    private func contents(of registry: any SQLRegistry) throws(Failure) -> Contents {
        var contents = Contents()
        let digest: StreamDigest
        do { digest = try StreamDigest(.sha256) } catch { throw .registryAway(reason: error.description) }
        var last = "0"
        while case let batch = try Batch(of: registry, after: last), let end = batch.end {
            contents.images += batch.images.count
            contents.properties += batch.properties.count
            digest.take(batch.images + batch.properties)
            last = end
        }
        var id = ""
        while case let ids = try spentIDs(of: registry, after: id), let end = ids.last {
            contents.spentIDs += ids.count
            digest.take([ids])
            id = end
        }
        let doomed = try registry.rows(Self.readDoomed, [], columns: 2)
        let number = try registry.rows("SELECT last FROM counter", [], columns: 1)
        digest.take(doomed + number)
        contents.bytesToDelete = doomed.count
        contents.lastNumber = number.first?.first.flatMap(\.self) ?? ""
        contents.digest = digest.finish()
        return contents
    }
}

extension StreamDigest {
    /// Rows so written that no two different ones are the same bytes: each text with its length before it.
    fileprivate func take(_ rows: [[String?]]) {
        var bytes: [UInt8] = []
        for text in rows.joined() {
            bytes += Array((text.map { "\($0.utf8.count):" } ?? "-").utf8) + Array((text ?? "").utf8)
        }
        bytes.withUnsafeBufferPointer { update(UnsafeRawBufferPointer($0)) }
    }
}
