import GlanceModel
import GlanceWire
import Glibc
import HTTP
import HTTPClient
import Synchronization

/// A client of one Glance: adds, lists, reads, changes and removes virtual machine images.
///
/// Every call comes in two kinds under one name: a blocking one, for threads, and an `async` one, for tasks, which blocks
/// no thread of theirs. One client serves any number of both at a time; its connections are kept and used again. However
/// large an image is, a piece of it at a time is in memory.
public final class GlanceClient: Sendable {
    public struct Settings: Sendable {
        /// Sent with every request, to this server alone: a redirect is never followed.
        public var credentials: Credentials?
        /// Seconds until a connection must be there, its TLS included.
        public var connectSecondsMax = 10
        /// Seconds without a byte, in either direction.
        public var idleSecondsMax = 300
        /// Seconds for the whole of a request, its data included, and of a download with all the requests that it takes;
        /// nil: only silences are bounded.
        public var requestSecondsMax: Int?
        /// Times that a download that broke off goes on by itself without a byte of progress.
        public var resumesMax = 4
        /// Certificates to trust, in PEM; nil: the system's.
        public var caFile: String?
        /// Sent with every request besides.
        package var headers = Headers()

        public init() {}
    }

    let server: ServerURL
    let settings: Settings
    let http: HTTPClient
    private let secondsAhead = Atomic<Int64>(0)

    /// A Glance at `http://host:port`. Throws `invalid` where that is no address.
    public convenience init(host: String, port: UInt16 = 9292, settings: Settings = Settings()) throws(GlanceError) {
        try self.init(url: "http://\(host.contains(":") ? "[\(host)]" : host):\(port)", settings: settings)
    }

    /// A Glance at an `http` or `https` URL, which may have a path before that of the API. Throws `invalid` where it is
    /// none, or has a user, a query or a fragment; `unreachable` where TLS cannot be set up.
    public init(url: String, settings: Settings = Settings()) throws(GlanceError) {
        guard let server = ServerURL(url) else {
            throw .invalid(
                field: "URL",
                problem:
                    "“\(url.contains("@") ? "…" : url)” is none: write http://HOST:PORT or https://HOST, and no user in it"
            )
        }
        self.server = server
        self.settings = settings
        var transport = HTTPClient.Settings()
        transport.connectSecondsMax = settings.connectSecondsMax
        transport.idleSecondsMax = settings.idleSecondsMax
        // nginx says it at once; who says nothing knows nothing of it.
        transport.continueSecondsMax = 2
        transport.caFile = settings.caFile
        http = HTTPClient(transport)
        if server.isSecure {
            do throws(HTTPClientError) { try http.loadTLS() } catch { throw GlanceError(error, of: server, settings) }
        }
    }

    /// The path of an image that is named by its id, or by its URI: then the URI must be of this client's server, though
    /// the port may be another.
    func path(of reference: String) throws(GlanceError) -> String {
        guard reference.contains("://") else { return "/images/\(try known(id: reference))" }
        guard let uri = ServerURL(reference), let id = uri.path.split(separator: "/").last else {
            throw .invalid(field: "URI", problem: "“\(shown(reference))” names no image")
        }
        guard uri.host.lowercased() == server.host.lowercased() else {
            throw .invalid(
                field: "URI",
                problem: "“\(shown(reference))” is of another host than \(server.host), which this client asks")
        }
        return "/images/\(try known(id: String(id)))"
    }

    /// Also keeps an id from being taken for another path, such as that of the list.
    private func known(id text: String) throws(GlanceError) -> ImageID {
        guard let id = ImageID(text) else { throw .invalid(field: "id", problem: "“\(shown(text))” is none") }
        return id
    }

    /// What was typed before an `@` may be a password.
    private func shown(_ text: String) -> String { text.contains("@") ? "…" : text }

    func request(
        _ method: String, _ target: String, _ headers: Headers = Headers(), _ cancellation: Cancellation?
    ) -> ClientRequest {
        var request = ClientRequest(method, target, headers: headers)
        for field in settings.headers.fields { request.headers.add(field.name, field.value) }
        if let (name, value) = settings.credentials?.header { request.headers.add(name, value) }
        request.cancellation = cancellation
        // A change that was made and whose answer was lost would be refused the second time.
        request.isRepeatable = ["GET", "HEAD"].contains(method)
        return request
    }

    /// An answer that is no refusal, within `limit`, or what one request may take.
    func send(_ request: ClientRequest, within limit: TimeLimit? = nil) throws(GlanceError) -> ClientAnswer {
        let secondsMax = if let limit { limit.secondsLeft } else { settings.requestSecondsMax }
        let answer = try catching(request.cancellation) { () throws(HTTPClientError) in
            guard secondsMax != 0 else { throw .timedOut }
            return try http.send(request, to: server, secondsMax: secondsMax)
        }
        if let seconds = answer.headers["date"].flatMap(HTTPDate.seconds) {
            secondsAhead.store(seconds - Int64(time(nil)), ordering: .relaxed)
        }
        return try accepted(answer, request.cancellation)
    }

    /// The server's host and port.
    package var address: String { server.authority }

    /// The time by the server's clock, as its last answer gave it away: seconds since 1970-01-01 UTC.
    package var serverTime: Int64 { Int64(time(nil)) + secondsAhead.load(ordering: .relaxed) }

    func accepted(_ answer: ClientAnswer, _ cancellation: Cancellation?) throws(GlanceError) -> ClientAnswer {
        guard !(200..<300).contains(answer.status) else { return answer }
        throw GlanceError(try refusal(answer, cancellation))
    }

    private func refusal(_ answer: ClientAnswer, _ cancellation: Cancellation?) throws(GlanceError) -> Refusal {
        Refusal(
            status: answer.status, message: refusalText(answer),
            requestID: answer.headers["x-request-id"],
            retryAfterSeconds: answer.headers["retry-after"].flatMap(decimalNumber).map { Int(clamping: $0) })
    }

    /// The server's own line. What is no such line is of a stranger, and an answer to HEAD has none: then it is ours.
    private func refusalText(_ answer: ClientAnswer) -> String {
        if (300..<400).contains(answer.status), let place = answer.headers["location"] {
            return "\(server.authority) sends elsewhere, to \(excerpt(place)): use the URL of the Glance itself"
        }
        let isText = answer.headers["content-type"]?.hasPrefix("text/plain") == true
        let bytes = isText ? (try? answer.bytes(bytesMax: 64 * 1024)) ?? [] : []
        let text = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).joined(separator: " ")
        guard text.isEmpty else { return printable(text) }
        let words = FailureKind(status: answer.status)?.words ?? "this API knows no such answer."
        return "\(server.authority) refused with status \(answer.status): \(words)"
    }

    func catching<Value>(
        _ cancellation: Cancellation?, _ body: () throws(HTTPClientError) -> Value
    ) throws(GlanceError) -> Value {
        do throws(HTTPClientError) {
            return try body()
        } catch {
            throw cancellation?.isCancelled == true ? .cancelled : GlanceError(error, of: server, settings)
        }
    }
}
