import HTTP
import Testing

/// What is there: 100 bytes with the tag `"now"`, as of 08:49:37.
private let tag = "\"now\""
private let modified: Int64 = 784_111_777
private let before = "Sun, 06 Nov 1994 08:49:36 GMT"
private let then = "Sun, 06 Nov 1994 08:49:37 GMT"
private let after = "Sun, 06 Nov 1994 08:49:38 GMT"

private func request(_ method: Request.Method = .get, _ headers: KeyValuePairs<String, String>) -> Request {
    Request(method: method, target: RequestTarget("/images/1"), headers: Headers(headers), id: "1")
}

/// Header lines, and what comes of them.
struct Condition<Outcome: Sendable>: Sendable, CustomTestStringConvertible {
    let headers: KeyValuePairs<String, String>
    let outcome: Outcome

    init(_ headers: KeyValuePairs<String, String>, _ outcome: Outcome) {
        self.headers = headers
        self.outcome = outcome
    }

    var testDescription: String { headers.map { "\($0.key): \($0.value)" }.joined(separator: ", ") }
}

@Suite struct PreconditionsTests {
    @Test(arguments: [
        Condition([:], Preconditions.proceed),
        Condition(["If-Match": "\"now\""], .proceed),
        Condition(["If-Match": "*"], .proceed),
        Condition(["If-Match": "\"old\", \"now\""], .proceed),
        Condition(["If-Match": "\"old\"", "If-Match": "\"now\""], .proceed),
        Condition(["If-Match": "\"old\""], .failed),
        Condition(["If-Match": "W/\"now\""], .failed),
        Condition(["If-Match": "now"], .failed),
        Condition(["If-Match": ""], .failed),
        Condition(["If-Unmodified-Since": then], .proceed),
        Condition(["If-Unmodified-Since": after], .proceed),
        Condition(["If-Unmodified-Since": before], .failed),
        Condition(["If-Unmodified-Since": "whenever"], .proceed),
        Condition(["If-None-Match": "\"now\""], .notModified),
        Condition(["If-None-Match": "W/\"now\""], .notModified),
        Condition(["If-None-Match": "\"old\",\"now\""], .notModified),
        Condition(["If-None-Match": "*"], .notModified),
        Condition(["If-None-Match": "\"old\""], .proceed),
        Condition(["If-Modified-Since": then], .notModified),
        Condition(["If-Modified-Since": after], .notModified),
        Condition(["If-Modified-Since": before], .proceed),
        Condition(["If-Modified-Since": "whenever"], .proceed),
    ])
    func `each field says whether to go on`(condition: Condition<Preconditions>) {
        for method in [Request.Method.get, .head] {
            let request = request(method, condition.headers)

            #expect(Preconditions.evaluate(request, etag: tag, lastModified: modified) == condition.outcome)
        }
    }

