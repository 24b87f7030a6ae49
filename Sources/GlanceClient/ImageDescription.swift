import GlanceModel
import GlanceWire

/// What is said of an image that is added.
public struct ImageDescription: Equatable, Sendable {
    public var name: String
    public var kind: ImageMetadata.Kind
    /// Nil: the server gives a number.
    public var id: String?
    public var isPublic = false
    /// Keys are folded to lower-case letters, digits and `_`.
    public var properties: [String: String] = [:]
    /// Nil: the server's default.
    public var store: String?
    /// Bytes. Where data go along it is their number, and need not be given.
    public var size: Int64?
    /// 64 hexadecimal digits that the data must have.
    public var sha256: String?

    public init(
        name: String, kind: ImageMetadata.Kind, id: String? = nil, isPublic: Bool = false,
        properties: [String: String] = [:], store: String? = nil, size: Int64? = nil, sha256: String? = nil
    ) {
        self.name = name
        self.kind = kind
        self.id = id
        self.isPublic = isPublic
        self.properties = properties
        self.store = store
        self.size = size
        self.sha256 = sha256
    }

    func fields() throws(GlanceError) -> ImageFields {
        var change = ImageUpdate(name: name, kind: kind, isPublic: isPublic, properties: properties)
        (change.store, change.size, change.sha256) = (store, size, sha256)
        return try change.fields(id: id)
    }
}

/// What changes in an image: whatever is nil stays as it is.
public struct ImageUpdate: Equatable, Sendable {
    public var name: String?
    public var kind: ImageMetadata.Kind?
    public var isPublic: Bool?
    /// Put over those that are there, or in their place.
    public var properties: [String: String]
    public var replacesProperties: Bool
    /// The version that the caller has seen: where the image has another by now nothing is done, and `conflict` is thrown.
    public var version: Int64?
    /// These three only as long as the image has no data.
    public var store: String?
    public var size: Int64?
    public var sha256: String?

    public init(
        name: String? = nil, kind: ImageMetadata.Kind? = nil, isPublic: Bool? = nil,
        properties: [String: String] = [:], replacesProperties: Bool = false, version: Int64? = nil
    ) {
        self.name = name
        self.kind = kind
        self.isPublic = isPublic
        self.properties = properties
        self.replacesProperties = replacesProperties
        self.version = version
    }

    /// Throws `invalid` for what could not travel in a header. The rest is for the server to judge.
    func fields(id: String? = nil) throws(GlanceError) -> ImageFields {
        var fields = ImageFields()
        let texts: [(ImageFields.Name, String?)] = [
            (.id, id), (.name, name), (.type, kind?.rawValue), (.isPublic, isPublic.map { $0 ? "True" : "False" }),
            (.store, store), (.size, size.map { String($0) }), (.sha256, sha256),
            (.version, version.map { String($0) }),
        ]
        do throws(Failure) {
            for case (let field, let text?) in texts {
                guard isPlainText(text) else {
                    throw .invalid(
                        field: field.rawValue, problem: "it has a control character, or a blank at its start or end")
                }
                try fields.set(field, text)
            }
            for (key, value) in properties.sorted(by: { $0.key < $1.key }) { try fields.properties.add(key, value) }
        } catch {
            throw GlanceError(error)
        }
        return fields
    }
}

extension GlanceError {
    /// What the server's own rules say of something before it is sent.
    init(_ failure: Failure) {
        self =
            if case .invalid(let field, let problem) = failure {
                .invalid(field: field, problem: problem)
            } else {
                .invalid(field: "request", problem: failure.message)
            }
    }
}
