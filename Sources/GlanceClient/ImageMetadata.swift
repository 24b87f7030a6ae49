import FoundationEssentials
import GlanceModel
import GlanceWire
import HTTP

/// What a Glance says of one image.
public struct ImageMetadata: Equatable, Sendable, Identifiable {
    /// What kind of data an image is.
    public enum Kind: String, CaseIterable, Sendable {
        case kernel, machine, raw, ramdisk
    }

    /// Where an image is in its life.
    public enum Status: String, CaseIterable, Sendable {
        /// Metadata, no data yet.
        case queued
        /// Data is coming in.
        case saving
        case available
        case deleted
    }

    /// Where the server says that it is.
    public let uri: String
    public let id: String
    public let name: String
    public let kind: Kind
    /// Bytes of the data; of a queued image 0, or what its owner said they will be.
    public let size: Int64
    /// The image store that has the data: `file`, `swift`.
    public let store: String
    /// `YYYY-MM-DD HH:MM:SS`, UTC.
    public let createdAt: String
    /// When the metadata changed last; as `createdAt`.
    public let updatedAt: String
    /// Empty until the image is deleted; as `createdAt`.
    public let deletedAt: String
    public let status: Status
    public let isPublic: Bool
    /// By keys of lower-case letters, digits and `_`.
    public let properties: [String: String]
    /// The user who added it; empty where nobody has a name.
    public let owner: String
    /// Of the whole data, 64 hexadecimal digits; empty where the server does not know it.
    public let sha256: String
    /// 1, then one more with each change; 0 from a server that counts none.
    public let version: Int64

    /// Throws `malformed` where an id, a name or a type is missing, or a field is not what it should be. Whatever else is
    /// missing is empty: a server may know less than this one.
    init(_ image: ReportedImage, answering id: String? = nil) throws(GlanceError) {
        func text(_ key: String) -> String { image.texts[key] ?? "" }
        uri = text("uri")
        let own = image.texts["id"] ?? uri.split(separator: "/").last.map(String.init) ?? ""
        self.id = own.isEmpty ? id ?? "" : own
        guard !self.id.isEmpty, let name = image.texts["name"] else { throw Self.malformed("it has no id or no name") }
        guard let kind = Kind(rawValue: text("type")) else {
            throw Self.malformed("the image \(self.id) has the type “\(excerpt(text("type")))”")
        }
        guard let status = Status(rawValue: image.texts["status"] ?? Status.available.rawValue) else {
            throw Self.malformed("the image \(self.id) has the status “\(excerpt(text("status")))”")
        }
        guard let size = decimalNumber(image.texts["size"] ?? "0") else {
            throw Self.malformed("the image \(self.id) has the size “\(excerpt(text("size")))”")
        }
        self.name = name
        self.kind = kind
        self.status = status
        self.size = size
        store = text("store")
        createdAt = text("created_at")
        updatedAt = text("updated_at")
        deletedAt = text("deleted_at")
        isPublic = text("is_public").lowercased() == "true"
        properties = image.properties
        owner = text("owner")
        sha256 = SHA256Digest(text("sha256"))?.text ?? ""
        version = decimalNumber(text("version")) ?? 0
    }

    private static func malformed(_ problem: String) -> GlanceError {
        .malformed("the server's description of an image is not right: \(problem)")
    }
}

/// What a list says of one image where nobody asks for more.
public struct ImageSummary: Equatable, Sendable, Identifiable {
    public let uri: String
    public let id: String
    public let name: String
    public let kind: ImageMetadata.Kind
    /// Bytes.
    public let size: Int64

    init(_ image: ReportedImage) throws(GlanceError) {
        let all = try ImageMetadata(image)
        (uri, id, name, kind, size) = (all.uri, all.id, all.name, all.kind, all.size)
    }
}
