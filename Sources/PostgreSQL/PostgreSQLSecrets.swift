/// What must not be in any text that is shown: the passwords of a connection URI
/// (https://www.postgresql.org/docs/15/libpq-connect.html#LIBPQ-CONNSTRING), however they are written there.
package struct PostgreSQLSecrets {
    private let secrets: [String]

    package init(of uri: String) {
        let afterScheme = uri.split(separator: "://", maxSplits: 1).dropFirst().first ?? ""
        let halves = afterScheme.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var found: [Substring] = []
        // A password may hold an @ that ought to have been escaped: the last one ends it.
        if let authority = halves.first, let at = authority.lastIndex(of: "@") {
            found += authority[..<at].split(separator: ":", maxSplits: 1).dropFirst()
        }
        for parameter in halves.dropFirst().joined().split(separator: "&") {
            let pair = parameter.split(separator: "=", maxSplits: 1)
            if pair.count == 2, ["password", "sslpassword"].contains(pair[0]) { found.append(pair[1]) }
        }
        secrets = found.flatMap { [String($0), Self.decoded($0)] }.filter { !$0.isEmpty }
            .sorted { $0.utf8.count > $1.utf8.count }
    }

    /// `text` with `***` where a password was.
    package func hidden(in text: String) -> String {
        secrets.reduce(text) { text, secret in
            text.split(separator: secret, omittingEmptySubsequences: false).joined(separator: "***")
        }
    }

    /// `%41` and its like as the characters that they stand for.
    private static func decoded(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
