import Bytes

/// What a client asked for, as a value, and the body as a source that is read once.
package struct Request {
    package enum Method: Equatable, Sendable {
        case get, head, post, put, delete
        case other(String)

        package init(_ text: String) {
            self =
                switch text {
                case "GET": .get
                case "HEAD": .head
                case "POST": .post
                case "PUT": .put
                case "DELETE": .delete
                default: .other(text)
                }
        }
    }

    /// Which of the gateway's listeners took the request: operators' routes answer on the one that is theirs alone.
    package enum Listener: Sendable {
        case `public`, health
        /// No listener, but the gateway itself, which asks who its client is.
        case identity
    }

    /// What the gateway proved of the client.
    package struct Login: Equatable, Sendable {
        /// Empty: nobody logged in.
        package let user: String
        package let isAdmin: Bool
        /// What a client who has to log in is told (`WWW-Authenticate`); empty: nothing.
        package let challenge: String

        package init(user: String, isAdmin: Bool, challenge: String) {
            self.user = user
            self.isAdmin = isAdmin
            self.challenge = challenge
        }
    }

    package var method: Method
    package var target: RequestTarget
    package var headers: Headers
    /// Bytes of the body, as the gateway counted them; nil when the client sent no body at all.
    package var bodyLength: Int64?
    package var body: any ByteSource
    /// How many of them came with the head: to read these waits for nobody.
    package var bodyBytesHere: Int64 = 0
    /// `http` or `https`, from the gateway.
    package var scheme: String
    /// The gateway's own address and port that the client connected to.
    package var serverAddress: String
    package var serverPort: String
    package var listener: Listener
    /// Nil where the gateway is not set up to tell users apart.
    package var login: Login?
    /// Names this request in answers and logs.
    package var id: String

    package init(
        method: Method, target: RequestTarget, headers: Headers = Headers(), bodyLength: Int64? = nil,
        body: any ByteSource = MemorySource([]), scheme: String = "http", serverAddress: String = "127.0.0.1",
        serverPort: String = "80", listener: Listener = .public, login: Login? = nil, id: String
    ) {
        self.method = method
        self.target = target
        self.headers = headers
        self.bodyLength = bodyLength
        self.body = body
        self.scheme = scheme
        self.serverAddress = serverAddress
        self.serverPort = serverPort
        self.listener = listener
        self.login = login
        self.id = id
    }
}
