import HTTP

/// Where a server is and what comes before every path on it: `https://swift.example.com/v1/AUTH_glance`.
package struct ServerURL: Hashable, Sendable, CustomStringConvertible {
    package let isSecure: Bool
    /// A name or a numeric address, without the brackets of IPv6.
    package let host: String
    package let port: UInt16
    /// As it stands in the URL, percent-encoded, without a slash at its end.
    package private(set) var path: String

    /// Takes an absolute `http` or `https` URL without user, query and fragment (RFC 3986); nil for anything else.
    package init?(_ text: String) {
        let isSecure = text.lowercased().hasPrefix("https://")
        guard isSecure || text.lowercased().hasPrefix("http://") else { return nil }
        let rest = text.dropFirst(isSecure ? 8 : 7)
        guard rest.utf8.allSatisfy({ (0x21...0x7E).contains($0) && !"\"<>\\^`{|}?#@".utf8.contains($0) }) else {
            return nil
        }
        let authority = rest.prefix { $0 != "/" }
        guard let (host, port) = Self.split(authority, defaultPort: isSecure ? 443 : 80) else { return nil }
        var path = rest[authority.endIndex...]
        while path.hasSuffix("/") { path.removeLast() }
        self.isSecure = isSecure
        self.host = host
        self.port = port
        self.path = String(path)
    }

    private static func split(_ authority: Substring, defaultPort: UInt16) -> (host: String, port: UInt16)? {
        let isBracketed = authority.hasPrefix("[")
        guard
            let hostEnd = isBracketed
                ? authority.firstIndex(of: "]") : authority.firstIndex(of: ":") ?? authority.endIndex
        else { return nil }
        let host = isBracketed ? authority[..<hostEnd].dropFirst() : authority[..<hostEnd]
        let rest = isBracketed ? authority[hostEnd...].dropFirst() : authority[hostEnd...]
        guard !host.isEmpty else { return nil }
        if rest.isEmpty { return (String(host), defaultPort) }
        guard rest.hasPrefix(":"), let port = decimalNumber(rest.dropFirst()).flatMap(UInt16.init(exactly:)), port > 0
        else { return nil }
        return (String(host), port)
    }

    /// The same server, without what comes before every path.
    package var root: ServerURL {
        var root = self
        root.path = ""
        return root
    }

    /// What the `Host` field says.
    package var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
    }

    package var description: String { "\(isSecure ? "https" : "http")://\(authority)\(path)" }
}
