import Foundation
import GlanceClient

/// Brings every public image of one Glance into another, with its id, and says what it did with each.
@main
struct CopyImages {
    static func main() async {
        let arguments = CommandLine.arguments
        guard arguments.count == 3 else {
            print("Usage: copy-images FROM-URL TO-URL")
            exit(2)
        }
        do {
            let copy = try CopyImages(from: GlanceClient(url: arguments[1]), to: GlanceClient(url: arguments[2]))
            try await copy.all()
        } catch {
            print("copy-images: \(error)")
            exit(1)
        }
    }

    let from: GlanceClient
    let to: GlanceClient

    func all() async throws {
        for try await image in from.imageSequenceDetailed() where image.status == .available {
            do {
                try await copy(image)
                print("\(image.id): copied \(image.size) bytes")
            } catch GlanceError.conflict {
                print("\(image.id): is there already")
            }
        }
    }

    /// By way of a file: it is verified before a byte of it goes on.
    private func copy(_ image: ImageMetadata) async throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        defer { try? FileManager.default.removeItem(atPath: file) }
        try await from.download(image.id, to: file)
        let description = ImageDescription(
            name: image.name, kind: image.kind, id: image.id, isPublic: true, properties: image.properties,
            sha256: image.sha256)
        try await to.add(description, from: .file(file))
    }
}
