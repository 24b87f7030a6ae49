import Foundation
import GlanceClient
import Testing

/// The client chapter of the Glance documentation of December 2010, and the rest of the library, against a Glance behind
/// its nginx.
@Suite(.serialized) struct ClientLibraryTests {
    let site: Site
    let client: GlanceClient
    let directory: String

    init() throws {
        site = try Site.shared.get()
        client = try GlanceClient(host: "127.0.0.1", port: UInt16(site.port))
        directory = try Site.newDirectory()
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    private func file(_ bytes: Int) throws -> String {
        let path = "\(directory)/source"
        try run("sh", ["-c", "head -c \(bytes) /dev/urandom > \(path)"])
        return path
    }

    @Test func `every example of the documentation's client chapter, in its order`() throws {
        // The image that its examples read.
        let bytes = String(repeating: "0123456789", count: 30_000)
        let fields = [
            "x-image-meta-id": "chapter-1", "x-image-meta-name": "Ubuntu 10.04 Plain", "x-image-meta-type": "kernel",
            "x-image-meta-is_public": "True", "x-image-meta-property-distro": "Ubuntu 10.04 LTS",
        ]
        try #require(try site.add(bytes, fields).status == 200)

        // Requesting a list of public images
        let listed = try #require(try client.images().all().first { $0.id == "chapter-1" })
        #expect(listed.name == "Ubuntu 10.04 Plain" && listed.kind == .kernel && listed.size == 300_000)
        #expect(listed.uri == "\(site.url)/images/chapter-1")

        // Requesting detailed metadata on public images
        let detailed = try #require(try client.imagesDetailed().all().first { $0.id == "chapter-1" })
        #expect(detailed.properties == ["distro": "Ubuntu 10.04 LTS"] && detailed.status == .available)

        // Requesting detailed metadata on a specific image, by a URI without the port as there
        #expect(try client.image("http://127.0.0.1/images/chapter-1") == detailed)
        #expect(throws: GlanceError.self) { try client.image("http://glance.example.com/images/chapter-1") }

        // Retrieving a virtual machine image, chunk after chunk
        let download = try client.download(listed.uri)
        let copy = "\(directory)/chapter"
        try #require(FileManager.default.createFile(atPath: copy, contents: nil))
        let output = try FileHandle(forWritingTo: URL(filePath: copy))
        while let chunk = try download.next() { try output.write(contentsOf: chunk) }
        #expect(download.metadata == detailed)
        #expect(FileManager.default.contents(atPath: copy) == Data(bytes.utf8))

        // Adding a new virtual machine image
        let path = try file(300_000)
        let added = try client.add(
            ImageDescription(
                name: "Ubuntu 10.04 G5", kind: .machine, isPublic: true, properties: ["distro": "Ubuntu 10.04 LTS"]),
            from: .file(path))
        #expect(!added.id.isEmpty && added.uri == "\(site.url)/images/\(added.id)")
        #expect(added.size == 300_000 && added.status == .available && added.isPublic)
        #expect(added.sha256 == String(try run("sha256sum", [path]).text.prefix(64)))
    }

    @Test func `an image is brought into a file, changed and removed`() throws {
        let (copy, path) = ("\(directory)/copy", try file(300_000))
        let id = try client.add(ImageDescription(name: "First", kind: .machine), from: .file(path)).id

        try client.download(id, to: copy)
        let changed = try client.update(
            id, ImageUpdate(name: "Nächste", properties: ["arch": "x86"], replacesProperties: true, version: 1))
        let conflict = #expect(throws: GlanceError.self) {
            try client.update(id, ImageUpdate(name: "Too late", version: 1))
        }
        try client.delete(id)
        let gone = #expect(throws: GlanceError.self) { try client.image(id) }

        #expect(changed.name == "Nächste" && changed.properties == ["arch": "x86"] && changed.version == 2)
        #expect(conflict?.refusal?.status == 409 && conflict?.refusal?.requestID?.count == 32)
        #expect(gone?.refusal?.status == 404)
        #expect(try run("sha256sum", [copy]).text.hasPrefix(changed.sha256))
    }

