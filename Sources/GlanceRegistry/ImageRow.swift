import Bytes
import GlanceModel

/// An image as a row of the table `images`, both ways.
enum ImageRow {
    /// What `record` reads, in its order. The properties come as lines `key=value`: a key has no `=`, a value no line end.
    /// `joined` is how the database makes one text of an image's rows in `properties`.
    static func columns(propertiesJoined joined: String) -> String {
        """
        sequence, id, name, type, size, is_size_known, store, created_at, updated_at, deleted_at, status, is_public, owner,
        sha256, version, CASE status WHEN 'available' THEN location END,
        (SELECT \(joined) FROM properties WHERE properties.sequence = images.sequence),
        damage
        """
    }

    static func record(_ row: some SQLRow) -> ImageRecord {
        ImageRecord(
            image: image(row), location: row.optionalText(15).map(Location.init), sequence: row.integer(0),
            damage: row.optionalText(17))
    }

    /// Takes a row as it is, whatever wrote it: text is mended by whoever reads it, and numbers are put where the rest of the
    /// program can count with them, so that one bad record hides no other.
    private static func image(_ row: some SQLRow) -> Image {
        Image(
            id: ImageID(recorded: row.text(1)),
            name: ImageName(recorded: row.text(2)),
            type: ImageType(rawValue: row.text(3)) ?? .raw,
            size: row.integer(5) == 1 ? max(0, row.integer(4)) : nil,
            store: StoreName(row.text(6)),
            createdAt: Timestamp(seconds: row.integer(7)),
            updatedAt: Timestamp(seconds: row.integer(8)),
            deletedAt: row.optionalInteger(9).map(Timestamp.init),
            status: ImageStatus(rawValue: row.text(10)) ?? .deleted,
            isPublic: row.integer(11) == 1,
            properties: row.optionalText(16).map(properties) ?? ImageProperties(),
            owner: row.text(12),
            sha256: row.optionalText(13).map(SHA256Digest.init(recorded:)),
            version: max(1, min(row.integer(14), .max - 1)))
    }

    static func properties(_ lines: String) -> ImageProperties {
        var lines = lines
        return lines.withUTF8 { bytes in
            ImageProperties(
                recorded: bytes.parts(separatedBy: UInt8(ascii: "\n")).map { line in
                    let (key, value) = line.cut(at: UInt8(ascii: "="))
                    return (String(decoding: key, as: UTF8.self), String(decoding: value, as: UTF8.self))
                })
        }
    }

    /// What an owner has, by an index alone.
    static func usage(of owner: String) -> String {
        """
        SELECT count(*), CAST(coalesce(sum(
            CASE status WHEN 'available' THEN size WHEN 'saving' THEN attempt_size END), 0) AS BIGINT)
        FROM images WHERE status <> 'deleted' AND owner = \(owner)
        """
    }

    static func usage(_ row: some SQLRow) -> OwnerUsage {
        OwnerUsage(images: row.integer(0), bytes: row.integer(1))
    }

    /// The columns that a new row has and that never change: id, is_generated, owner, created_at, status.
    static func newValues<Value: SQLValue>(_ image: Image, isGenerated: Bool) -> [Value] {
        [
            .text(image.id.text), .integer(isGenerated ? 1 : 0), .text(image.owner), .integer(image.createdAt.seconds),
            .text(image.status.rawValue),
        ]
    }

    /// The columns that a change can change: name, type, size, is_size_known, store, updated_at, is_public, sha256, version.
    static func changingValues<Value: SQLValue>(_ image: Image) -> [Value] {
        [
            .text(image.name.text), .text(image.type.rawValue), .integer(image.size ?? 0),
            .integer(image.size == nil ? 0 : 1), .text(image.store.text), .integer(image.updatedAt.seconds),
            .integer(image.isPublic ? 1 : 0), .optional(image.sha256?.text), .integer(image.version),
        ]
    }
}
