import Foundation
import HTTP
import Testing

/// What came back, taken apart.
struct Answer {
    let status: Int
    let headers: Headers
    let body: [UInt8]

    /// Reads the CGI form that SCGI answers have. What holds for every answer is checked here.
    init(_ bytes: [UInt8], to method: String, at place: SourceLocation) throws {
        let end = try #require(bytes.firstRange(of: Array("\r\n\r\n".utf8)), sourceLocation: place)
        let head = try #require(String(validating: bytes[..<end.lowerBound], as: UTF8.self), sourceLocation: place)
        var lines = head.components(separatedBy: "\r\n")
        let first = lines.removeFirst()
        status = try #require(Int(first.trimmingPrefix("Status: ").prefix(3)), sourceLocation: place)
        var headers = Headers()
        for line in lines {
            let colon = try #require(line.firstRange(of: ": "), sourceLocation: place)
            headers.add(String(line[..<colon.lowerBound]), String(line[colon.upperBound...]))
        }
        self.headers = headers
        body = Array(bytes[end.upperBound...])
        check(first, method, place)
    }

    private func check(_ first: String, _ method: String, _ place: SourceLocation) {
        #expect(first.hasPrefix("Status: "), sourceLocation: place)
        let names = headers.fields.map { Headers.folded($0.name) }
        #expect(Set(names).count == names.count, "a field came twice", sourceLocation: place)
        #expect(self["X-Content-Type-Options"] == "nosniff", sourceLocation: place)
        if method == "HEAD" || status == 304 {
            #expect(body.isEmpty, sourceLocation: place)
        } else if let length = self["Content-Length"] {
            #expect(length == String(body.count), sourceLocation: place)
        }
    }

    subscript(_ header: String) -> String? { headers[header] }

    var text: String { String(decoding: body, as: UTF8.self) }

    /// The body as JSON; `.missing` where it is none.
    var json: JSON {
        do {
            return try JSONDecoder().decode(JSON.self, from: Data(body))
        } catch {
            Issue.record("no JSON: \(text)")
            return .missing
        }
    }

    var image: JSON { json["image"] }

    /// The ids of a list, in its order.
    var ids: [String] { json["images"].elements.map { $0["id"].text } }

    /// The fields that describe an image, without their prefix.
    var metadata: [String: String] {
        let prefix = "x-image-meta-"
        let fields = headers.fields.filter { $0.name.hasPrefix(prefix) }
        return Dictionary(uniqueKeysWithValues: fields.map { (String($0.name.dropFirst(prefix.count)), $0.value) })
    }
}

/// A JSON value that can be compared with a literal.
enum JSON: Equatable, Decodable {
    case string(String)
    case number(Int64)
    case boolean(Bool)
    case array([JSON])
    case object([String: JSON])
    case missing

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if let text = try? value.decode(String.self) {
            self = .string(text)
        } else if let flag = try? value.decode(Bool.self) {
            self = .boolean(flag)
        } else if let number = try? value.decode(Int64.self) {
            self = .number(number)
        } else if let elements = try? value.decode([JSON].self) {
            self = .array(elements)
        } else {
            self = .object(try value.decode([String: JSON].self))
        }
    }

    subscript(_ key: String) -> JSON {
        if case .object(let members) = self { members[key] ?? .missing } else { .missing }
    }

    var elements: [JSON] {
        if case .array(let elements) = self { elements } else { [] }
    }

    var text: String {
        if case .string(let text) = self { text } else { "" }
    }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral {
    init(stringLiteral text: String) { self = .string(text) }
    init(integerLiteral number: Int64) { self = .number(number) }
    init(booleanLiteral flag: Bool) { self = .boolean(flag) }
}

extension JSON: ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral {
    init(arrayLiteral elements: JSON...) { self = .array(elements) }
    init(dictionaryLiteral members: (String, JSON)...) { self = .object(Dictionary(uniqueKeysWithValues: members)) }
}
