import GlanceModel
import Glibc
import HTTP
import HTTPClient

/// Requests to one account of OpenStack Swift: with a token, with another one where that is refused, and again where a
/// server only stumbled.
struct SwiftAccount: Sendable {
    /// How long is waited for what has no image data in it, and how often it is tried.
    struct Patience {
        /// Of one exchange, and of the wait for a token.
        let secondsMax: Int
        let pausesMilliseconds: [UInt32]

        static let ofWork = Patience(secondsMax: 60, pausesMilliseconds: HTTPClient.pausesMilliseconds)
        /// Where somebody asks how Swift is, and wants to hear so.
        static let ofCheck = Patience(secondsMax: 5, pausesMilliseconds: [])
    }

    let client: HTTPClient
    let tokens: SwiftTokens
    var patience = Patience.ofWork

    /// Sends a request whose target is below the account's URL. `secondsMax` nil: only silences are bounded.
    func send(_ request: ClientRequest, secondsMax: Int?) throws(Failure) -> ClientAnswer {
        try attempt(request) { token throws(HTTPClientError) in
            let answer = try client.send(Self.authorized(request, token), to: token.storage, secondsMax: secondsMax)
            return (answer.status, answer)
        }
    }

    /// Begins an upload of `length` bytes. What Swift refuses it refuses before the first byte.
    func upload(_ request: ClientRequest, length: Int64) throws(Failure) -> HTTPClient.UploadStart {
        try attempt(request) { token throws(HTTPClientError) in
            let start = try client.upload(Self.authorized(request, token), length: length, to: token.storage)
            return if case .answered(let answer) = start { (answer.status, start) } else { (100, start) }
        }
    }

    /// Sends a short request and reads its answer to the end.
    func ask(
        _ method: String, _ target: String, headers: Headers = Headers(), body: [UInt8]? = nil
    ) throws(Failure) -> SwiftAnswer {
        let request = ClientRequest(method, target, headers: headers, body: body)
        let answer = try send(request, secondsMax: patience.secondsMax)
        return SwiftAnswer(answer, try catchingSwift { () throws(HTTPClientError) in try answer.bytes() })
    }

    /// What this Swift allows.
    func limits() throws(Failure) -> SwiftLimits {
        let request = ClientRequest("GET", "/info")
        let (status, info) = try attempt(request) { token throws(HTTPClientError) in
            let answer = try client.send(request, to: token.storage.root, secondsMax: patience.secondsMax)
            return (answer.status, (answer.status, try answer.bytes()))
        }
        guard status < 500 else { throw swiftFailure(status, "GET of /info") }
        // A Swift may keep this to itself.
        return status == 200 ? SwiftLimits(info: info) ?? SwiftLimits() : SwiftLimits()
    }

    /// Tries until there is an answer that another try would not change. 401 is worth one new token, 403 is not.
    private func attempt<Value>(
        _ request: ClientRequest, _ body: (SwiftToken) throws(HTTPClientError) -> (status: Int, Value)
    ) throws(Failure) -> Value {
        var token = try tokens.current(secondsMax: patience.secondsMax)
        var pauses = patience.pausesMilliseconds[...]
        var isRenewed = false
        while true {
            do throws(HTTPClientError) {
                let (status, value) = try body(token)
                if status == 401, !isRenewed {
                    isRenewed = true
                } else if HTTPClient.isStumble(status: status), let pause = pauses.popFirst() {
                    usleep(pause * 1000)
                    continue
                } else {
                    return value
                }
            } catch {
                guard ![.timedOut, .unwanted].contains(error), let pause = pauses.popFirst() else {
                    throw .storeAway(.swift, reason: "\(request.method) of \(request.target): \(error)")
                }
                usleep(pause * 1000)
                continue
            }
            token = try tokens.renewed(after: token, secondsMax: patience.secondsMax)
        }
    }

    private static func authorized(_ request: ClientRequest, _ token: SwiftToken) -> ClientRequest {
        var request = request
        request.headers.add("X-Auth-Token", token.text)
        return request
    }
}

/// An answer without image data.
struct SwiftAnswer {
    let status: Int
    let headers: Headers
    let body: [UInt8]

    init(_ answer: ClientAnswer, _ body: [UInt8]) {
        status = answer.status
        headers = answer.headers
        self.body = body
    }
}

func catchingSwift<Value>(_ body: () throws(HTTPClientError) -> Value) throws(Failure) -> Value {
    do throws(HTTPClientError) { return try body() } catch { throw swiftAway(error) }
}

func swiftAway(_ error: HTTPClientError) -> Failure { .storeAway(.swift, reason: error.description) }

/// What an answer that was not hoped for means. `deed` says what was asked, for the operator.
func swiftFailure(_ status: Int, _ deed: String) -> Failure {
    switch status {
    case 401: .storeAway(.swift, reason: "\(deed): its token is refused, and a new one too (HTTP 401)")
    case 403:
        .storeAway(.swift, reason: "\(deed): this user may not (HTTP 403): correct its roles or swift_credentials_file")
    case 404: .storeAway(.swift, reason: "\(deed): it is not there (HTTP 404)")
    case 413, 507: .noSpace
    case 408, 499: .storeAway(.swift, reason: "\(deed): the bytes came too slowly for it (HTTP \(status))")
    case 409: .storeAway(.swift, reason: "\(deed): a part of it is missing (HTTP 409)")
    case 429, 498: .storeAway(.swift, reason: "\(deed): it asks for fewer requests (HTTP \(status))")
    case 400..<500: .storeBroken(.swift, reason: "\(deed): HTTP \(status)")
    default: .storeAway(.swift, reason: "\(deed): HTTP \(status)")
    }
}

/// An entity tag without the quotes that large objects have and plain ones have not.
func unquoted(_ tag: String?) -> String {
    (tag ?? "").filter { $0 != "\"" }.lowercased()
}
