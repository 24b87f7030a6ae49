import GlanceModel

/// Rows that either database gives to whoever looks after it. Columns: location, status, id, size, sha256, damage; of an
/// entry of the list of bytes to delete the location alone.
extension KnownBytes.Reason {
    init(_ row: some SQLRow) {
        switch row.optionalText(1).flatMap(ImageStatus.init) {
        case nil: self = .doomed
        case .available:
            self = .image(
                ImageID(recorded: row.text(2)), size: row.integer(3), sha256: SHA256Digest(recorded: row.text(4)),
                damage: row.optionalText(5))
        case .saving, .queued, .deleted: self = .attempt(ImageID(recorded: row.text(2)))
        }
    }
}

extension Census.Count {
    /// Columns: store, status, images, bytes. Nil where the status is none.
    init?(_ row: some SQLRow) {
        guard let status = ImageStatus(rawValue: row.text(1)) else { return nil }
        self.init(store: StoreName(row.text(0)), status: status, images: row.integer(2), bytes: row.integer(3))
    }
}
