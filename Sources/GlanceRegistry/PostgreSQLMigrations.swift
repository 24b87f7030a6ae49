import GlanceModel
import PostgreSQL

/// The schema's history: append-only, one entry a version. A database remembers how many of them it has seen in
/// `site.schema`.
enum PostgreSQLMigrations {
    static let all: [[String]] = [first, second, third, fourth]

    /// One host at a time changes the schema, and one that finds it changed waits for nothing else: any number will do
    /// that no other program locks in the same database.
    static let lockNumber: Int64 = 0x676C_616E_6365
    /// Making an index of millions of rows takes its time; and so long do hosts that start meanwhile wait.
    private static let secondsMax = 3600

    /// The tables of SQLite's registry, whose comment explains them, with these differences. Text compares by bytes, so
    /// that no operator's locale decides an order. `ids` has every id that is taken, also those that no image has any
    /// more: taking one is one insert, which the index decides, whatever other transactions have not yet shown. The
    /// `lease` of a queued image is the name under which it was reserved. `counter.sequence` numbers the images in the
    /// order in which they become visible: the row is locked until its transaction ends, so no page of a list can pass
    /// an image that comes later with a lower number. Flags are numbers, as in SQLite, so that conditions are the same.
    private static let first =
        [
            "CREATE TABLE site (id TEXT NOT NULL, schema INTEGER NOT NULL)",
            "CREATE TABLE counter (last BIGINT NOT NULL, sequence BIGINT NOT NULL)",
            "CREATE TABLE ids (id TEXT COLLATE \"C\" PRIMARY KEY)",
            """
            CREATE TABLE images (
                sequence BIGINT PRIMARY KEY,
                id TEXT COLLATE "C" NOT NULL UNIQUE,
                is_generated SMALLINT NOT NULL,
                name TEXT COLLATE "C" NOT NULL,
                type TEXT COLLATE "C" NOT NULL CHECK (type IN ('kernel', 'machine', 'raw', 'ramdisk')),
                size BIGINT NOT NULL,
                is_size_known SMALLINT NOT NULL,
                store TEXT COLLATE "C" NOT NULL,
                created_at BIGINT NOT NULL,
                updated_at BIGINT NOT NULL,
                deleted_at BIGINT,
                status TEXT COLLATE "C" NOT NULL CHECK (status IN ('queued', 'saving', 'available', 'deleted')),
                is_public SMALLINT NOT NULL,
                owner TEXT COLLATE "C" NOT NULL,
                sha256 TEXT COLLATE "C",
                version BIGINT NOT NULL,
                location TEXT COLLATE "C",
                attempt_store TEXT COLLATE "C",
                lease TEXT COLLATE "C",
                lease_ends_at BIGINT,
                was_queued SMALLINT NOT NULL DEFAULT 0
            )
            """,
            """
            CREATE TABLE properties (
                sequence BIGINT NOT NULL REFERENCES images (sequence) ON DELETE CASCADE,
                key TEXT COLLATE "C" NOT NULL,
                value TEXT COLLATE "C" NOT NULL,
                PRIMARY KEY (sequence, key)
            )
            """,
            """
            CREATE TABLE doomed_bytes (
                store TEXT COLLATE "C" NOT NULL, location TEXT COLLATE "C" NOT NULL, PRIMARY KEY (store, location)
            )
            """,
            // A row that is always there: whoever wants the lock has to change it.
            "CREATE TABLE janitor_lock (holder TEXT COLLATE \"C\" NOT NULL, ends_at BIGINT NOT NULL)",
            // By hash: a value may be longer than a tree's entry.
            "CREATE INDEX properties_by_value ON properties USING hash (value)",
            "CREATE INDEX images_by_lease_end ON images (lease_ends_at) WHERE status = 'saving'",
            "CREATE UNIQUE INDEX images_by_lease ON images (lease) WHERE lease IS NOT NULL",
        ] + listIndexes + [
            "INSERT INTO counter (last, sequence) VALUES (0, 0)",
            "INSERT INTO janitor_lock (holder, ends_at) VALUES ('', 0)",
        ]

    /// As in SQLite's registry.
    private static let second = [
        "ALTER TABLE images ADD COLUMN damage TEXT COLLATE \"C\"",
        "CREATE INDEX images_damaged ON images (sequence) WHERE damage IS NOT NULL",
        "CREATE INDEX images_counted ON images (store, status, size)",
        """
        CREATE INDEX images_by_location ON images ((coalesce(attempt_store, store)), location) WHERE location IS NOT NULL
        """,
        "CREATE TABLE scrub (holder TEXT COLLATE \"C\" NOT NULL, ends_at BIGINT NOT NULL, sequence BIGINT NOT NULL)",
        "INSERT INTO scrub (holder, ends_at, sequence) VALUES ('', 0, 0)",
    ]

