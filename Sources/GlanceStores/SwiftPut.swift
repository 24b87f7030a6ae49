import FoundationEssentials
import GlanceModel
import HTTPClient

/// What came of a PUT whose body was sent at once. With signs of life the status of the answer is 202 whatever happens, and
/// its body has the real one (https://docs.openstack.org/swift/latest/middleware.html#static-large-objects).
struct SwiftPut {
    let status: Int
    /// Without quotes.
    let etag: String
    /// For the operator.
    let text: String

    private struct Outcome: Decodable {
        var status: String
        var etag: String?

        enum CodingKeys: String, CodingKey {
            case status = "Response Status"
            case etag = "Etag"
        }
    }

    init(_ answer: ClientAnswer) throws(Failure) {
        let body = try catchingSwift { () throws(HTTPClientError) in try answer.bytes() }
        text = String(decoding: body.prefix(500), as: UTF8.self).split(whereSeparator: \.isNewline)
            .joined(separator: ", ")
        guard answer.status == 202 else {
            status = answer.status
            etag = unquoted(answer.headers["etag"])
            return
        }
        guard let outcome = try? JSONDecoder().decode(Outcome.self, from: Data(body)),
            let code = Int(outcome.status.prefix(3))
        else { throw .storeBroken(.swift, reason: "an answer to a PUT does not say how it went: \(text)") }
        status = code
        etag = unquoted(outcome.etag)
    }
}
