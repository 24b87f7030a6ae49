/// A value that goes into a statement.
package enum PostgreSQLValue: Equatable, Sendable {
    case integer(Int64)
    case text(String)
    /// An array of text: one value, however many there are.
    case texts([String])
    case null

    /// As PostgreSQL reads it; nil for NULL.
    var literal: String? {
        switch self {
        case .integer(let number): String(number)
        case .text(let text): text
        case .texts(let texts): "{\(texts.map(Self.quoted).joined(separator: ","))}"
        case .null: nil
        }
    }

    /// An array's element (https://www.postgresql.org/docs/15/arrays.html#ARRAYS-IO).
    private static func quoted(_ text: String) -> String {
        var bytes: [UInt8] = [UInt8(ascii: "\"")]
        for byte in text.utf8 {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { bytes.append(UInt8(ascii: "\\")) }
            bytes.append(byte)
        }
        return String(decoding: bytes + [UInt8(ascii: "\"")], as: UTF8.self)
    }
}
