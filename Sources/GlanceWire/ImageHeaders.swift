import GlanceModel
import HTTP

/// An image as `x-image-meta-*` header fields, both ways.
package enum ImageHeaders {
    private static let prefix = "x-image-meta-"
    private static let propertyPrefix = "x-image-meta-property-"

    /// Every field of an image that lives at `uri`.
    package static func fields(_ image: Image, uri: String) -> Headers {
        var headers = Headers()
        headers.reserve(24 + image.properties.pairs.count)
        headers.add("x-image-meta-uri", uri)
        headers.add("x-image-meta-id", image.id.text)
        headers.add("x-image-meta-name", image.name.text)
        headers.add("x-image-meta-type", image.type.rawValue)
        headers.add("x-image-meta-size", String(image.size ?? 0))
        headers.add("x-image-meta-store", image.store.text)
        headers.add("x-image-meta-created_at", image.createdAt.text)
        headers.add("x-image-meta-updated_at", image.updatedAt.text)
        headers.add("x-image-meta-deleted_at", image.deletedAt?.text ?? "")
        headers.add("x-image-meta-status", image.status.rawValue)
        headers.add("x-image-meta-is_public", image.isPublic ? "True" : "False")
        headers.add("x-image-meta-owner", image.owner)
        headers.add("x-image-meta-sha256", image.sha256?.text ?? "")
        headers.add("x-image-meta-version", String(image.version))
        for (key, value) in image.properties.pairs { headers.add(propertyPrefix + key, value) }
        return headers
    }

    /// What a client says of an image, as it sends it.
    package static func fields(_ fields: ImageFields) -> Headers {
        var headers = Headers()
        for name in ImageFields.Name.allCases {
            if let text = fields.texts[name] { headers.add(prefix + name.rawValue, text) }
        }
        for (key, value) in fields.properties.pairs { headers.add(propertyPrefix + key, value) }
        return headers
    }

    /// What a service says of an image.
    package static func reported(_ headers: Headers) -> ReportedImage {
        var image = ReportedImage()
        var properties: [(key: String, value: String)] = []
        for field in headers.fields {
            if let key = Headers.folded(field.name, behind: foldedPropertyPrefix) {
                properties.append((key, field.value))
            } else if var name = Headers.folded(field.name, behind: foldedPrefix) {
                name.withUTF8 { image.set($0, field.value) }
            }
        }
        image.properties = ImageProperties(recorded: properties)
        return image
    }

    /// Bytes that an image's fields take as header lines.
    package static func byteCount(_ image: Image, uri: String) -> Int {
        fields(image, uri: uri).fields.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count + ": \r\n".utf8.count }
    }

    /// What a client's header fields say of an image. Names that are unknown, or not for clients to set, say nothing.
    package static func read(_ headers: Headers) throws(Failure) -> ImageFields {
        var fields = ImageFields()
        for field in headers.fields {
            if let key = Headers.folded(field.name, behind: foldedPropertyPrefix) {
                try requireUTF8(field)
                try fields.properties.add(key, field.value)
            } else if let known = Headers.folded(field.name, behind: foldedPrefix).flatMap(ImageFields.Name.init) {
                try requireUTF8(field)
                try fields.set(known, field.value)
            }
        }
        return fields
    }

    /// True where any field of a request says something of an image.
    package static func arePresent(in headers: Headers) -> Bool {
        headers.fields.contains { Headers.folded($0.name, behind: foldedPrefix) != nil }
    }

    private static let foldedPrefix = Headers.folded(prefix)
    private static let foldedPropertyPrefix = Headers.folded(propertyPrefix)

    private static func requireUTF8(_ field: Headers.Field) throws(Failure) {
        guard field.isUTF8 else {
            throw .invalid(field: excerpt(field.name), problem: "its value is no UTF-8: send text in UTF-8")
        }
    }
}
