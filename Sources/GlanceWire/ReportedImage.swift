import GlanceModel
import Glibc

/// The fields of an image as a service wrote them, in headers or in JSON, before they mean anything. What it did not say is
/// nil; fields of other names are not here.
package struct ReportedImage: Equatable, Sendable {
    package var uri: String?
    package var id: String?
    package var name: String?
    package var type: String?
    package var size: String?
    package var store: String?
    package var createdAt: String?
    package var updatedAt: String?
    package var deletedAt: String?
    package var status: String?
    package var isPublic: String?
    package var owner: String?
    package var sha256: String?
    package var version: String?
    package var properties = ImageProperties()

    package init() {}

    /// Sets a field by its name in JSON, which is that in headers too: `is_public`. What it was before is forgotten.
    package mutating func set(_ name: UnsafeBufferPointer<UInt8>, _ text: String) {
        switch name {
        case "uri": uri = text
        case "id": id = text
        case "name": self.name = text
        case "type": type = text
        case "size": size = text
        case "store": store = text
        case "created_at": createdAt = text
        case "updated_at": updatedAt = text
        case "deleted_at": deletedAt = text
        case "status": status = text
        case "is_public": isPublic = text
        case "owner": owner = text
        case "sha256": sha256 = text
        case "version": version = text
        default: break
        }
    }
}

/// Whether `bytes` are this text. Texts of Swift would have to be made first, of every name in a list.
func ~= (text: StaticString, bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let start = bytes.baseAddress, bytes.count == text.utf8CodeUnitCount else { return false }
    return memcmp(start, text.utf8Start, bytes.count) == 0
}
