import GlanceModel
import Workers

/// Where each number has its place among the counters of a process: the same in every process of one program.
struct MetricPlaces: Sendable {
    /// Answers by status; what is none of them is counted by the last.
    static let statuses = [
        200, 206, 304, 400, 401, 403, 404, 405, 408, 409, 412, 413, 415, 416, 421, 500, 502, 503, 507, 0,
    ]
    private static let requestMicroseconds: [UInt64] = [
        500, 1000, 2500, 10_000, 50_000, 250_000, 1_000_000, 10_000_000, 60_000_000, 600_000_000,
    ]
    private static let deedMicroseconds: [UInt64] = [
        100, 1000, 5000, 25_000, 100_000, 500_000, 2_500_000, 10_000_000,
    ]
    /// 4 KiB, then sixteen times as much each, to 64 GiB.
    private static let bytes: [UInt64] = (0..<7).map { 4096 << (4 * $0) }

    let requests: MetricTable
    /// By route.
    let requestMicroseconds: [MetricHistogram]
    let broken: Int
    let bytesIn: MetricHistogram
    let bytesOut: MetricHistogram
    let gatewayBytesOut: MetricHistogram
    /// By deed.
    let deedMicroseconds: [MetricHistogram]
    let deedFailures: Int
    let events: Int
    let states: Int
    /// By store and status.
    let images: MetricTable
    let imageBytes: MetricTable
    let transfers = SharedPage.gaugesFirst

    init() {
        var next = 0
        func take(_ count: Int) -> Int {
            defer { next += count }
            return next
        }
        func table(_ rows: Int, _ columns: Int) -> MetricTable {
            MetricTable(first: take(rows * columns), columns: columns)
        }
        func histogram(_ bounds: [UInt64]) -> MetricHistogram {
            MetricHistogram(first: take(bounds.count + 2), bounds: bounds)
        }
        requests = table(RouteLabel.allCases.count, Self.statuses.count)
        requestMicroseconds = RouteLabel.allCases.map { _ in histogram(Self.requestMicroseconds) }
        broken = take(1)
        bytesIn = histogram(Self.bytes)
        bytesOut = histogram(Self.bytes)
        gatewayBytesOut = histogram(Self.bytes)
        deedMicroseconds = (0..<Metrics.Deed.count).map { _ in histogram(Self.deedMicroseconds) }
        deedFailures = take(Metrics.Deed.count)
        events = take(Metrics.Event.allCases.count)
        states = take(Metrics.State.allCases.count)
        images = table(StoreName.known.count, ImageStatus.allCases.count)
        imageBytes = table(StoreName.known.count, ImageStatus.allCases.count)
        precondition(next <= SharedPage.gaugesFirst, "the shared page has no room for so many counters")
    }
}

/// Counters in rows and columns.
struct MetricTable: Sendable {
    let first: Int
    let columns: Int

    func place(_ row: Int, _ column: Int) -> Int { first + row * columns + column }
}

/// Counters of a histogram: one a bound, one for what is above the last, and the sum of all.
struct MetricHistogram: Sendable {
    let first: Int
    let bounds: [UInt64]

    var sum: Int { first + bounds.count + 1 }

    func bucket(of value: UInt64) -> Int {
        bounds.firstIndex { value <= $0 } ?? bounds.count
    }
}
