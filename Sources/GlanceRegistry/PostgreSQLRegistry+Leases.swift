import GlanceModel
import PostgreSQL

extension PostgreSQLRegistry {
    /// Numbers that are looked at for a free one: at first the next alone, and where that is taken a long row of them.
    private static let numbersAtOnce: Int64 = 10_000
    private static let attemptsMax = 1000

    package func reserve(_ new: NewImage, lease: Lease?, within quota: OwnerQuota?) throws(Failure) -> Image {
        let name = lease?.name ?? newName()
        for attempt in 0..<Self.attemptsMax {
            let id = try pool.write { connection throws(PostgreSQLError) in
                let added = OwnerUsage(images: 1, bytes: lease?.size ?? 0)
                return try within(quota, adding: added, on: connection) { () throws(PostgreSQLError) in
                    try reserve(new, lease, name, among: attempt == 0 ? 1 : Self.numbersAtOnce, on: connection)
                }
            } lookUp: { failure throws(Failure) in
                // Not repeated: a first attempt that arrives late would be a second image.
                guard let reserved = try self.reserved(as: name) else { throw failure }
                return .success(reserved)
            }.get()
            if let id { return new.image(id, lease == nil ? .queued : .saving) }
            if let wanted = new.id { throw .idTaken(wanted) }
        }
        throw .registryBusy
    }

    /// The id that was free and is now taken. The counter's row is locked first, by all alike, so that nobody waits for
    /// another in a circle; and until the end, so that images appear in the order of their numbers.
    private func reserve(
        _ new: NewImage, _ lease: Lease?, _ name: String, among numbers: Int64, on connection: PostgreSQLConnection
    ) throws(PostgreSQLError) -> ImageID? {
        // Any id, for those values of the image that do not depend on it.
        let image = new.image(new.id ?? ImageID(generated: 0), lease == nil ? .queued : .saving)
        let own: [PostgreSQLValue] = [.optional(new.id?.text), .integer(numbers)]
        let fixed: [PostgreSQLValue] = ImageRow.newValues(image, isGenerated: new.id == nil)
        let leased: [PostgreSQLValue] = [.text(name)] + PostgreSQLValue.values(of: lease).dropFirst()
        return try connection.rows(
            """
            WITH counted AS (
                UPDATE counter SET sequence = sequence + 1, last = CASE WHEN $1::text IS NOT NULL THEN last ELSE COALESCE(
                    (SELECT number FROM generate_series(last + 1, last + $2::bigint) AS number
                        WHERE NOT EXISTS (SELECT 1 FROM ids WHERE ids.id = number::text) ORDER BY number LIMIT 1),
                    last + $2::bigint) END
                RETURNING sequence, COALESCE($1::text, last::text) AS id
            ), taken AS (
                INSERT INTO ids (id) SELECT id FROM counted ON CONFLICT (id) DO NOTHING RETURNING id
            ), added AS (
                INSERT INTO images (sequence, id, is_generated, owner, created_at, status, name, type, size,
                    is_size_known, store, updated_at, is_public, sha256, version, lease, lease_ends_at, attempt_store,
                    location, attempt_size)
                SELECT counted.sequence, taken.id, $3::smallint, $4::text, $5::bigint, $6::text, $7::text, $8::text,
                    $9::bigint, $10::smallint, $11::text, $12::bigint, $13::smallint, $14::text, $15::bigint, $16::text,
                    \(Self.now) + $17::bigint, $18::text, $19::text,
                    $20::bigint
                FROM counted, taken
                RETURNING sequence, id
            ), described AS (
                INSERT INTO properties (sequence, key, value)
                SELECT added.sequence, pairs.key, pairs.value
                FROM added, unnest($21::text[], $22::text[]) AS pairs (key, value)
            )
            SELECT id FROM added
            """,
            own + fixed.dropFirst() + ImageRow.changingValues(image) + leased
                + PostgreSQLValue.values(of: image.properties)
        ) { ImageID(recorded: $0.text(0)) }.first
    }

    /// Seconds since 1970 by the server's clock, at the statement's start.
    static let now = "floor(extract(epoch FROM now()))::bigint"

    private func reserved(as name: String) throws(Failure) -> ImageID? {
        try pool.read { connection throws(PostgreSQLError) in
            try connection.rows("SELECT id FROM images WHERE lease = $1", [.text(name)]) {
                ImageID(recorded: $0.text(0))
            }.first
        }
    }

    package func beginSaving(
        _ id: ImageID, version: Int64, lease: Lease, within quota: OwnerQuota?
    ) throws(Failure) -> Bool {
        let begin = { (connection: PostgreSQLConnection) throws(PostgreSQLError) in
            let added = OwnerUsage(images: 0, bytes: lease.size)
            return try within(quota, adding: added, on: connection) { () throws(PostgreSQLError) in
                try beginSaving(id, version: version, lease: lease, on: connection)
            }
        }
        return try pool.write(begin) { failure throws(Failure) in
            let second = try pool.write(begin, lookUp: { failure throws(Failure) in throw failure })
            return try reserved(as: lease.name) == id ? .success(id) : second
        }.get() != nil
    }

    private func beginSaving(
        _ id: ImageID, version: Int64, lease: Lease, on connection: PostgreSQLConnection
    ) throws(PostgreSQLError) -> ImageID? {
        let begun = try connection.execute(
            """
            UPDATE images SET status = 'saving', was_queued = 1, lease = $3, lease_ends_at = \(Self.now) + $4::bigint,
                attempt_store = $5, location = $6, attempt_size = $7
            WHERE id = $1 AND version = $2 AND status = 'queued'
            """, [.text(id.text), .integer(version)] + PostgreSQLValue.values(of: lease))
        return begun == 1 ? id : nil
    }

