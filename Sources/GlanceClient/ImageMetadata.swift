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
    /// By keys of lower-case letters, digits and `_`. Made anew each time that it is read.
    public var properties: [String: String] {
        Dictionary(keyedProperties.pairs.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
    }
    package let keyedProperties: ImageProperties
    /// The user who added it; empty where nobody has a name.
    public let owner: String
    /// Of the whole data, 64 hexadecimal digits; empty where the server does not know it.
    public let sha256: String
    /// 1, then one more with each change; 0 from a server that counts none.
    public let version: Int64

    /// Throws `malformed` where an id, a name or a type is missing, or a field is not what it should be. Whatever else is
    /// missing is empty: a server may know less than this one.
    init(_ image: ReportedImage, answering id: String? = nil) throws(GlanceError) {
        uri = image.uri ?? ""
        let own = image.id ?? uri.split(separator: "/").last.map(String.init) ?? ""
        self.id = own.isEmpty ? id ?? "" : own
        guard !self.id.isEmpty, let name = image.name else { throw Self.malformed("it has no id or no name") }
        guard let kind = Kind(rawValue: image.type ?? "") else {
            throw Self.malformed("the image \(self.id) has the type “\(excerpt(image.type ?? ""))”")
        }
        guard let status = Status(rawValue: image.status ?? Status.available.rawValue) else {
            throw Self.malformed("the image \(self.id) has the status “\(excerpt(image.status ?? ""))”")
        }
        guard let size = decimalNumber(image.size ?? "0") else {
            throw Self.malformed("the image \(self.id) has the size “\(excerpt(image.size ?? ""))”")
        }
        self.name = name
        self.kind = kind
        self.status = status
        self.size = size
        store = image.store ?? ""
        createdAt = image.createdAt ?? ""
        updatedAt = image.updatedAt ?? ""
        deletedAt = image.deletedAt ?? ""
        isPublic = image.isPublic?.lowercased() == "true"
        keyedProperties = image.properties
        owner = image.owner ?? ""
        sha256 = image.sha256.flatMap { SHA256Digest($0) }?.text ?? ""
        version = decimalNumber(image.version ?? "") ?? 0
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
