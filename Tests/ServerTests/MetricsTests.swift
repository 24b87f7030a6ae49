import Bytes
import GlanceModel
import Testing

@testable import HTTP
@testable import Workers
@testable import glance_api

/// What Prometheus reads: each line is a comment or a sample, and each sample belongs to a metric that was announced.
struct MetricsTests {
    private let page: SharedPage
    private let metrics: Metrics

    init() throws {
        page = try SharedPage()
        metrics = Metrics(page: page, worker: 0)
    }

    private var text: String { metrics.text(stores: StoreSet([FullStore()], default: .file)) }

    private func value(_ sample: String) -> Substring? {
        text.split(separator: "\n").first { $0.hasPrefix("\(sample) ") }?.split(separator: " ").last
    }

    @Test func `every line is well formed`() throws {
        let help = #/# HELP (?<name>[a-z_]+) [^\\]+/#
        let type = #/# TYPE (?<name>[a-z_]+) (?<type>counter|gauge)/#
        let sample = #/(?<name>[a-z_]+)(\{[a-z_]+="[^"\\]*"(,[a-z_]+="[^"\\]*")*\})? \d+/#
        var (helped, typed, samples) = (Set<Substring>(), [Substring: Substring](), Set<Substring>())

        #expect(text.hasSuffix("\n"))
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            if let match = line.wholeMatch(of: help) {
                #expect(helped.insert(match.name).inserted)
            } else if let match = line.wholeMatch(of: type) {
                #expect(typed.updateValue(match.type, forKey: match.name) == nil)
            } else if let match = line.wholeMatch(of: sample) {
                #expect(helped.contains(match.name))
                #expect(typed[match.name] == (match.name.hasSuffix("_total") ? "counter" : "gauge"))
                #expect(samples.insert(line.prefix { $0 != " " }).inserted)
            } else {
                Issue.record("no line of Prometheus' format: \(line)")
            }
        }
    }

    @Test func `answers are counted by their status`() {
        for _ in 0..<3 { metrics.count(.ok) }
        metrics.count(.notFound)

        #expect(value("glance_requests_total{status=\"200\"}") == "3")
        #expect(value("glance_requests_total{status=\"404\"}") == "1")
        #expect(value("glance_requests_total{status=\"500\"}") == "0")
    }

    @Test func `a status that has no counter is counted too`() {
        metrics.count(Status(code: 418, phrase: "I'm a teapot"))

        #expect(value("glance_requests_total{status=\"other\"}") == "1")
    }

    @Test func `every status that the service gives has a counter`() {
        let statuses: [Status] = [
            .ok, .partialContent, .notModified, .badRequest, .unauthorized, .forbidden, .notFound, .methodNotAllowed,
            .requestTimeout, .conflict, .preconditionFailed, .contentTooLarge, .unsupportedMediaType,
            .rangeNotSatisfiable, .internalServerError, .badGateway, .serviceUnavailable, .insufficientStorage,
        ]

        for status in statuses {
            metrics.count(status)

            #expect(value("glance_requests_total{status=\"\(status.code)\"}") == "1")
        }
        #expect(value("glance_requests_total{status=\"other\"}") == "0")
    }

    @Test func `a worker that is gone still counts, and its transfers do not`() {
        let second = Metrics(page: page, worker: 1)
        for metrics in [metrics, second] {
            metrics.count(.ok)
            metrics.setTransfers(3)
        }
        #expect(value("glance_requests_total{status=\"200\"}") == "2")
        #expect(value("glance_transfers_in_flight") == "6")

        page.clearGauges(worker: 1)

        #expect(value("glance_requests_total{status=\"200\"}") == "2")
        #expect(value("glance_transfers_in_flight") == "3")
    }

    @Test func `broken answers and free bytes are told`() {
        metrics.countBroken()

        #expect(value("glance_answers_broken_total") == "1")
        #expect(value("glance_store_free_bytes{store=\"file\"}") == "4711")
    }
}

/// A store that knows how much is free, and does nothing else.
private struct FullStore: ImageStore {
    let name = StoreName.file
    let isRemote = false

    func freeBytes() -> Int64? { 4711 }
    func open(site: String, holdsImages: Bool) throws(Failure) {}
    func check() {}
    func location(named name: String, for size: Int64) -> Location { Location(name) }
    func checkRoom(for size: Int64) throws(Failure) { throw .noSpace }
    func create(at location: Location, size: Int64, createdAt: Timestamp) throws(Failure) -> any ImageUpload {
        throw .noSpace
    }
    func read(_ location: Location, range: ByteRangeInStore?) throws(Failure) -> any ByteSource { throw .noSpace }
    func gatewayPath(of location: Location) -> String? { nil }
    func remove(_ location: Location) throws(Failure) {}
}
