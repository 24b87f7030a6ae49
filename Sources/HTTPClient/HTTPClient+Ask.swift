import Bytes
import Glibc
import Sockets

extension HTTPClient {
    /// Pauses before a request is sent again. More of them would only prolong the outage of a service that counts errors.
    package static let pausesMilliseconds: [UInt32] = [200, 800]

    /// Whether a server only stumbled: it may answer otherwise a moment later.
    package static func isStumble(status: Int) -> Bool { [500, 502, 503, 504].contains(status) }

    /// Sends a request that may be sent again, and does so where the server stumbles or ends the connection; gives the
    /// answer, read to its end. All of it within `secondsMax`.
    package func ask(
        _ request: ClientRequest, of server: ServerURL, secondsMax: Int
    ) throws(HTTPClientError) -> (ClientAnswer, [UInt8]) {
        let deadline = Deadline(seconds: secondsMax)
        var pauses = Self.pausesMilliseconds[...]
        while true {
            do throws(HTTPClientError) {
                let answer = try send(request, to: server, secondsMax: max(1, Int(deadline.milliseconds) / 1000))
                let bytes = try answer.bytes()
                guard Self.isStumble(status: answer.status), !pauses.isEmpty, !deadline.isPast else {
                    return (answer, bytes)
                }
            } catch {
                guard error != .timedOut, !pauses.isEmpty, !deadline.isPast else { throw error }
            }
            let pause = pauses.removeFirst()
            blocking { _ = usleep(pause * 1000) }
        }
    }
}
