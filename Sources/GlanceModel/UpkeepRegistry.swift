/// A registry that can be looked after: compared with what stores have, counted, and marked. One conformance suite holds
/// for every implementation.
package protocol UpkeepRegistry: ImageRegistry {
    /// At most `count` of the bytes in a store that records, attempts to store data or the list of bytes to delete name,
    /// behind `location`, in the order of their locations' bytes. Two may name the same.
    func knownBytes(in store: StoreName, after location: Location?, count: Int) throws(Failure) -> [KnownBytes]

    /// Whether anything names bytes at `location`, or at one that begins with it and a slash.
    func isKnown(_ location: Location, in store: StoreName) throws(Failure) -> Bool

    /// Says what is wrong with an available image's bytes at `location`, or with nil that nothing is. The image's version
    /// stays. False where they are no longer its bytes.
    func mark(_ damage: String?, _ id: ImageID, at location: Location) throws(Failure) -> Bool

    /// The available image that was added first behind that place in the order of adding; nil where there is none.
    func nextAvailable(after sequence: Int64) throws(Failure) -> ImageRecord?

    /// The place in the order of adding that the scrub has come to, where this caller may go on with it: one at a time,
    /// for `seconds`, by the registry's own clock. Nil where another one is at it.
    func beginScrub(holder: String, seconds: Int) throws(Failure) -> Int64?

    /// Remembers that place, and that this caller is still at it. False where it is no longer his.
    func continueScrub(at sequence: Int64, holder: String, seconds: Int) throws(Failure) -> Bool

    /// How much there is of everything. It may take a look at every record.
    func census() throws(Failure) -> Census

    /// What is wrong with the registry's own structure, in words; empty when nothing is. It may take a look at all of it.
    func defects() throws(Failure) -> [String]

    /// The schema that it has, and the one that this program knows.
    func schema() throws(Failure) -> (found: Int, known: Int)
}

/// Bytes that a registry knows of, and why.
package struct KnownBytes: Equatable, Sendable {
    package enum Reason: Equatable, Sendable {
        /// They are an image's, of that size and digest.
        case image(ImageID, size: Int64, sha256: SHA256Digest, damage: String?)
        /// An attempt to store data may have put them there.
        case attempt(ImageID)
        /// They are on the list of bytes to delete.
        case doomed
    }

    package let location: Location
    package let reason: Reason

    package init(location: Location, reason: Reason) {
        self.location = location
        self.reason = reason
    }
}
