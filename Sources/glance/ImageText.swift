import GlanceClient
import GlanceModel
import GlanceWire

/// Images as they are shown to people and to programs.
extension ImageMetadata {
    /// Lines `label  value`, every one that says something.
    var lines: [String] {
        var rows: [(String, String)] = [
            ("id", id), ("name", name), ("type", kind.rawValue),
            ("size", size < 1024 ? "\(size) bytes" : "\(sizeText(size)) (\(size) bytes)"), ("status", status.rawValue),
            ("public", isPublic ? "yes" : "no"), ("store", store), ("sha256", sha256), ("owner", owner),
            ("created", createdAt.isEmpty ? "" : "\(createdAt) UTC"),
            ("updated", updatedAt.isEmpty ? "" : "\(updatedAt) UTC"),
            ("version", version > 0 ? "\(version)" : ""), ("uri", uri),
        ]
        rows += keyedProperties.pairs.map { ("property \($0.key)", $0.value) }
        let told = rows.filter { !$0.1.isEmpty || $0.0.hasPrefix("property ") }
            .map { (printable($0.0), printable($0.1)) }
        let width = told.map { columnCount($0.0) }.max() ?? 0
        return told.map { $1.isEmpty ? $0 : "\(fitted($0, to: width))  \($1)" }
    }

    /// One line of JSON, with the names of the API.
    var json: String {
        let properties = keyedProperties.pairs
        var json = ImageJSONLine(sure: [uri, id, name, store, owner] + properties.flatMap { [$0.key, $0.value] })
        json.add("uri", uri)
        json.add("id", id)
        json.add("name", name)
        json.add("type", kind.rawValue)
        json.add("size", size)
        json.add("store", store)
        json.add("created_at", createdAt)
        json.add("updated_at", updatedAt)
        json.add("deleted_at", deletedAt)
        json.add("status", status.rawValue)
        json.add("is_public", isPublic)
        json.add("properties", properties)
        json.add("owner", owner)
        json.add("sha256", sha256)
        json.add("version", version)
        return json.finish()
    }
}

extension ImageSummary {
    var json: String {
        var json = ImageJSONLine(sure: [uri, id, name])
        json.add("uri", uri)
        json.add("id", id)
        json.add("name", name)
        json.add("type", kind.rawValue)
        json.add("size", size)
        return json.finish()
    }
}

/// An object of JSON on one line.
struct ImageJSONLine {
    private var text: JSONText
    private var isFirst = true

    /// Where any of `texts` could move a terminal's cursor or hide, all that is not ASCII is escaped.
    init(sure texts: [String]) {
        text = JSONText(asciiOnly: texts.contains { printable($0) != $0 })
        text.raw("{")
    }

    mutating func add(_ key: String, _ value: String) {
        begin(key)
        text.string(value)
    }

    mutating func add(_ key: String, _ value: Int64) {
        begin(key)
        text.integer(value)
    }

    mutating func add(_ key: String, _ value: Bool) {
        begin(key)
        text.boolean(value)
    }

    mutating func add(_ key: String, _ values: [(key: String, value: String)]) {
        begin(key)
        text.raw("{")
        isFirst = true
        for (key, value) in values { add(key, value) }
        isFirst = false
        text.raw("}")
    }

    private mutating func begin(_ key: String) {
        if !isFirst { text.raw(", ") }
        isFirst = false
        text.key(key)
    }

    mutating func finish() -> String {
        text.raw("}")
        return String(decoding: text.bytes, as: UTF8.self)
    }
}

extension Invocation {
    /// Prints one image in the manner that was asked for.
    func show(_ image: ImageMetadata) throws(CommandError) {
        if has(.quiet) {
            try console.print(printable(image.id))
        } else if has(.json) {
            try console.print(image.json)
        } else {
            for line in image.lines { try console.print(line) }
        }
    }
}
