/// The header block of an SCGI request as nginx writes it with Glance's own parameter file.
struct SCGIText {
    private var variables: [(name: String, value: String)]

    /// A request of a client that called `glance.example.com`. What it sends as headers becomes `HTTP_…`.
    init(
        _ method: String, _ uri: String, _ headers: [String: String] = [:], bodyLength: Int? = nil,
        requestID: String = "r1"
    ) {
        variables = [
            // nginx writes this one itself, and before 1.29.6 it is wrong.
            ("CONTENT_LENGTH", "0"),
            ("SCGI", "1"), ("REQUEST_METHOD", method), ("REQUEST_URI", uri), ("REQUEST_SCHEME", "http"),
            ("SERVER_ADDR", "127.0.0.1"), ("SERVER_PORT", "9292"), ("REMOTE_ADDR", "127.0.0.1"),
            ("REQUEST_ID", requestID), ("BODY_LENGTH", bodyLength.map(String.init) ?? ""), ("LISTENER", "public"),
            ("HTTP_HOST", "glance.example.com"),
        ]
        for (name, value) in headers.sorted(by: { $0.key < $1.key }) {
            let folded = name.uppercased().replacing("-", with: "_")
            if folded == "CONTENT_TYPE" { variables.append((folded, value)) }
            variables.append(("HTTP_\(folded)", value))
        }
    }

    subscript(_ name: String) -> String? {
        get { variables.first { $0.name == name }?.value }
        set {
            variables.removeAll { $0.name == name }
            if let newValue { variables.append((name, newValue)) }
        }
    }

    /// One more, whatever is there already.
    mutating func add(_ name: String, _ value: String) {
        variables.append((name, value))
    }

    /// The variables, without the length before them and the comma behind.
    var block: [UInt8] {
        variables.flatMap { Array($0.name.utf8) + [0] + Array($0.value.utf8) + [0] }
    }

    var bytes: [UInt8] { Self.netstring(block) }

    static func netstring(_ block: [UInt8]) -> [UInt8] {
        Array("\(block.count):".utf8) + block + Array(",".utf8)
    }
}

/// What a client sends behind the headers.
enum Body: ExpressibleByStringLiteral {
    case whole([UInt8])
    /// Announced, and none of it sent: who reads it waits in vain.
    case unsent(Int)
    /// The beginning of what was announced, and then the end of the connection.
    case cut(String, of: Int)

    init(stringLiteral text: String) {
        self = .whole(Array(text.utf8))
    }

    var announced: Int {
        switch self {
        case .whole(let bytes): bytes.count
        case .unsent(let count), .cut(_, let count): count
        }
    }

    var sent: [UInt8] {
        switch self {
        case .whole(let bytes): bytes
        case .unsent: []
        case .cut(let start, _): Array(start.utf8)
        }
    }

    var isBroken: Bool {
        if case .cut = self { true } else { false }
    }
}
