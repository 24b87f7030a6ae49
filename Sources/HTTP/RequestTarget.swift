import Bytes

/// A request target in origin form (RFC 9112, section 3.2.1), taken apart: nothing in it is normalised away.
package struct RequestTarget: Equatable, Sendable {
    /// The path's segments, percent-decoded; a trailing slash leaves no empty one behind. Nil for a path that does not
    /// start with a slash, or whose escapes are broken or no UTF-8.
    package let segments: [String]?
    private let query: Substring

    package init(_ text: String) {
        let end = text.utf8.firstIndex(of: UInt8(ascii: "?")) ?? text.endIndex
        segments = Self.segments(text[..<end])
        query = end == text.endIndex ? "" : text[text.utf8.index(after: end)...]
    }

    /// The query's `name=value` pairs in order, decoded as an HTML form is (`+` is a blank). Nil where an escape is broken.
    package func queryPairs() -> [(name: String, value: String)]? { HTTP.queryPairs(query) }

    private static func segments(_ path: Substring) -> [String]? {
        var path = path
        return path.withUTF8 { bytes in
            guard bytes.first == UInt8(ascii: "/") else { return nil }
            var parts = bytes.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            if parts.last?.isEmpty == true { parts.removeLast() }
            var decoded: [String] = []
            decoded.reserveCapacity(parts.count)
            for part in parts {
                guard let segment = percentDecoded(UnsafeBufferPointer(rebasing: part), plusIsBlank: false) else {
                    return nil
                }
                decoded.append(segment)
            }
            return decoded
        }
    }
}

/// The `name=value` pairs of a query, as `RequestTarget` has them.
package func queryPairs(_ query: Substring) -> [(name: String, value: String)]? {
    var query = query
    return query.withUTF8 { bytes in
        var pairs: [(name: String, value: String)] = []
        pairs.reserveCapacity(16)
        for part in bytes.parts(separatedBy: UInt8(ascii: "&")) {
            let (name, value) = part.cut(at: UInt8(ascii: "="))
            guard let name = percentDecoded(name, plusIsBlank: true),
                let value = percentDecoded(value, plusIsBlank: true)
            else { return nil }
            pairs.append((name, value))
        }
        return pairs
    }
}

/// A path segment or query value as a URL carries it (RFC 3986, section 2.3): whatever is not unreserved is escaped.
package func percentEncoded(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            bytes.append(byte)
        default:
            bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
    }
    return String(decoding: bytes, as: UTF8.self)
}

/// Undoes percent-encoding (RFC 3986, section 2.1); nil where an escape is broken or the result is no UTF-8.
private func percentDecoded(_ text: UnsafeBufferPointer<UInt8>, plusIsBlank: Bool) -> String? {
    guard text.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) else {
        return String(decoding: text, as: UTF8.self)
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count)
    var rest = text[...]
    while let byte = rest.popFirst() {
        if byte == UInt8(ascii: "%") {
            guard let high = rest.popFirst().flatMap(hexadecimalValue),
                let low = rest.popFirst().flatMap(hexadecimalValue)
            else { return nil }
            bytes.append(high << 4 | low)
        } else {
            bytes.append(plusIsBlank && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
        }
    }
    return bytes.withUnsafeBufferPointer(utf8Text)
}
