import Bytes
import GlanceModel
import GlanceWire
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

    private func serve(
        _ method: String, _ uri: String, _ status: Status = .ok, milliseconds: UInt64 = 0, bodyLength: Int64? = nil,
        listener: Request.Listener = .public, gatewayBytes: Int64 = 0, bytesOut: Int64 = 0,
        error: (any Error)? = nil, by metrics: Metrics? = nil
    ) {
        let request = Request(
            method: .init(method), target: RequestTarget(uri), bodyLength: bodyLength, listener: listener, id: "1")
        (metrics ?? self.metrics).count(
            ServedRequest(
                request: request, status: status, error: error, nanoseconds: milliseconds * 1_000_000,
                bytesOut: bytesOut, gatewayBytes: gatewayBytes))
    }

    @Test func `every line is well formed, and every sample belongs to a metric that was announced before`() throws {
        serve("GET", "/images/1", milliseconds: 3, gatewayBytes: 5000)
        let help = #/# HELP (?<name>[a-z_]+) [^\\]+/#
        let type = #/# TYPE (?<name>[a-z_]+) (?<type>counter|gauge|histogram)/#
        let sample = #/(?<name>[a-z_]+)(\{[a-z_]+="[^"\\]*"(,[a-z_]+="[^"\\]*")*\})? [0-9.e+-]+/#
        var (helped, types, samples) = (Set<Substring>(), [Substring: Substring](), Set<Substring>())

        #expect(text.hasSuffix("\n"))
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            if let match = line.wholeMatch(of: help) {
                #expect(helped.insert(match.name).inserted)
            } else if let match = line.wholeMatch(of: type) {
                #expect(types.updateValue(match.type, forKey: match.name) == nil)
            } else if let match = line.wholeMatch(of: sample) {
                let family =
                    types[match.name] == nil ? match.name.replacing(#/_(bucket|sum|count)$/#, with: "") : match.name
                #expect(helped.contains(family[...]))
                #expect(
                    types[family[...]]
                        == (family.hasSuffix("_total") ? "counter" : family == match.name ? "gauge" : "histogram"))
                #expect(samples.insert(line.prefix { $0 != " " }).inserted)
            } else {
                Issue.record("no line of Prometheus' format: \(line)")
            }
        }
    }

    @Test func `answers are counted by what they were for and their status`() {
        for _ in 0..<3 { serve("GET", "/images/7") }
        serve("HEAD", "/images/7", .notFound)
        serve("GET", "/images/detail?limit=5")
        serve("GET", "/")
        serve("POST", "/images/")
        serve("PUT", "/images/7", .conflict)
        serve("DELETE", "/images/7")
        serve("GET", "/metrics", listener: .health)
        serve("GET", "/readyz", .serviceUnavailable, listener: .health)
        serve("GET", "/other/path", .notFound)
        metrics.count(ServedRequest(request: nil, status: .badRequest))

        for (route, status, count) in [
            ("get", 200, 3), ("head", 404, 1), ("list", 200, 2), ("post", 200, 1), ("put", 409, 1), ("delete", 200, 1),
            ("metrics", 200, 1), ("health", 503, 1), ("other", 404, 1), ("other", 400, 1), ("get", 500, 0),
        ] {
            #expect(value("glance_requests_total{route=\"\(route)\",status=\"\(status)\"}") == "\(count)", "\(route)")
        }
    }

    @Test func `a status that has no counter is counted too`() {
        serve("GET", "/images/7", Status(code: 418, phrase: "I'm a teapot"))

        #expect(value("glance_requests_total{route=\"get\",status=\"other\"}") == "1")
    }

    @Test func `every status that the service gives has a counter`() {
        for kind in FailureKind.allCases {
            serve("GET", "/images/7", kind.status)

            #expect(value("glance_requests_total{route=\"get\",status=\"\(kind.status.code)\"}") == "1")
        }
        for status in [
            Status.ok, .partialContent, .notModified, .methodNotAllowed, .unsupportedMediaType, .rangeNotSatisfiable,
        ] {
            serve("GET", "/images/7", status)

            #expect(value("glance_requests_total{route=\"get\",status=\"\(status.code)\"}") == "1")
        }
        #expect(value("glance_requests_total{route=\"get\",status=\"other\"}") == nil)
    }

    @Test func `a histogram counts each value in every bucket that is wide enough, and sums them`() {
        for milliseconds: UInt64 in [0, 1, 2, 30, 700_000] { serve("PUT", "/images/7", milliseconds: milliseconds) }

        let name = "glance_request_seconds"
        for (bound, count) in [("0.0005", 1), ("0.001", 2), ("0.0025", 3), ("0.05", 4), ("600.0", 4), ("+Inf", 5)] {
            #expect(value("\(name)_bucket{route=\"put\",le=\"\(bound)\"}") == "\(count)", "\(bound)")
        }
        #expect(value("\(name)_count{route=\"put\"}") == "5")
        #expect(value("\(name)_sum{route=\"put\"}") == "700.033")
    }

    @Test func `bytes are counted by who sends them, and those that come as they were announced`() {
        serve("POST", "/images", bodyLength: 5000)
        serve("GET", "/images/7", gatewayBytes: 70_000)
        serve("GET", "/images/7", .partialContent, bytesOut: 10)
        serve("GET", "/images/7", .notFound, bytesOut: 99)

        #expect(value("glance_request_bytes_sum") == "5000")
        #expect(value("glance_request_bytes_bucket{le=\"4096\"}") == "0")
        #expect(value("glance_request_bytes_bucket{le=\"65536\"}") == "1")
        #expect(value("glance_image_sent_bytes_sum{by=\"nginx\"}") == "70000")
        #expect(value("glance_image_sent_bytes_sum{by=\"worker\"}") == "10")
        #expect(value("glance_image_sent_bytes_count{by=\"worker\"}") == "1")
    }

    @Test func `a worker that is gone still counts, and its transfers do not`() {
        let second = Metrics(page: page, worker: 1)
        for metrics in [metrics, second] {
            serve("GET", "/images/7", by: metrics)
            metrics.setTransfers(3)
        }
        #expect(value("glance_requests_total{route=\"get\",status=\"200\"}") == "2")
        #expect(value("glance_transfers_in_flight") == "6")

        page.clearGauges(worker: 1)

        #expect(value("glance_requests_total{route=\"get\",status=\"200\"}") == "2")
        #expect(value("glance_transfers_in_flight") == "3")
    }

    @Test func `broken answers and free bytes are told`() {
        serve("GET", "/images/7", error: StreamError.closed)

        #expect(value("glance_answers_broken_total") == "1")
        #expect(value("glance_store_free_bytes{store=\"file\"}") == "4711")
    }

    @Test func `what is in the registry is told, and the last count is the one that holds`() {
        let file = Census.Count(store: .file, status: .available, images: 7, bytes: 700)
        metrics.set(Census(images: [file], leasesOver: 1, bytesToDelete: 2, damaged: 3))
        let later = Census.Count(store: .swift, status: .queued, images: 8, bytes: 0)
        Metrics(page: page, worker: 5).set(Census(images: [later], leasesOver: 4, bytesToDelete: 5, damaged: 6))

        #expect(value("glance_images{store=\"file\",status=\"available\"}") == "0")
        #expect(value("glance_images{store=\"swift\",status=\"queued\"}") == "8")
        #expect(value("glance_image_bytes{store=\"file\",status=\"available\"}") == "0")
        #expect(value("glance_leases_over") == "4")
        #expect(value("glance_bytes_to_delete") == "5")
        #expect(value("glance_images_damaged") == "6")
    }

    @Test func `what a store does is timed, and what it cannot do is an error`() throws {
        let store = MeasuredStore(FullStore(), metrics)

        _ = try? store.read(Location("x"), range: nil)
        try store.remove(Location("x"))

        #expect(value("glance_store_seconds_count{store=\"file\",operation=\"read\"}") == "1")
        #expect(value("glance_store_seconds_count{store=\"file\",operation=\"remove\"}") == "1")
        #expect(value("glance_store_errors_total{store=\"file\",operation=\"read\"}") == "1")
        #expect(value("glance_store_errors_total{store=\"file\",operation=\"remove\"}") == "0")
    }

    @Test func `what a client may not is no error of the registry, and a registry that is busy is one`() throws {
        _ = try? metrics.measure(.registry(.write)) { () throws(Failure) in throw .idTaken(ImageID("1")!) }
        _ = try? metrics.measure(.registry(.write)) { () throws(Failure) in throw .registryBusy }

        #expect(value("glance_registry_seconds_count{operation=\"write\"}") == "2")
        #expect(value("glance_registry_errors_total{operation=\"write\"}") == "1")
        #expect(value("glance_registry_errors_total{operation=\"read\"}") == "0")
    }

    @Test func `restarts are counted by process`() {
        metrics.add(.workerRestarts)
        metrics.add(.workerRestarts)

        #expect(value("glance_restarts_total{process=\"worker\"}") == "2")
        #expect(value("glance_restarts_total{process=\"janitor\"}") == "0")
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
    func key(of location: Location) -> String { location.text }
    func objects() throws(Failure) -> any StoredObjects { throw .noSpace }
    func find(_ location: Location) -> StoredObject? { nil }
}
