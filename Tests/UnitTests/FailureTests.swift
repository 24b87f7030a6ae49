import GlanceModel
import GlanceWire
import HTTP
import Testing

@Suite struct FailureTests {
    private static let id = ImageID("7")!
    /// What no client may read.
    private static let secret = "open /srv/glance/ab/cd: Permission denied"

    private static let all: [(Failure, Int)] = [
        (.invalid(field: "name", problem: "it is missing"), 400), (.sizeMismatch(declared: 5, received: 6), 400),
        (.digestMismatch(declared: .of("a"), received: .of("b")), 400), (.fieldsTooLong(bytes: 9000, limit: 8192), 400),
        (.unknownStore("tape\r\nX: y", offered: [.file]), 400), (.unknownMarker("a\nb"), 400),
        (.imageTooLarge(limit: 5), 413), (.tooManyImages(limit: 2), 413),
        (.tooManyBytes(9, left: 1, limit: 5), 413),
        (.loginNeeded, 401), (.notAllowed(id), 403), (.notFound("a\r\nb"), 404),
        (.noData(id), 404), (.idTaken(id), 409), (.dataComing(id), 409), (.dataImmutable(id), 409),
        (.fieldImmutable(id, field: "size"), 409), (.versionConflict(id, current: 3), 409),
        (.preconditionFailed(id), 412), (.preconditionFailed(nil), 412), (.clientGone, 400), (.clientSilent, 408),
        (.noSpace, 507), (.transfersTaken, 503), (.leaseLost(id), 503), (.registryBusy, 503),
        (.registryAway(reason: secret), 503), (.storeAway(.file, reason: secret), 503), (.storeNotOffered(.file), 503),
        (.notLocal, 503), (.gatewayUnready(reason: secret), 500), (.identityAway(reason: secret), 503),
        (.readOnly, 503), (.metadataAlone, 400), (.damaged(id, how: secret), 500),
    ]

    @Test(arguments: all)
    func `each failure has its status`(failure: Failure, code: Int) {
        #expect(failure.status.code == code)
        #expect((failure.retryAfterSeconds != nil) == (code == 503), "Retry-After belongs to 503 alone")
    }

    @Test(arguments: all.map(\.0))
    func `each failure is one line that says enough and gives nothing away`(failure: Failure) {
        let message = failure.message

        #expect(message.count > 20)
        #expect(message.hasSuffix("."))
        #expect(message.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F })
        #expect(!message.contains("/srv"))
        #expect(!message.contains("Permission"))
    }

    @Test func `the operator learns what a client does not`() {
        #expect(Failure.registryAway(reason: Self.secret).operatorReason == "the registry failed: \(Self.secret)")
        #expect(Failure.storeAway(.file, reason: Self.secret).operatorReason == "the store file failed: \(Self.secret)")
        #expect(Failure.notFound("7").operatorReason == nil)
    }

    @Test func `what a client sent is shown by its start alone`() {
        let long = String(repeating: "x", count: 10_000)

        for failure in [Failure.notFound(long), .unknownMarker(long), .unknownStore(long, offered: [])] {
            #expect(failure.message.count < 300)
        }
    }

    @Test func `both sides of a mismatch are told`() {
        #expect(
            Failure.sizeMismatch(declared: 5, received: 6).message.contains("has 6 bytes and its size was given as 5"))
        #expect(Failure.unknownStore("tape", offered: [.file, StoreName("swift")]).message.contains("file, swift"))
    }

    @Test(arguments: [
        (RequestFailure.unknownPath, 404, [:]),
        (.methodNotAllowed(allowed: ["GET", "HEAD"], hint: ""), 405, ["Allow": "GET, HEAD"]),
        (.multipart, 415, [:]), (.encodedBody(header: "Content-Encoding"), 415, [:]), (.jsonBesideHeaders, 400, [:]),
        (.jsonTooLong(limit: 5), 413, [:]), (.badQuery(parameter: "limit", problem: "it is no number"), 400, [:]),
        (.rangeNotSatisfiable(size: 100), 416, ["Content-Range": "bytes */100"]),
        (.foreignHost("evil\nexample.com"), 421, [:]),
    ])
    func `each wrong request has its status, its fields and one line`(
        failure: RequestFailure, code: Int, fields: [String: String]
    ) {
        #expect(failure.status.code == code)
        #expect(Dictionary(uniqueKeysWithValues: failure.headers.fields.map { ($0.name, $0.value) }) == fields)
        #expect(failure.message.count > 20)
        #expect(!failure.message.contains { $0.isNewline })
    }
}

@Suite struct TimestampTests {
    @Test(arguments: [
        (0, "1970-01-01 00:00:00"), (951_827_696, "2000-02-29 12:34:56"), (1_000_000_000, "2001-09-09 01:46:40"),
        (253_402_300_799, "9999-12-31 23:59:59"), (-1, "1969-12-31 23:59:59"),
    ])
    func `a moment is written in UTC`(seconds: Int64, text: String) {
        #expect(Timestamp(seconds: seconds).text == text)
    }
}
