import Bytes
import HTTP
import Sockets
import Synchronization
import TLS

/// Exchanges with servers over HTTP/1.1 (RFC 9112): blocking, streaming, on connections that are kept and used again.
package final class HTTPClient: Sendable {
    package struct Settings: Sendable {
        /// Seconds until a connection must be there, its TLS included; but not the search for the host's addresses, which
        /// takes as long as the system's resolver lets it (resolv.conf(5)).
        package var connectSecondsMax = 10
        /// Seconds without a byte, in either direction.
        package var idleSecondsMax = 60
        /// Seconds to wait for `100 Continue` before the body is sent without it (RFC 9110, section 10.1.1).
        package var continueSecondsMax = 20
        /// Certificates to trust, in PEM; nil: the system's.
        package var caFile: String?

        package init() {}
    }

    /// What came of beginning an upload.
    package enum UploadStart {
        /// The server wants the body.
        case wanted(HTTPUpload)
        /// It does not, and says why.
        case answered(ClientAnswer)
    }

    private let settings: Settings
    private let kept = KeptConnections()
    /// Made when it is first needed.
    private let tls = Mutex<TLSContext?>(nil)

    package init(_ settings: Settings = Settings()) {
        self.settings = settings
    }

    /// Finds what `https` needs. To be asked at the start of a program, which is when somebody reads what is missing.
    package func loadTLS() throws(HTTPClientError) {
        _ = try tlsContext()
    }

    private func tlsContext() throws(HTTPClientError) -> TLSContext {
        try tls.withLock { tls throws(HTTPClientError) in
            if let tls { return tls }
            do throws(TLSError) {
                let made = try TLSContext(caFile: settings.caFile)
                tls = made
                return made
            } catch {
                throw .unreachable(String(describing: error))
            }
        }
    }

    /// Sends a request with all its body, and returns the answer as soon as its head is there. `secondsMax` bounds the
    /// whole exchange, the answer's body included; nil: only its silences are bounded.
    package func send(
        _ request: ClientRequest, to server: ServerURL, secondsMax: Int? = nil
    ) throws(HTTPClientError) -> ClientAnswer {
        let deadline = secondsMax.map { Deadline(seconds: $0) }
        let head = request.head(for: server, request.bodyLength)
        return try exchange(request, with: server, deadline, canRepeat: request.isRepeatable) {
            connection throws(HTTPClientError) in
            do throws(HTTPClientError) {
                try connection.write(head + (request.body ?? []))
            } catch .closed {
                // A server that refuses the body and closes: what it said may still be there.
            }
            return try self.answer(to: request.method, from: server, on: connection)
        }
    }

    /// Begins a request whose body will be written: `length` bytes, or chunks where nobody knows. The server is asked
    /// first whether it wants it. `secondsMax` bounds all of it, as in `send`.
    package func upload(
        _ request: ClientRequest, length: Int64?, to server: ServerURL, secondsMax: Int? = nil
    ) throws(HTTPClientError) -> UploadStart {
        let deadline = secondsMax.map { Deadline(seconds: $0) }
        let head = request.head(for: server, length.map { .fixed($0) } ?? .chunked, expectsContinue: length != 0)
        // Without its body a request does nothing, and none is sent before the server wants it.
        return try exchange(request, with: server, deadline, canRepeat: length != 0 || request.isRepeatable) {
            connection throws(HTTPClientError) in
            try connection.write(head)
            if length != 0, let answer = try self.refusal(of: request, from: server, on: connection) {
                return .answered(answer)
            }
            return .wanted(
                HTTPUpload(
                    on: connection, method: request.method, length: length, giveBack: self.keeper(of: server)))
        }
    }

    /// The final answer that came instead of `100 Continue`; its connection is of no more use: the server may take what
    /// comes next for the body.
    private func refusal(
        of request: ClientRequest, from server: ServerURL, on connection: HTTPConnection
    ) throws(HTTPClientError) -> ClientAnswer? {
        var head: AnswerHead
        repeat {
            guard try connection.waitForAnswer(secondsMax: settings.continueSecondsMax) else { return nil }
            head = try connection.readHead()
            if head.status == 100 { return nil }
        } while head.status < 200
        return ClientAnswer(head, try BodyFraming(head, answering: request.method), on: connection) { _ in }
    }

    private func answer(
        to method: String, from server: ServerURL, on connection: HTTPConnection
    ) throws(HTTPClientError) -> ClientAnswer {
        let head = try connection.readFinalHead()
        return ClientAnswer(
            head, try BodyFraming(head, answering: method), on: connection, giveBack: keeper(of: server))
    }

    /// Runs `body` on a kept connection or a new one. Where a kept one turns out to be closed before a byte of an answer
    /// came, and the request may be sent twice, it is sent once more on a new one.
    private func exchange<Value>(
        _ request: ClientRequest, with server: ServerURL, _ deadline: Deadline?, canRepeat: Bool,
        _ body: (HTTPConnection) throws(HTTPClientError) -> Value
    ) throws(HTTPClientError) -> Value {
        try blocking { () throws(HTTPClientError) in
            if let connection = kept.take(server) {
                do throws(HTTPClientError) {
                    try connection.begin(for: request, deadline: deadline)
                    return try body(connection)
                } catch .closed where canRepeat && !connection.hasAnswered && !request.isCancelled {}
            }
            let connection = try connect(to: server, deadline, request.cancellation)
            try connection.begin(for: request, deadline: deadline)
            return try body(connection)
        }
    }

    private func connect(
        to server: ServerURL, _ deadline: Deadline?, _ cancellation: Cancellation?
    ) throws(HTTPClientError) -> HTTPConnection {
        var secondsMax = settings.connectSecondsMax
        if let deadline { secondsMax = max(1, min(secondsMax, (Int(deadline.milliseconds) + 999) / 1000)) }
        let end = Deadline(seconds: secondsMax)
        do {
            let connection = try Connection.connect(host: server.host, port: server.port, secondsMax: secondsMax) {
                cancellation?.watch($0)
            }
            guard server.isSecure else { return HTTPConnection(connection, idleSecondsMax: settings.idleSecondsMax) }
            cancellation?.watch(connection.number)
            defer { withExtendedLifetime(connection) { cancellation?.watch(nil) } }
            return HTTPConnection(
                try TLSConnection(over: connection, host: server.host, context: tlsContext(), until: end),
                idleSecondsMax: settings.idleSecondsMax)
        } catch let error as HTTPClientError {
            throw error
        } catch let error as ConnectError {
            throw .unreachable(error.description)
        } catch let error as StreamError {
            throw .unreachable(
                "\(server.authority): \(error == .timedOut ? "no TLS in time" : "it ends the connection amid TLS")")
        } catch {
            throw .unreachable("\(server.authority): \(error)")
        }
    }

    private func keeper(of server: ServerURL) -> (HTTPConnection) -> Void {
        let kept = kept
        return { connection in
            if connection.end() { kept.put(connection, for: server) }
        }
    }
}
