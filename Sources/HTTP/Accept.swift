/// Whether a client would rather have JSON than plain text (RFC 9110, section 12.5.1).
package func prefersJSON(_ accept: String?) -> Bool {
    guard let accept else { return false }
    var json = 0.0
    var text = 0.0
    for range in accept.split(separator: ",") {
        let parts = range.split(separator: ";").map { $0.filter { $0 != " " }.lowercased() }
        guard let type = parts.first else { continue }
        let quality = parts.dropFirst().first { $0.hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) } ?? 1
        if type == "application/json" { json = max(json, quality) }
        if type == "text/plain" { text = max(text, quality) }
    }
    return json > text
}
