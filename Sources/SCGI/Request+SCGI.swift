import Bytes
import HTTP

extension Request {
    /// Takes a request from the variables that Glance's own nginx parameter file sets. What a client wrote arrives as
    /// `HTTP_…` alone and decides nothing but header fields.
    init(_ variables: SCGIVariables, bodyLength: Int64?, body: any ByteSource) {
        var headers = Headers()
        headers.reserve(variables.entries.count)
        variables.forEachHeader { name, value in
            let text = utf8Text(value)
            headers.add(
                String(decoding: name, as: UTF8.self), text ?? String(decoding: value, as: UTF8.self),
                isUTF8: text != nil)
        }
        if let type = variables["CONTENT_TYPE"], !type.isEmpty, headers["content-type"] == nil {
            headers.add("Content-Type", type)
        }
        self.init(
            method: Method(variables["REQUEST_METHOD"] ?? ""),
            target: RequestTarget(variables["REQUEST_URI"] ?? ""),
            headers: headers,
            bodyLength: bodyLength,
            body: body,
            scheme: variables["REQUEST_SCHEME"] == "https" ? "https" : "http",
            serverAddress: variables["SERVER_ADDR"] ?? "",
            serverPort: variables["SERVER_PORT"] ?? "",
            listener: variables.listener,
            login: variables.login,
            id: variables["REQUEST_ID"] ?? "")
    }
}

extension SCGIVariables {
    fileprivate var listener: Request.Listener {
        switch self["LISTENER"] {
        case "health": .health
        case "identity": .identity
        default: .public
        }
    }

    /// All four come from an identity file of Glance's own nginx configuration, or there is none. The parser has refused a
    /// block in which one of them came twice.
    fileprivate var login: Request.Login? {
        guard self["IDENTITY"] == "nginx", let user = self["IDENTITY_USER"], let admin = self["IDENTITY_ADMIN"],
            let challenge = self["IDENTITY_CHALLENGE"]
        else { return nil }
        return Request.Login(user: user, isAdmin: admin == "1", challenge: challenge)
    }

    /// The body's bytes as the gateway counted them in `BODY_LENGTH`; nil where the client sent no body.
    /// `CONTENT_LENGTH` is not looked at: unbuffered, nginx puts there only what it had read already.
    func bodyLength() throws(SCGIDefect) -> Int64? {
        guard let text = self["BODY_LENGTH"] else { throw .badBodyLength }
        guard !text.isEmpty else { return nil }
        guard let length = decimalNumber(text) else { throw .badBodyLength }
        return length
    }
}
