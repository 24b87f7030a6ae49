import GlanceModel
import HTTP

/// The fields of an image as a client wrote them, in headers or in JSON, before they mean anything. What clients may not
/// set is not here: it never gets in.
package struct ImageFields: Equatable, Sendable {
    package enum Name: String, CaseIterable, Sendable {
        case id, name, type, size, store, sha256, version
        case isPublic = "is_public"
    }

    package private(set) var texts: [Name: String] = [:]
    package var properties = ImageProperties()

    package init() {}

    /// Throws where the field came before with another value.
    package mutating func set(_ name: Name, _ text: String) throws(Failure) {
        if let before = texts[name], !sameBytes(before, text) {
            throw .invalid(
                field: name.rawValue, problem: "it was given twice, as “\(excerpt(before))” and as “\(excerpt(text))”")
        }
        texts[name] = text
    }

    /// A new image. Throws `invalid` for the first field that is missing or wrong.
    package func draft() throws(Failure) -> ImageDraft {
        guard texts[.name] != nil else { throw .invalid(field: "name", problem: "it is missing: every image has one") }
        guard texts[.type] != nil else { throw .invalid(field: "type", problem: "it is missing: \(Self.typeRule)") }
        guard let name = try imageName(), let type = try imageType() else {
            throw .invalid(field: "name", problem: "it is missing: every image has one")
        }
        return ImageDraft(
            id: try imageID(), name: name, type: type, size: try number(.size),
            store: given(.store).map { StoreName($0) },
            isPublic: isPublic ?? false, properties: properties, sha256: try digest())
    }

    /// A change of what is there.
    package func change() throws(Failure) -> ImageChange {
        var change = ImageChange()
        change.id = given(.id)
        change.name = try imageName()
        change.type = try imageType()
        change.size = try number(.size)
        change.store = given(.store).map { StoreName($0) }
        change.isPublic = isPublic
        change.properties = properties
        change.sha256 = try digest()
        change.version = try number(.version)
        return change
    }

    /// The version that a client says it has seen.
    package func version() throws(Failure) -> Int64? {
        try number(.version)
    }

    /// Clients of old send fields that they have no value for as empty ones: those count as not given.
    private func given(_ name: Name) -> String? {
        texts[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    private func imageID() throws(Failure) -> ImageID? {
        guard let text = given(.id) else { return nil }
        guard let id = ImageID(text) else {
            throw .invalid(
                field: "id",
                problem: """
                    “\(excerpt(text))” is none: use 1 to \(ImageID.charactersMax) letters, digits, “.”, “_” or “-”, \
                    a letter or digit first, and not “detail”
                    """)
        }
        return id
    }

    private func imageName() throws(Failure) -> ImageName? {
        guard let text = texts[.name] else { return nil }
        guard let name = ImageName(text) else {
            throw .invalid(
                field: "name",
                problem: """
                    it has 1 to \(ImageName.scalarsMax) characters, no control characters among them and no blank \
                    at its start or end
                    """)
        }
        return name
    }

    private func imageType() throws(Failure) -> ImageType? {
        guard let text = texts[.type] else { return nil }
        guard let type = ImageType(rawValue: text) else {
            throw .invalid(field: "type", problem: "“\(excerpt(text))” is none: \(Self.typeRule)")
        }
        return type
    }

    private func number(_ name: Name) throws(Failure) -> Int64? {
        guard let text = given(name) else { return nil }
        guard let number = decimalNumber(text) else {
            throw .invalid(
                field: name.rawValue, problem: "“\(excerpt(text))” is no whole number from 0 to \(Int64.max)")
        }
        return number
    }

    private func digest() throws(Failure) -> SHA256Digest? {
        guard let text = given(.sha256) else { return nil }
        guard let digest = SHA256Digest(text) else {
            throw .invalid(field: "sha256", problem: "“\(excerpt(text))” is no SHA-256: give 64 hexadecimal digits")
        }
        return digest
    }

    private var isPublic: Bool? {
        texts[.isPublic].map { ["true", "on", "1", "yes", "y", "t"].contains($0.lowercased()) }
    }

    private static let typeRule = "say one of \(ImageType.allCases.map(\.rawValue).joined(separator: ", "))"
}

/// The start of a text that a client sent, to be shown in an error.
package func excerpt(_ text: String) -> String {
    printable(String(String.UnicodeScalarView(text.unicodeScalars.prefix(64))))
        + (text.unicodeScalars.count > 64 ? "…" : "")
}

/// A stranger's text with nothing in it that would move a terminal's cursor, end a line, or hide: `?` in its place.
package func printable(_ text: String) -> String {
    String(
        text.unicodeScalars.map { scalar -> Character in
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator, .format: "?"
            default: Character(scalar)
            }
        })
}
