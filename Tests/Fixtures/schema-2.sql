-- A registry of schema 2, as `.dump` of sqlite3 writes it, never changed: every newer program has to open it.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE site (id TEXT NOT NULL);
INSERT INTO site VALUES('a1b2c3d4e5f60718293a4b5c6d7e8f90');
CREATE TABLE counter (last INTEGER NOT NULL);
INSERT INTO counter VALUES(3);
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
        , damage TEXT);
INSERT INTO images VALUES(1,'1',1,'Größe 画','raw',5,1,'file',1000,2000,NULL,'available',1,'','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',3,'ab/cd/abcd0001',NULL,NULL,NULL,0,NULL);
INSERT INTO images VALUES(2,'own-name',0,'An image','kernel',70,1,'file',1000,1000,NULL,'available',0,'alice','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',1,'ab/cd/abcd0002',NULL,NULL,NULL,0,NULL);
INSERT INTO images VALUES(3,'2',1,'An image','raw',0,0,'file',1000,1000,NULL,'queued',1,'',NULL,1,NULL,NULL,NULL,NULL,0,NULL);
INSERT INTO images VALUES(4,'coming',0,'An image','raw',9,1,'file',1000,1000,NULL,'saving',1,'',NULL,1,'ab/cd/abcd0003','file','l1',1,0,NULL);
INSERT INTO images VALUES(5,'gone',0,'An image','raw',5,1,'file',1000,1000,3000,'deleted',1,'','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',2,NULL,NULL,NULL,NULL,0,NULL);
INSERT INTO images VALUES(6,'far',0,'An image','raw',300,1,'swift',1000,1000,NULL,'available',1,'','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',1,'glance/0001/3',NULL,NULL,NULL,0,NULL);
CREATE TABLE properties (
            sequence INTEGER NOT NULL REFERENCES images (sequence) ON DELETE CASCADE,
            key TEXT NOT NULL,
            value TEXT NOT NULL,
            PRIMARY KEY (sequence, key)
        ) WITHOUT ROWID;
INSERT INTO properties VALUES(1,'distro','Ubuntu 10.04 LTS');
INSERT INTO properties VALUES(1,'empty','');
CREATE TABLE spent_ids (id TEXT PRIMARY KEY) WITHOUT ROWID;
INSERT INTO spent_ids VALUES('3');
CREATE TABLE doomed_bytes (store TEXT NOT NULL, location TEXT NOT NULL, PRIMARY KEY (store, location)) WITHOUT ROWID;
INSERT INTO doomed_bytes VALUES('file','ab/cd/abcd0009');
CREATE TABLE janitor_lock (holder TEXT NOT NULL, ends_at INTEGER NOT NULL);
CREATE TABLE scrub (holder TEXT NOT NULL, ends_at INTEGER NOT NULL, sequence INTEGER NOT NULL);
INSERT INTO scrub VALUES('',0,0);
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('images',6);
CREATE INDEX properties_by_value ON properties (key, value, sequence);
CREATE INDEX images_by_lease ON images (lease_ends_at) WHERE status = 'saving';
CREATE INDEX images_listed ON images (is_public, sequence) WHERE status IN ('queued', 'available');
CREATE INDEX images_by_id ON images (is_public, id) WHERE status IN ('queued', 'available');
CREATE INDEX images_by_name ON images (is_public, name, sequence) WHERE status IN ('queued', 'available');
CREATE INDEX images_by_type ON images (is_public, type, sequence) WHERE status IN ('queued', 'available');
CREATE INDEX images_by_size ON images (is_public, size, sequence) WHERE status IN ('queued', 'available');
CREATE INDEX images_by_status ON images (is_public, status, sequence) WHERE status IN ('queued', 'available');
CREATE INDEX images_by_created ON images (is_public, created_at, sequence) WHERE status IN ('queued', 'available');
CREATE INDEX images_by_updated ON images (is_public, updated_at, sequence) WHERE status IN ('queued', 'available');
CREATE INDEX images_by_name_down ON images (is_public, name DESC, sequence) WHERE status IN ('queued', 'available');
CREATE INDEX images_by_type_down ON images (is_public, type DESC, sequence) WHERE status IN ('queued', 'available');
CREATE INDEX images_by_size_down ON images (is_public, size DESC, sequence) WHERE status IN ('queued', 'available');
CREATE INDEX images_by_status_down ON images (is_public, status DESC, sequence)
        WHERE status IN ('queued', 'available');
CREATE INDEX images_by_created_down ON images (is_public, created_at DESC, sequence)
        WHERE status IN ('queued', 'available');
CREATE INDEX images_by_updated_down ON images (is_public, updated_at DESC, sequence)
        WHERE status IN ('queued', 'available');
CREATE INDEX images_damaged ON images (sequence) WHERE damage IS NOT NULL;
CREATE INDEX images_counted ON images (store, status, size);
CREATE INDEX images_by_location ON images (coalesce(attempt_store, store), location) WHERE location IS NOT NULL;
COMMIT;
PRAGMA user_version=2;
