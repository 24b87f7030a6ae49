import FoundationEssentials
import GlanceModel

/// An image as JSON, both ways.
package enum ImageJSON {
    /// `{"image": {every field}}`
    package static func one(_ image: Image, uri: String) -> [UInt8] {
        var json = JSONText()
        json.raw("{\"image\": ")
        writeDetailed(image, uri: uri, into: &json)
        json.raw("}\n")
        return json.bytes
    }

    /// What a list says of an image: where it is, and its name, type and size.
    package static func writeBrief(_ image: Image, uri: String, into json: inout JSONText) {
        json.raw("{\"uri\": ")
        json.string(uri)
        writeNameTypeSize(image, into: &json)
        json.raw(", \"id\": ")
        json.string(image.id.text)
        json.raw("}")
    }

    /// Every field.
    package static func writeDetailed(_ image: Image, uri: String, into json: inout JSONText) {
        json.raw("{\"uri\": ")
        json.string(uri)
        json.raw(", \"id\": ")
        json.string(image.id.text)
        writeNameTypeSize(image, into: &json)
        json.raw(", \"store\": ")
        json.string(image.store.text)
        json.raw(", \"created_at\": ")
        json.string(image.createdAt.text)
        json.raw(", \"updated_at\": ")
        json.string(image.updatedAt.text)
        json.raw(", \"deleted_at\": ")
        json.string(image.deletedAt?.text ?? "")
        json.raw(", \"status\": ")
        json.string(image.status.rawValue)
        json.raw(", \"is_public\": ")
        json.boolean(image.isPublic)
        json.raw(", \"properties\": ")
        writeProperties(image.properties, into: &json)
        json.raw(", \"owner\": ")
        json.string(image.owner)
        json.raw(", \"sha256\": ")
        json.string(image.sha256?.text ?? "")
        json.raw(", \"version\": ")
        json.integer(image.version)
        json.raw("}")
    }

    private static func writeNameTypeSize(_ image: Image, into json: inout JSONText) {
        json.raw(", \"name\": ")
        json.string(image.name.text)
        json.raw(", \"type\": ")
        json.string(image.type.rawValue)
        // A string of digits: many JSON readers hold numbers as doubles, which are exact up to 2^53 alone.
        json.raw(", \"size\": ")
        json.string(String(image.size ?? 0))
    }

    private static func writeProperties(_ properties: ImageProperties, into json: inout JSONText) {
        json.raw("{")
        for (index, (key, value)) in properties.pairs.enumerated() {
            if index > 0 { json.raw(", ") }
            json.key(key)
            json.string(value)
        }
        json.raw("}")
    }

    /// What a client's `{"image": {…}}` says of an image. Keys that are unknown, or not for clients to set, say nothing.
    package static func read(_ bytes: [UInt8]) throws(Failure) -> ImageFields {
        // RFC 8259, section 8.1. Foundation reads UTF-16 too, where a brace or a quote is half of some other character.
        guard !bytes.contains(0), String(validating: bytes, as: UTF8.self) != nil else {
            throw .invalid(field: "body", problem: "it is no UTF-8: send JSON in UTF-8")
        }
        let image: [String: JSONValue]
        do {
            image = try JSONDecoder().decode(Envelope.self, from: Data(bytes)).image
        } catch {
            throw .invalid(field: "body", problem: "it is no JSON of the form {\"image\": {\"name\": …, \"type\": …}}")
        }
        if let key = repeatedKey(in: bytes) { throw .invalid(field: excerpt(key), problem: "it was given twice") }
        var fields = ImageFields()
        for name in ImageFields.Name.allCases {
            if let value = image[name.rawValue] { try fields.set(name, try text(of: value, for: name)) }
        }
        if let value = image["properties"] { fields.properties = try properties(value) }
        return fields
    }

    private static func text(of value: JSONValue, for name: ImageFields.Name) throws(Failure) -> String {
        switch (value, name) {
        case (.scalar(.string(let text)), _): return text
        case (.scalar(.integer(let number)), .size), (.scalar(.integer(let number)), .version),
            (.scalar(.integer(let number)), .isPublic):
            return String(number)
        case (.scalar(.boolean(let flag)), .isPublic): return flag ? "true" : "false"
        default:
            throw .invalid(field: name.rawValue, problem: "it is no JSON \(name == .isPublic ? "boolean" : "string")")
        }
    }

    private static func properties(_ value: JSONValue) throws(Failure) -> ImageProperties {
        guard case .object(let members) = value else {
            throw .invalid(field: "properties", problem: "it is no JSON object of strings")
        }
        var properties = ImageProperties()
        for (key, value) in members.sorted(by: { $0.key < $1.key }) {
            guard case .string(let text) = value else {
                throw .invalid(field: "property \(ImageProperties.key(key))", problem: "its value is no JSON string")
            }
            try properties.add(key, text)
        }
        return properties
    }

    /// The image of an answer `{"image": {…}}`; nil where it is none.
    package static func reported(_ bytes: [UInt8]) -> ReportedImage? {
        var image: ReportedImage?
        let isRight = envelope(bytes, "image") { scanner in
            image = reportedImage(&scanner)
            return image != nil
        }
        return isRight ? image : nil
    }

    /// The images of an answer `{"images": [{…}…]}`; nil where it is none.
    package static func reportedList(_ bytes: [UInt8]) -> [ReportedImage]? {
        var images: [ReportedImage]?
        let isRight = envelope(bytes, "images") { scanner in
            var list: [ReportedImage] = []
            defer { images = list }
            return scanner.array { scanner in
                guard let image = reportedImage(&scanner) else { return false }
                list.append(image)
                return true
            }
        }
        return isRight ? images : nil
    }

    /// Reads an object of which one member counts; false where the text is no such object.
    private static func envelope(_ bytes: [UInt8], _ name: StaticString, _ body: (inout JSONScanner) -> Bool) -> Bool {
        bytes.withUnsafeBufferPointer { bytes in
            var scanner = JSONScanner(bytes)
            return scanner.object { scanner, key in name ~= key ? body(&scanner) : scanner.scalar() != nil }
                && scanner.isAtEnd()
        }
    }

    private static func reportedImage(_ scanner: inout JSONScanner) -> ReportedImage? {
        var image = ReportedImage()
        var properties: [(key: String, value: String)] = []
        properties.reserveCapacity(8)
        let isObject = scanner.object { scanner, key in
            if "properties" ~= key, scanner.next() == UInt8(ascii: "{") {
                return scanner.object { scanner, key in
                    scanner.text { properties.append((String(decoding: key, as: UTF8.self), $0)) }
                }
            }
            return scanner.text { image.set(key, $0) }
        }
        image.properties = ImageProperties(recorded: properties)
        return isObject ? image : nil
    }

    private struct Envelope: Decodable {
        let image: [String: JSONValue]
    }
}

/// The JSON values that mean something in an image: texts, numbers and booleans, and an object of them. That is as deep as
/// it goes, because each further level of decoding takes its share of a thread's stack, and whoever sends JSON decides how
/// many there are.
private enum JSONValue: Decodable {
    case scalar(JSONScalar)
    case object([String: JSONScalar])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let members = try? container.decode([String: JSONScalar].self) {
            self = .object(members)
        } else {
            self = .scalar(try container.decode(JSONScalar.self))
        }
    }
}

private enum JSONScalar: Decodable {
    case string(String)
    case integer(Int64)
    case boolean(Bool)
    case other

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            self = .string(text)
        } else if let flag = try? container.decode(Bool.self) {
            self = .boolean(flag)
        } else if let number = try? container.decode(Int64.self) {
            self = .integer(number)
        } else {
            self = .other
        }
    }
}
