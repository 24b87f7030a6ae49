import GlanceModel
import SQLite

extension SQLiteRegistry {
    package func reserve(_ new: NewImage, lease: Lease?, within quota: OwnerQuota?) throws(Failure) -> Image {
        try pool.write { connection throws(Failure) in
            let id: ImageID
            if let wanted = new.id {
                guard try isFree(wanted, on: connection) else { throw .idTaken(wanted) }
                id = wanted
            } else {
                id = try nextNumber(on: connection)
            }
            if let used = try usage(quota, on: connection) {
                try quota?.check(used, adding: OwnerUsage(images: 1, bytes: lease?.size ?? 0))
            }
            let image = new.image(id, lease == nil ? .queued : .saving)
            try asFailure { () throws(SQLiteError) in
                try insert(image, isGenerated: new.id == nil, lease: lease, on: connection)
                try replaceProperties(of: image, on: connection)
            }
            return image
        }
    }

    package func beginSaving(
        _ id: ImageID, version: Int64, lease: Lease, within quota: OwnerQuota?
    ) throws(Failure) -> Bool {
        try pool.write { connection throws(Failure) in
            let used = try usage(quota, on: connection)
            let isBegun = try asFailure { () throws(SQLiteError) in
                try connection.execute(
                    """
                    UPDATE images SET status = 'saving', was_queued = 1, lease = ?3, lease_ends_at = unixepoch() + ?4,
                        attempt_store = ?5, location = ?6, attempt_size = ?7
                    WHERE id = ?1 AND version = ?2 AND status = 'queued'
                    """, [.text(id.text), .integer(version)] + SQLiteValue.values(of: lease))
                return connection.changes == 1
            }
            if isBegun, let used { try quota?.check(used, adding: OwnerUsage(images: 0, bytes: lease.size)) }
            return isBegun
        }
    }

    package func renew(_ lease: Lease, of id: ImageID) throws(Failure) -> Bool {
        try pool.write { connection throws(Failure) in
            try asFailure { () throws(SQLiteError) in
                try connection.execute(
                    """
                    UPDATE images SET lease_ends_at = unixepoch() + ?3
                    WHERE id = ?1 AND lease = ?2 AND status = 'saving'
                    """, [.text(id.text), .text(lease.name), .integer(Int64(lease.seconds))])
                return connection.changes == 1
            }
        }
    }

    package func commit(_ image: Image, lease: Lease) throws(Failure) -> Bool {
        try pool.write { connection throws(Failure) in
            try asFailure { () throws(SQLiteError) in
                try connection.execute(
                    """
                    UPDATE images SET status = 'available', name = ?3, type = ?4, size = ?5, is_size_known = ?6, store = ?7,
                        updated_at = ?8, is_public = ?9, sha256 = ?10, version = ?11,
                        lease = NULL, lease_ends_at = NULL, attempt_store = NULL, attempt_size = NULL
                    WHERE id = ?1 AND lease = ?2 AND status = 'saving'
                    """, [.text(image.id.text), .text(lease.name)] + ImageRow.changingValues(image))
                guard connection.changes == 1 else { return false }
                try replaceProperties(of: image, on: connection)
                return true
            }
        }
    }

    package func release(_ lease: Lease, of id: ImageID, leavesBytes: Bool) throws(Failure) {
        try pool.write { connection throws(Failure) in
            try asFailure { () throws(SQLiteError) in
                if leavesBytes {
                    // By the lease and not by the record: another attempt may have that by now.
                    try connection.execute(
                        """
                        INSERT OR IGNORE INTO doomed_bytes SELECT ?1, ?2
                        WHERE NOT EXISTS (SELECT 1 FROM images WHERE id = ?3 AND status = 'available' AND location = ?2)
                        """, [.text(lease.bytes.store.text), .text(lease.bytes.location.text), .text(id.text)])
                }
                try endAttempt(
                    "id = ?1 AND lease = ?2 AND status = 'saving'", [.text(id.text), .text(lease.name)],
                    on: connection)
            }
        }
    }

    /// Undoes a saving row: back to queued, or gone; a generated number stays spent.
    func endAttempt(_ condition: String, _ key: [SQLiteValue], on connection: SQLiteConnection) throws(SQLiteError) {
        try connection.execute(
            "INSERT INTO spent_ids SELECT id FROM images WHERE \(condition) AND is_generated AND NOT was_queued", key)
        try connection.execute("DELETE FROM images WHERE \(condition) AND NOT was_queued", key)
        try connection.execute(
            """
            UPDATE images SET status = 'queued', was_queued = 0, lease = NULL, lease_ends_at = NULL, attempt_store = NULL,
                attempt_size = NULL, location = NULL
            WHERE \(condition)
            """, key)
    }

    /// Asked in the transaction of what is added: no other one comes in between. Nil without a quota.
    private func usage(_ quota: OwnerQuota?, on connection: SQLiteConnection) throws(Failure) -> OwnerUsage? {
        guard let quota else { return nil }
        return try asFailure { () throws(SQLiteError) in
            try connection.first(ImageRow.usage(of: "?1"), [.text(quota.owner)], ImageRow.usage)
        }
    }

    private func isFree(_ id: ImageID, on connection: SQLiteConnection) throws(Failure) -> Bool {
        try asFailure { () throws(SQLiteError) in
            try connection.first(
                "SELECT 1 FROM images WHERE id = ?1 UNION ALL SELECT 1 FROM spent_ids WHERE id = ?1", [.text(id.text)]
            ) { $0.integer(0) } == nil
        }
    }

    /// The counter's next number that no client has taken for itself. It only ever grows.
    private func nextNumber(on connection: SQLiteConnection) throws(Failure) -> ImageID {
        while true {
            let number = try asFailure { () throws(SQLiteError) in
                try connection.execute("UPDATE counter SET last = last + 1")
                return try connection.first("SELECT last FROM counter") { $0.integer(0) } ?? 0
            }
            let id = ImageID(generated: number)
            if try isFree(id, on: connection) { return id }
        }
    }

    private func insert(
        _ image: Image, isGenerated: Bool, lease: Lease?, on connection: SQLiteConnection
    ) throws(SQLiteError) {
        try connection.execute(
            """
            INSERT INTO images (id, is_generated, owner, created_at, status, name, type, size, is_size_known, store,
                updated_at, is_public, sha256, version, lease, lease_ends_at, attempt_store, location,
                attempt_size)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, unixepoch() + ?16, ?17, ?18,
                ?19)
            """,
            ImageRow.newValues(image, isGenerated: isGenerated) + ImageRow.changingValues(image)
                + SQLiteValue.values(of: lease))
    }
}