    @Test func `a queued image gets its data later, also from a source of unknown length`() throws {
        let queued = try client.add(ImageDescription(name: "later", kind: .raw))
        let rest = Rest(100_000)

        let image = try client.addData(
            to: queued.id,
            from: .stream(length: nil) { buffer in
                let count = rest.take(min(1000, buffer.count))
                UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]).initializeMemory(as: UInt8.self, repeating: 0)
                return count
            })
        let again = #expect(throws: GlanceError.self) { try client.addData(to: queued.id, from: .bytes([1])) }

        #expect(queued.status == .queued && image.status == .available && image.size == 100_000)
        #expect(again?.refusal?.status == 409)
        try client.delete(queued.id)
    }

    @Test func `the refusals of a real server are the library's cases`() throws {
        let taken = try client.add(ImageDescription(name: "taken", kind: .raw, id: "client-taken"), from: .bytes([1]))
        func failure(_ body: () throws -> Void) -> String {
            do { try body() } catch { return "\(Mirror(reflecting: error).children.first?.label ?? "")" }
            return "none"
        }

        #expect(failure { _ = try client.image("client-none") } == "notFound")
        #expect(failure { try client.add(ImageDescription(name: "x", kind: .raw, id: taken.id)) } == "conflict")
        #expect(failure { try client.add(ImageDescription(name: "x", kind: .raw, store: "tape")) } == "badRequest")
        let wrong = ImageDescription(name: "x", kind: .raw, sha256: String(repeating: "0", count: 64))
        #expect(failure { try client.add(wrong, from: .bytes([1])) } == "badRequest")
        #expect(failure { _ = try GlanceClient(host: "127.0.0.1", port: 1).image("x") } == "unreachable")
        try client.delete(taken.id)
    }

    @Test func `a refused upload of 200 MB ends at once, twenty times of twenty`() throws {
        let taken = try client.add(ImageDescription(name: "taken", kind: .raw, id: "client-early"), from: .bytes([1]))
        let path = "\(directory)/large"
        try run("truncate", ["-s", "200000000", path])

        for _ in 0..<20 {
            let error = #expect(throws: GlanceError.self) {
                try client.add(ImageDescription(name: "x", kind: .raw, id: taken.id), from: .file(path))
            }
            #expect(error?.refusal?.status == 409)
        }
        try client.delete(taken.id)
    }

    @Test func `tasks add, list and fetch beside one another`() async throws {
        let client = client
        let directory = directory

        let ids = try await withThrowingTaskGroup(of: String.self) { group in
            for number in 0..<24 {
                group.addTask {
                    let data = Array(repeating: UInt8(number), count: 100_000 + number)
                    let image = try await client.add(
                        ImageDescription(name: "task \(number)", kind: .raw, isPublic: true), from: .bytes(data))
                    try await client.download(image.id, to: "\(directory)/\(image.id)")
                    var bytes: [UInt8] = []
                    for try await piece in try await client.download(image.id) { bytes += piece }
                    try #require(bytes == data)
                    return image.id
                }
            }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        var listed: Set<String> = []
        for try await image in client.imageSequence() { listed.insert(image.id) }

        #expect(ids.count == 24 && ids.isSubset(of: listed))
        for id in ids { try await client.delete(id) }
    }

    @Test func `a program of somebody else, built against the library, copies all images`() throws {
        let target = try Site()
        let image = try client.add(
            ImageDescription(name: "to copy", kind: .kernel, isPublic: true, properties: ["a": "b"]),
            from: .bytes(Array("kernel".utf8)))
        let build = "\(directory)/build"
        let built = try run(
            "swift", ["build", "--package-path", "\(Site.project)/docs/examples/copy-images", "--scratch-path", build])
        try #require(built.status == 0, "\(built.text)\(built.errors)")

        let copied = try run("\(build)/debug/copy-images", [site.url, target.url])
        let again = try run("\(build)/debug/copy-images", [site.url, target.url])

        #expect(copied.status == 0 && copied.text.contains("\(image.id): copied 6 bytes"), "\(copied.text)")
        #expect(again.text.contains("\(image.id): is there already"))
        #expect(try target.curl("/images/\(image.id)").text == "kernel")
        try client.delete(image.id)
    }
}

/// A number that is taken from by one thread.
private final class Rest: @unchecked Sendable {
    private var rest: Int

    init(_ count: Int) {
        rest = count
    }

    func take(_ count: Int) -> Int {
        let taken = min(count, rest)
        rest -= taken
        return taken
    }
}
