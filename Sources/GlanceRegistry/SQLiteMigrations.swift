import GlanceModel
import SQLite

/// The schema's history: append-only, one entry a version. A database remembers how many of them it has seen in
/// `PRAGMA user_version`.
enum SQLiteMigrations {
    static let all: [[String]] = [first, second, third]

    /// `images.sequence` is the order in which images were added, and never comes twice. A row with a lease is an attempt
    /// to store data: `location` is where. Rows of deleted images stay for ever, because their ids do. `spent_ids` are
    /// generated numbers whose image never had data. Each order of a list has an index in either direction: ties go by
    /// the order of adding in both.
    private static let first = [
        """
        CREATE TABLE site (id TEXT NOT NULL)
        """,
        """
        CREATE TABLE counter (last INTEGER NOT NULL)
        """,
        """
        CREATE TABLE images (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            is_generated INTEGER NOT NULL,
            name TEXT NOT NULL,
            type TEXT NOT NULL CHECK (type IN ('kernel', 'machine', 'raw', 'ramdisk')),
            size INTEGER NOT NULL,
            is_size_known INTEGER NOT NULL,
            store TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            deleted_at INTEGER,
            status TEXT NOT NULL CHECK (status IN ('queued', 'saving', 'available', 'deleted')),
            is_public INTEGER NOT NULL,
            owner TEXT NOT NULL,
            sha256 TEXT,
            version INTEGER NOT NULL,
            location TEXT,
            attempt_store TEXT,
            lease TEXT,
            lease_ends_at INTEGER,
            was_queued INTEGER NOT NULL DEFAULT 0
        )
        """,
        """
        CREATE TABLE properties (
            sequence INTEGER NOT NULL REFERENCES images (sequence) ON DELETE CASCADE,
            key TEXT NOT NULL,
            value TEXT NOT NULL,
            PRIMARY KEY (sequence, key)
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE spent_ids (id TEXT PRIMARY KEY) WITHOUT ROWID
        """,
        """
        CREATE TABLE doomed_bytes (store TEXT NOT NULL, location TEXT NOT NULL, PRIMARY KEY (store, location)) WITHOUT ROWID
        """,
        """
        CREATE TABLE janitor_lock (holder TEXT NOT NULL, ends_at INTEGER NOT NULL)
        """,
        "CREATE INDEX properties_by_value ON properties (key, value, sequence)",
        "CREATE INDEX images_by_lease ON images (lease_ends_at) WHERE status = 'saving'",
        "CREATE INDEX images_listed ON images (is_public, sequence) WHERE status IN ('queued', 'available')",
        "CREATE INDEX images_by_id ON images (is_public, id) WHERE status IN ('queued', 'available')",
        "CREATE INDEX images_by_name ON images (is_public, name, sequence) WHERE status IN ('queued', 'available')",
        "CREATE INDEX images_by_type ON images (is_public, type, sequence) WHERE status IN ('queued', 'available')",
        "CREATE INDEX images_by_size ON images (is_public, size, sequence) WHERE status IN ('queued', 'available')",
        "CREATE INDEX images_by_status ON images (is_public, status, sequence) WHERE status IN ('queued', 'available')",
        "CREATE INDEX images_by_created ON images (is_public, created_at, sequence) WHERE status IN ('queued', 'available')",
        "CREATE INDEX images_by_updated ON images (is_public, updated_at, sequence) WHERE status IN ('queued', 'available')",
        "CREATE INDEX images_by_name_down ON images (is_public, name DESC, sequence) WHERE status IN ('queued', 'available')",
        "CREATE INDEX images_by_type_down ON images (is_public, type DESC, sequence) WHERE status IN ('queued', 'available')",
        "CREATE INDEX images_by_size_down ON images (is_public, size DESC, sequence) WHERE status IN ('queued', 'available')",
        """
        CREATE INDEX images_by_status_down ON images (is_public, status DESC, sequence)
        WHERE status IN ('queued', 'available')
        """,
        """
        CREATE INDEX images_by_created_down ON images (is_public, created_at DESC, sequence)
        WHERE status IN ('queued', 'available')
        """,
        """
        CREATE INDEX images_by_updated_down ON images (is_public, updated_at DESC, sequence)
        WHERE status IN ('queued', 'available')
        """,
        "INSERT INTO counter (last) VALUES (0)",
        "INSERT INTO site (id) VALUES (?1)",
    ]

    /// What is wrong with an image's bytes, where something is; how far the scrub has come; and the order in which stores
    /// list what they have.
    private static let second = [
        "ALTER TABLE images ADD COLUMN damage TEXT",
        "CREATE INDEX images_damaged ON images (sequence) WHERE damage IS NOT NULL",
        "CREATE INDEX images_counted ON images (store, status, size)",
        "CREATE INDEX images_by_location ON images (coalesce(attempt_store, store), location) WHERE location IS NOT NULL",
        "CREATE TABLE scrub (holder TEXT NOT NULL, ends_at INTEGER NOT NULL, sequence INTEGER NOT NULL)",
        "INSERT INTO scrub (holder, ends_at, sequence) VALUES ('', 0, 0)",
    ]

    /// The bytes that an upload will have, and what one owner has.
    private static let third = [
        "ALTER TABLE images ADD COLUMN attempt_size INTEGER",
        """
        UPDATE images SET attempt_size = size WHERE status = 'saving' AND is_size_known <> 0
        """,
        """
        CREATE INDEX images_owned ON images (owner, status, size, attempt_size) WHERE status <> 'deleted'
        """,
    ]

    /// Brings a database to the newest version, in one transaction. `newSite` is the site's name if it is a new database.
    /// Throws where the database is newer than this program.
    static func run(on connection: SQLiteConnection, newSite: String) throws(Failure) {
        try connection.write { () throws(Failure) in
            let version = try userVersion(connection)
            guard version <= all.count else { throw .newerSchema(version, known: all.count) }
            for statements in all[version...] {
                for sql in statements {
                    try asFailure { () throws(SQLiteError) in
                        try connection.execute(sql, sql.contains("?1") ? [.text(newSite)] : [])
                    }
                }
            }
            try asFailure { () throws(SQLiteError) in try connection.execute("PRAGMA user_version = \(all.count)") }
        } failure: {
            Failure($0)
        }
    }

    private static func userVersion(_ connection: SQLiteConnection) throws(Failure) -> Int {
        try asFailure { () throws(SQLiteError) in
            try connection.first("PRAGMA user_version") { row in Int(row.integer(0)) } ?? 0
        }
    }
}

extension Failure {
    /// What an error of SQLite means to whoever wanted something from the registry.
    init(_ error: SQLiteError) {
        if error.isBusy {
            self = .registryBusy
        } else if error.isFull {
            self = .noSpace
        } else {
            self = .registryAway(reason: error.description)
        }
    }
}

func asFailure<Value>(_ body: () throws(SQLiteError) -> Value) throws(Failure) -> Value {
    do { return try body() } catch { throw Failure(error) }
}