    /// Milliseconds of silence in a transaction after which the server ends it: a host that stands still in the middle
    /// of one would keep all others waiting.
    private static let silenceMax = 5000

    /// Takes an id by `body`, and undoes that where it is more than the quota allows. With a quota both are one
    /// transaction, in which the counter's row keeps whoever else adds or fills images under one waiting.
    private func within(
        _ quota: OwnerQuota?, adding added: OwnerUsage, on connection: PostgreSQLConnection,
        _ body: () throws(PostgreSQLError) -> ImageID?
    ) throws(PostgreSQLError) -> Result<ImageID?, Failure> {
        guard let quota else { return .success(try body()) }
        return try connection.transaction(keeps: \.isSuccess) { () throws(PostgreSQLError) in
            try connection.execute("SET LOCAL idle_in_transaction_session_timeout = \(Self.silenceMax)")
            // A change, which makes a transaction of stricter isolation that had to wait start again.
            try connection.execute("UPDATE counter SET last = last")
            let used = try connection.rows(ImageRow.usage(of: "$1"), [.text(quota.owner)], ImageRow.usage)
            guard let taken = try body() else { return .success(nil) }
            do throws(Failure) {
                for used in used { try quota.check(used, adding: added) }
            } catch {
                return .failure(error)
            }
            return .success(taken)
        }
    }

    package func renew(_ lease: Lease, of id: ImageID) throws(Failure) -> Bool {
        try pool.repeatable { connection throws(PostgreSQLError) in
            try connection.execute(
                """
                UPDATE images SET lease_ends_at = \(Self.now) + $3::bigint
                WHERE id = $1 AND lease = $2 AND status = 'saving'
                """, [.text(id.text), .text(lease.name), .integer(Int64(lease.seconds))]) == 1
        }
    }

    package func commit(_ image: Image, lease: Lease) throws(Failure) -> Bool {
        let commit = { (connection: PostgreSQLConnection) throws(PostgreSQLError) in
            try connection.rows(
                """
                WITH changed AS (
                    UPDATE images SET status = 'available', name = $3, type = $4, size = $5, is_size_known = $6,
                        store = $7, updated_at = $8, is_public = $9, sha256 = $10, version = $11,
                        lease = NULL, lease_ends_at = NULL, attempt_store = NULL, attempt_size = NULL
                    WHERE id = $1 AND lease = $2 AND status = 'saving'
                    RETURNING sequence
                ), \(Self.describing)
                SELECT count(*) FROM changed
                """,
                [.text(image.id.text), .text(lease.name)] + ImageRow.changingValues(image)
                    + PostgreSQLValue.values(of: image.properties)
            ) { $0.integer(0) } == [1]
        }
        // The lease can be used up once, by the first attempt or by the second: both would leave the same.
        return try pool.write(commit) { failure throws(Failure) in
            if try pool.write(commit, lookUp: { failure throws(Failure) in throw failure }) { return true }
            let found = try record(image.id)
            return found?.image.status == .available && found?.location == lease.bytes.location
        }
    }

    package func release(_ lease: Lease, of id: ImageID, leavesBytes: Bool) throws(Failure) {
        let wasOwn = try pool.repeatable { connection throws(PostgreSQLError) in
            try connection.rows(
                """
                WITH attempt AS (
                    SELECT \(Self.attemptColumns) FROM images WHERE id = $1 AND lease = $2 AND status = 'saving'
                    FOR UPDATE
                ), \(Self.ending("$3::smallint = 1"))
                SELECT count(*) FROM attempt
                """, [.text(id.text), .text(lease.name), .integer(leavesBytes ? 1 : 0)]
            ) { $0.integer(0) } == [1]
        }
        guard leavesBytes, !wasOwn else { return }
        // By a statement of its own: from here on nobody can commit with this lease, and if somebody has, this one sees it.
        _ = try pool.repeatable { connection throws(PostgreSQLError) in
            try connection.execute(
                """
                INSERT INTO doomed_bytes SELECT $1::text, $2::text
                WHERE NOT EXISTS (SELECT 1 FROM images WHERE id = $3 AND status = 'available' AND location = $2::text)
                ON CONFLICT DO NOTHING
                """, [.text(lease.bytes.store.text), .text(lease.bytes.location.text), .text(id.text)])
        }
    }

    static let attemptColumns = "sequence, id, is_generated, was_queued, attempt_store, location"

    /// Undoes the saving rows that `attempt` has locked: back to queued, or gone; a generated number stays taken. What they
    /// may have stored goes on the list of bytes to delete where `leavesBytes` holds.
    static func ending(_ leavesBytes: String) -> String {
        """
        doomed AS (
            INSERT INTO doomed_bytes SELECT attempt_store, location FROM attempt WHERE \(leavesBytes)
            ON CONFLICT DO NOTHING
        ), gone AS (
            DELETE FROM images USING attempt WHERE images.sequence = attempt.sequence AND attempt.was_queued = 0
        ), freed AS (
            DELETE FROM ids USING attempt
            WHERE ids.id = attempt.id AND attempt.was_queued = 0 AND attempt.is_generated = 0
        ), queued AS (
            UPDATE images SET status = 'queued', was_queued = 0, lease = NULL, lease_ends_at = NULL,
                attempt_store = NULL, attempt_size = NULL, location = NULL
            FROM attempt WHERE images.sequence = attempt.sequence AND attempt.was_queued = 1
        )
        """
    }
}

extension Result {
    fileprivate var isSuccess: Bool { if case .success = self { true } else { false } }
}
