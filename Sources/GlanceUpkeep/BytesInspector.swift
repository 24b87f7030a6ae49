import Bytes
import Digest
import GlanceModel

/// Looks at an image's bytes where they are kept: whether they are those that its record tells of.
package struct BytesInspector {
    /// What an image's bytes should be.
    package struct Expected: Equatable, Sendable {
        package let location: Location
        package let size: Int64
        package let sha256: SHA256Digest

        package init(location: Location, size: Int64, sha256: SHA256Digest) {
            self.location = location
            self.size = size
            self.sha256 = sha256
        }
    }

    package enum Verdict: Equatable, Sendable {
        case whole
        /// In words for the operator.
        case damaged(String)
        /// It cannot be told just now, of this image alone: its store does its work. In words too.
        case unreadable(String)
        /// Whoever paced the reading wanted no more of it.
        case stopped
    }

    private let store: any ImageStore
    private let chunk = Chunk()

    package init(_ store: any ImageStore) {
        self.store = store
    }

    /// Without reading them. Throws where the store cannot tell just now.
    package func compareLength(_ expected: Expected) throws(Failure) -> Verdict {
        let object: StoredObject?
        do throws(Failure) { object = try store.find(expected.location) } catch { return try judge(error) }
        guard let found = object else { return .damaged("its bytes are missing") }
        guard let size = found.size else { return .damaged("its bytes are not all there") }
        guard size == expected.size else {
            return .damaged("it has \(size) bytes, and its record says \(expected.size)")
        }
        return .whole
    }

    /// Reads them all. `pace` is told of each piece, may take its time, and ends the reading with false. Throws where the
    /// store cannot tell just now: an image is not damaged because its store is away.
    package func read(_ expected: Expected, pace: (Int) -> Bool = { _ in true }) throws(Failure) -> Verdict {
        let verdict = try compareLength(expected)
        guard verdict == .whole else { return verdict }
        let found: String?
        do {
            found = try digest(of: store.read(expected.location, range: nil), pace: pace)
        } catch {
            return try judge(error)
        }
        guard let found else { return .stopped }
        guard found == expected.sha256.text else {
            return .damaged("its SHA-256 is \(found), and its record says \(expected.sha256)")
        }
        return .whole
    }

    /// What a failure to look at an image, or to read it, says of the image. Throws where it is the whole store's.
    package func judge(_ error: any Error) throws(Failure) -> Verdict {
        try store.check()
        switch error {
        case Failure.storeBroken(_, let reason) where !store.isRemote: return .damaged(reason)
        case Failure.storeBroken(_, let reason), Failure.storeAway(_, let reason): return .unreadable(reason)
        case let error as PosixError where error.isOfMedium: return .damaged("it cannot be read: \(error)")
        case let error as PosixError: return .unreadable("\(error)")
        default: throw error as? Failure ?? .storeAway(store.name, reason: "\(error)")
        }
    }

    /// Nil where `pace` ended it.
    private func digest(of source: any ByteSource, pace: (Int) -> Bool) throws -> String? {
        let digest = try StreamDigest(.sha256)
        while case let count = try source.read(into: chunk.bytes), count > 0 {
            digest.update(UnsafeRawBufferPointer(rebasing: chunk.bytes[..<count]))
            guard pace(count) else { return nil }
        }
        return digest.finish()
    }
}
