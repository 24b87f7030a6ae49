import FoundationEssentials
import HTTP

/// Who a client is to its server. Shown as a name alone, wherever it is printed.
public struct Credentials: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    let user: String
    private let password: String

    /// For HTTP's basic authentication (RFC 7617). Nil where the user has a colon, or either a control character: such
    /// cannot be sent.
    public init?(user: String, password: String) {
        let all = (user + password).unicodeScalars
        guard !user.contains(":"), !all.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else { return nil }
        self.user = user
        self.password = password
    }

    var header: (name: String, value: String) {
        ("Authorization", "Basic \(Data("\(user):\(password)".utf8).base64EncodedString())")
    }

    public var description: String { "\(user):***" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: ["user": user]) }
}