    /// As in SQLite's registry.
    private static let third = [
        "ALTER TABLE images ADD COLUMN attempt_size BIGINT",
        """
        UPDATE images SET attempt_size = size WHERE status = 'saving' AND is_size_known <> 0
        """,
        """
        CREATE INDEX images_owned ON images (owner, status, size, attempt_size) WHERE status <> 'deleted'
        """,
    ]

    /// Not SQLite's. A value that a million images have fills a chain of pages in an index by hash, which each further one
    /// walks to its end; a tree takes the start of a value, because a whole one may be longer than its entry. And of
    /// `counter`, which has one row, the planner thinks that it has thousands until somebody has counted: then it compiles
    /// the statement that adds an image (jit), for a tenth of a second.
    private static let fourth = [
        "DROP INDEX properties_by_value",
        "CREATE INDEX properties_by_value ON properties (left(value, \(indexedCharacters)), sequence)",
        "ANALYZE counter, site, janitor_lock, scrub",
    ]

    /// Of a value, in the index of properties: the whole of nearly every one, and never more bytes than an entry takes. As
    /// fixed as the entry of the schema's history that says it.
    static let indexedCharacters = 200

    private static let listIndexes = [
        "images_listed ON images (is_public, sequence)", "images_by_id ON images (is_public, id)",
        "images_by_name ON images (is_public, name, sequence)",
        "images_by_name_down ON images (is_public, name DESC, sequence)",
        "images_by_type ON images (is_public, type, sequence)",
        "images_by_type_down ON images (is_public, type DESC, sequence)",
        "images_by_size ON images (is_public, size, sequence)",
        "images_by_size_down ON images (is_public, size DESC, sequence)",
        "images_by_status ON images (is_public, status, sequence)",
        "images_by_status_down ON images (is_public, status DESC, sequence)",
        "images_by_created ON images (is_public, created_at, sequence)",
        "images_by_created_down ON images (is_public, created_at DESC, sequence)",
        "images_by_updated ON images (is_public, updated_at, sequence)",
        "images_by_updated_down ON images (is_public, updated_at DESC, sequence)",
    ].map { "CREATE INDEX \($0) WHERE status IN ('queued', 'available')" }

    /// Brings a database to the newest version, in one transaction, however many hosts want to at once. `newSite` is the
    /// site's name if it is a new database. Throws where the database is newer than this program.
    static func run(on connection: PostgreSQLConnection, newSite: String) throws(PostgreSQLError) -> SchemaAge {
        guard try age(of: connection) == .behind else { return try age(of: connection) }
        // Whatever the server's default is: in a stricter isolation what another host did while this one waited for the
        // lock would not be seen behind it.
        return try connection.transaction("BEGIN ISOLATION LEVEL READ COMMITTED") { () throws(PostgreSQLError) in
            try connection.execute("SET LOCAL statement_timeout = 0")
            try connection.execute("SET LOCAL lock_timeout = 0")
            try connection.execute(
                "SELECT pg_advisory_xact_lock($1)", [.integer(lockNumber)], secondsMax: secondsMax)
            // A change of tables that waits keeps everybody else waiting: not for longer than the role may.
            try connection.execute("SET LOCAL lock_timeout TO DEFAULT")
            guard try age(of: connection) == .behind else { return try age(of: connection) }
            let known = try version(of: connection)
            for sql in all[known...].joined() { try connection.execute(sql, secondsMax: secondsMax) }
            if known == 0 {
                try connection.execute(
                    "INSERT INTO site (id, schema) VALUES ($1, $2)", [.text(newSite), .integer(Int64(all.count))])
            } else {
                try connection.execute("UPDATE site SET schema = $1", [.integer(Int64(all.count))])
            }
            return .same
        }
    }

    /// How a database's schema compares with what this program knows.
    enum SchemaAge: Equatable {
        case behind, same
        case ahead(Int)
    }

    private static func age(of connection: PostgreSQLConnection) throws(PostgreSQLError) -> SchemaAge {
        let version = try version(of: connection)
        if version > all.count { return .ahead(version) }
        return version == all.count ? .same : .behind
    }

    /// 0 where there are no tables yet. By a query and not by `to_regclass`, which remembers what there was not.
    private static func version(of connection: PostgreSQLConnection) throws(PostgreSQLError) -> Int {
        let isMade =
            try connection.rows(
                "SELECT 1 FROM pg_catalog.pg_class WHERE relname = 'site' AND pg_catalog.pg_table_is_visible(oid)"
            ) { $0.integer(0) } == [1]
        guard isMade else { return 0 }
        return try connection.rows("SELECT schema FROM site") { Int($0.integer(0)) }.first ?? 0
    }
}