    @Test(arguments: [
        // If-Match decides in place of If-Unmodified-Since, If-None-Match in place of If-Modified-Since.
        Condition(["If-Match": "\"now\"", "If-Unmodified-Since": before], Preconditions.proceed),
        Condition(["If-None-Match": "\"old\"", "If-Modified-Since": after], .proceed),
        // The first pair decides before the second.
        Condition(["If-None-Match": "\"now\"", "If-Match": "\"old\""], .failed),
        Condition(["If-None-Match": "\"now\"", "If-Unmodified-Since": before], .failed),
        Condition(["If-Match": "\"now\"", "If-None-Match": "\"now\""], .notModified),
        Condition(["If-Match": "*", "If-Modified-Since": then], .notModified),
        Condition(["If-Unmodified-Since": then, "If-None-Match": "\"now\""], .notModified),
    ])
    func `fields are asked in the order of RFC 9110`(condition: Condition<Preconditions>) {
        #expect(
            Preconditions.evaluate(request(.get, condition.headers), etag: tag, lastModified: modified)
                == condition.outcome)
    }

    @Test(arguments: [
        Condition(["If-None-Match": "\"now\""], Preconditions.failed),
        Condition(["If-None-Match": "*"], .failed),
        Condition(["If-None-Match": "\"old\""], .proceed),
        Condition(["If-Modified-Since": then], .proceed),
        Condition(["If-Match": "\"old\""], .failed),
        Condition(["If-Unmodified-Since": before], .failed),
    ])
    func `what changes something is refused where a read is spared`(condition: Condition<Preconditions>) {
        for method in [Request.Method.put, .post, .delete] {
            let request = request(method, condition.headers)

            #expect(Preconditions.evaluate(request, etag: tag, lastModified: modified) == condition.outcome)
        }
    }

    @Test(arguments: [
        Condition(["If-Match": "\"now\""], Preconditions.failed),
        Condition(["If-None-Match": "*"], .proceed),
        Condition(["If-None-Match": "\"now\""], .proceed),
        Condition(["If-Unmodified-Since": before], .proceed),
        Condition(["If-Modified-Since": after], .proceed),
    ])
    func `what has no tag and no date matches none`(condition: Condition<Preconditions>) {
        #expect(
            Preconditions.evaluate(request(.get, condition.headers), etag: nil, lastModified: nil) == condition.outcome)
    }
}

@Suite struct ContentDeliveryTests {
    @Test(arguments: [
        Condition([:], ContentDelivery.whole),
        Condition(["Range": "bytes=0-9"], .part(ByteRange(first: 0, last: 9))),
        Condition(["Range": "bytes=0-1,3-4"], .whole),
        Condition(["Range": "bytes=100-"], .rangeNotSatisfiable),
        Condition(["Range": "bytes=?"], .rangeNotSatisfiable),
        Condition(["Range": "bytes=0-9", "If-Range": "\"now\""], .part(ByteRange(first: 0, last: 9))),
        Condition(["Range": "bytes=0-9", "If-Range": then], .part(ByteRange(first: 0, last: 9))),
        Condition(["Range": "bytes=0-9", "If-Range": "\"old\""], .whole),
        Condition(["Range": "bytes=0-9", "If-Range": "W/\"now\""], .whole),
        Condition(["Range": "bytes=0-9", "If-Range": before], .whole),
        Condition(["Range": "bytes=0-9", "If-Range": after], .whole),
        Condition(["Range": "bytes=0-9", "If-Range": "whenever"], .whole),
        Condition(["Range": "bytes=100-", "If-Range": "\"old\""], .whole),
        Condition(["Range": "bytes=0-9", "If-Match": "\"old\""], .preconditionFailed),
        Condition(["Range": "bytes=0-9", "If-None-Match": "\"now\""], .notModified),
        Condition(["Range": "bytes=100-", "If-None-Match": "\"now\""], .notModified),
        Condition(["Range": "bytes=0-9", "If-None-Match": "\"old\""], .part(ByteRange(first: 0, last: 9))),
        Condition(["Range": "bytes=0-9", "If-Modified-Since": then], .notModified),
    ])
    func `conditions decide before ranges`(condition: Condition<ContentDelivery>) {
        let request = request(.get, condition.headers)

        #expect(ContentDelivery(request, size: 100, etag: tag, lastModified: modified) == condition.outcome)
    }

    @Test(arguments: [
        Condition(["Range": "bytes=0-9"], ContentDelivery.whole),
        Condition(["Range": "bytes=100-"], .whole),
        Condition(["If-None-Match": "\"now\""], .notModified),
        Condition(["If-Match": "\"old\""], .preconditionFailed),
    ])
    func `HEAD has conditions and no range`(condition: Condition<ContentDelivery>) {
        let request = request(.head, condition.headers)

        #expect(ContentDelivery(request, size: 100, etag: tag, lastModified: modified) == condition.outcome)
    }

    @Test func `an empty image is sent whole whatever range is asked for`() {
        let request = request(.get, ["Range": "bytes=0-"])

        #expect(ContentDelivery(request, size: 0, etag: tag, lastModified: modified) == .whole)
    }
}
