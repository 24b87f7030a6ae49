import Foundation
import GlanceModel
import SQLite
import Testing

/// What tests need before they begin, and look at afterwards.
extension Glance {
    /// Adds a raw image under an id, with data if there is a body.
    @discardableResult
    func add(
        _ id: String, _ headers: [String: String] = [:], body: Body?,
        at place: SourceLocation = #_sourceLocation
    ) throws -> Answer {
        let own = ["x-image-meta-id": id, "x-image-meta-name": "name of \(id)", "x-image-meta-type": "raw"]
        let answer = try send("POST", "/images", own.merging(headers, uniquingKeysWith: { $1 }), body: body, at: place)
        try #require(answer.status == 200, "\(answer.text)", sourceLocation: place)
        return answer
    }

    /// Adds the metadata of an image that has no data yet.
    @discardableResult
    func queue(
        _ id: String, _ headers: [String: String] = [:], at place: SourceLocation = #_sourceLocation
    ) throws -> Answer {
        try add(id, headers, body: nil, at: place)
    }

    /// Adds an image whose data is coming in and does not end.
    func beginSaving(_ id: String, isPublic: Bool = true, owner: String = "") throws {
        let draft = ImageDraft(
            id: ImageID(recorded: id), name: ImageName(recorded: "name of \(id)"), type: .raw, isPublic: isPublic)
        let bytes = StoredBytes(store: .file, location: Location("on/it/\(id)"))
        _ = try images.registry.reserve(
            NewImage(draft, store: .file, owner: owner, createdAt: clock.now),
            lease: Lease(name: "lease of \(id)", bytes: bytes, size: 0, seconds: 3600), within: nil)
    }

    /// As the registry has it; nil where there is no record.
    func status(of id: String) throws -> ImageStatus? {
        try images.registry.record(ImageID(recorded: id))?.image.status
    }

    /// Runs `body` while another connection holds the lock of the registry's writer.
    func whileRegistryIsLocked<Value>(_ body: () throws -> Value) throws -> Value {
        let other = try SQLiteConnection(path: "\(directory)/registry.sqlite", busySecondsMax: 1, create: false)
        try other.execute("BEGIN IMMEDIATE")
        defer { #expect(throws: Never.self) { try other.execute("ROLLBACK") } }
        return try body()
    }

    /// Data files in the store, whole or not.
    var storedFiles: [String] {
        let names = FileManager.default.enumerator(atPath: "\(directory)/images")?.allObjects ?? []
        return names.compactMap { name in
            guard let name = name as? String else { return nil }
            var isDirectory: ObjCBool = false
            let isThere = FileManager.default.fileExists(
                atPath: "\(directory)/images/\(name)", isDirectory: &isDirectory)
            return isThere && !isDirectory.boolValue && !name.hasPrefix(".") ? name : nil
        }
    }
}
