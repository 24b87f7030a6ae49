import Foundation
import Testing

/// An answer as curl saw it.
struct Answer {
    let status: Int
    /// Names in lower case; in the order in which they came.
    let headers: [(name: String, value: String)]
    let body: Data

    var text: String { String(decoding: body, as: UTF8.self) }

    subscript(_ name: String) -> String? {
        headers.first { $0.name == name.lowercased() }?.value
    }

    func count(_ name: String) -> Int {
        headers.count { $0.name == name.lowercased() }
    }

    /// The body as JSON, at a path of keys and places.
    func json(_ path: Any...) throws -> Any {
        var value = try JSONSerialization.jsonObject(with: body)
        for step in path {
            if let key = step as? String {
                value = try #require((value as? [String: Any])?[key], "no \(key) in \(text)")
            } else if let place = step as? Int {
                value = try #require((value as? [Any])?[place], "no \(place) in \(text)")
            }
        }
        return value
    }

    func ids() throws -> [String] {
        let images = try #require(try json("images") as? [[String: Any]])
        return images.compactMap { $0["id"] as? String }
    }
}

extension Site {
    /// What curl gets for `arguments` and a path.
    func curl(_ path: String, _ arguments: [String] = [], input: Data = Data()) throws -> Answer {
        let name = NSTemporaryDirectory() + "/glance-curl-\(UUID().uuidString)"
        defer { for part in ["head", "body"] { unlink("\(name).\(part)") } }
        let trust = isSecure ? ["--cacert", "\(directory)/tls/ca.pem"] : []
        let output = try run(
            "curl",
            trust + ["-sS", "--path-as-is", "-D", "\(name).head", "-o", "\(name).body"] + arguments + [url + path],
            input: input)
        try #require(output.status == 0, "curl ended with \(output.status): \(output.errors)")
        let head = String(decoding: FileManager.default.contents(atPath: "\(name).head") ?? Data(), as: UTF8.self)
        return try Answer(head: head, body: FileManager.default.contents(atPath: "\(name).body") ?? Data())
    }

    /// Adds an image of `bytes` with header fields `name: value`.
    func add(_ bytes: String?, _ fields: [String: String] = [:], _ arguments: [String] = []) throws -> Answer {
        try send(
            "POST", "/images", bytes,
            ["x-image-meta-name": "An image", "x-image-meta-type": "raw"].merging(fields) { $1 }, arguments)
    }

    func send(
        _ method: String, _ path: String, _ body: String? = nil, _ fields: [String: String] = [:],
        _ arguments: [String] = []
    ) throws -> Answer {
        var all = method == "HEAD" ? ["-I"] : ["-X", method]
        for (name, value) in fields { all += ["-H", value.isEmpty ? "\(name);" : "\(name): \(value)"] }
        if body != nil { all += ["--data-binary", "@-"] }
        if body != nil, fields["Content-Type"] == nil { all += ["-H", "Content-Type: application/octet-stream"] }
        return try curl(path, all + arguments, input: Data((body ?? "").utf8))
    }
}

extension Answer {
    /// Takes the last head that curl wrote: before it may stand a `100 Continue`.
    fileprivate init(head: String, body: Data) throws {
        let last = try #require(head.components(separatedBy: "\r\n\r\n").last { !$0.isEmpty })
        let lines = last.components(separatedBy: "\r\n")
        status = try #require(Int(lines[0].split(separator: " ")[1]))
        headers = lines.dropFirst().compactMap { line in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            return (line[..<colon].lowercased(), value)
        }
        self.body = body
    }
}
