import Bytes
import GlanceModel

/// Brings every image that a registry knows in one store into another one that lacks it, under the same location: for a
/// backup, and for the way back.
package struct ImageCopier {
    package struct Tally: Equatable, Sendable {
        package var images = 0
        /// Were there already.
        package var kept = 0
        package var linked = 0
        package var copied = 0
        package var bytesCopied: Int64 = 0
        /// Deleted from the site while the backup was made, and from the backup too.
        package var deleted = 0
        /// What could not be brought, and why. Their records are marked.
        package var failures: [(id: ImageID, text: String)] = []

        package static func == (one: Tally, other: Tally) -> Bool {
            (one.images, one.kept, one.linked, one.copied, one.deleted)
                == (other.images, other.kept, other.linked, other.copied, other.deleted)
                && one.bytesCopied == other.bytesCopied && one.failures.map(\.text) == other.failures.map(\.text)
        }
    }

    private static let pageMax = 1000

    /// The records of what is brought: a copy of the site's, or the one that becomes it.
    private let registry: any UpkeepRegistry
    private let source: any ImageStore
    private let target: any ImageStore
    /// Gives the bytes a second name in the target; false where they have to be copied.
    private let link: (Location) throws(Failure) -> Bool
    /// Whether an image is still the site's; one that is not may be missing.
    private let isWanted: (ImageID, Location) throws(Failure) -> Bool

    package init(
        registry: any UpkeepRegistry, from source: any ImageStore, to target: any ImageStore,
        link: @escaping (Location) throws(Failure) -> Bool,
        isWanted: @escaping (ImageID, Location) throws(Failure) -> Bool = { _, _ throws(Failure) in true }
    ) {
        self.registry = registry
        self.source = source
        self.target = target
        self.link = link
        self.isWanted = isWanted
    }

    package func run() throws(Failure) -> Tally {
        var tally = Tally()
        var last: Location?
        while case let page = try registry.knownBytes(in: source.name, after: last, count: Self.pageMax), !page.isEmpty
        {
            for bytes in page {
                if case .image(let id, let size, let sha256, _) = bytes.reason {
                    let expected = BytesInspector.Expected(location: bytes.location, size: size, sha256: sha256)
                    try bring(id, expected, &tally)
                }
            }
            last = page.last?.location
        }
        return tally
    }

    private func bring(_ id: ImageID, _ expected: BytesInspector.Expected, _ tally: inout Tally) throws(Failure) {
        tally.images += 1
        if let found = try target.find(expected.location) {
            if found.size == expected.size {
                tally.kept += 1
                return
            }
            try target.remove(expected.location)
        }
        var problem = try problem(expected)
        if problem == nil { problem = try take(id, expected, &tally) }
        guard let problem else { return }
        // Its bytes may be gone because it is.
        if try !isWanted(id, expected.location), let record = try registry.record(id) {
            _ = try registry.delete(record.image, at: record.image.updatedAt)
            tally.deleted += 1
        } else {
            _ = try registry.mark(problem, id, at: expected.location)
            tally.failures.append((id, problem))
        }
    }

    private func problem(_ expected: BytesInspector.Expected) throws(Failure) -> String? {
        switch try BytesInspector(source).compareLength(expected) {
        case .whole, .stopped: nil
        case .damaged(let text), .unreadable(let text): text
        }
    }

    /// Nil where the bytes are in the target now; else why they are not.
    private func take(
        _ id: ImageID, _ expected: BytesInspector.Expected, _ tally: inout Tally
    ) throws(Failure) -> String? {
        do throws(Failure) {
            if try link(expected.location) {
                tally.linked += 1
                return nil
            }
        } catch {
            // Removed between the look and the link.
            guard try source.find(expected.location) == nil else { throw error }
            return "its bytes are missing"
        }
        return try copy(id, expected, &tally)
    }

    /// What is copied is read, and so verified on the way.
    private func copy(
        _ id: ImageID, _ expected: BytesInspector.Expected, _ tally: inout Tally
    ) throws(Failure) -> String? {
        let createdAt = try registry.record(id)?.image.createdAt ?? Timestamp(seconds: 0)
        let upload = try target.create(at: expected.location, size: expected.size, createdAt: createdAt)
        if let problem = try pour(expected.location, into: upload) { return problem }
        let content = try upload.finish()
        guard content.size == expected.size, content.sha256 == expected.sha256 else {
            return "its SHA-256 is \(content.sha256), and its record says \(expected.sha256)"
        }
        try upload.commit()
        tally.copied += 1
        tally.bytesCopied += content.size
        return nil
    }

    /// Nil where all bytes went over; else why the source does not give them. What the target cannot do is no image's fault,
    /// and is thrown.
    private func pour(_ location: Location, into upload: any ImageUpload) throws(Failure) -> String? {
        let chunk = Chunk()
        let bytes: any ByteSource
        do { bytes = try source.read(location, range: nil) } catch { return try reason(error) }
        while true {
            let count: Int
            do { count = try bytes.read(into: chunk.bytes) } catch { return try reason(error) }
            guard count > 0 else { return nil }
            try upload.write(UnsafeRawBufferPointer(rebasing: chunk.bytes[..<count]))
        }
    }

    /// Throws where the whole source is at fault.
    private func reason(_ error: any Error) throws(Failure) -> String {
        switch try BytesInspector(source).judge(error) {
        case .damaged(let text), .unreadable(let text): text
        case .whole, .stopped: "\(error)"
        }
    }
}
