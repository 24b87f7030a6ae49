import GlanceModel
import HTTP
import Workers

/// Counters of all workers together, in the memory that they share, and their text for Prometheus
/// (https://prometheus.io/docs/instrumenting/exposition_formats/).
struct Metrics: Sendable {
    /// Each status has the counter of its place here; what is none of them is counted by the last.
    private static let statuses = [
        200, 206, 304, 400, 401, 403, 404, 405, 408, 409, 412, 413, 415, 416, 421, 500, 502, 503, 507, 0,
    ]
    private static let broken = statuses.count
    private static let transfers = SharedPage.gaugesFirst

    private let page: SharedPage
    private let worker: Int

    init(page: SharedPage, worker: Int) {
        self.page = page
        self.worker = worker
    }

    func count(_ status: Status) {
        let place = Self.statuses.firstIndex(of: status.code) ?? Self.statuses.count - 1
        page.counter(place, worker: worker).add()
    }

    func countBroken() {
        page.counter(Self.broken, worker: worker).add()
    }

    func setTransfers(_ count: Int) {
        page.counter(Self.transfers, worker: worker).set(UInt64(count))
    }

    func text(stores: StoreSet) -> String {
        var text = Self.heading("glance_requests_total", "counter", "Requests answered, by status.")
        for (place, status) in Self.statuses.enumerated() {
            let label = status == 0 ? "other" : String(status)
            text += "glance_requests_total{status=\"\(label)\"} \(page.total(place))\n"
        }
        text += Self.heading("glance_answers_broken_total", "counter", "Answers that could not be sent to their end.")
        text += "glance_answers_broken_total \(page.total(Self.broken))\n"
        text += Self.heading("glance_transfers_in_flight", "gauge", "Image transfers that run through workers now.")
        text += "glance_transfers_in_flight \(page.total(Self.transfers))\n"
        text += Self.heading("glance_store_free_bytes", "gauge", "Bytes free in a store.")
        for store in stores.all {
            if let free = (try? store.freeBytes()) ?? nil {
                text += "glance_store_free_bytes{store=\"\(store.name)\"} \(free)\n"
            }
        }
        return text
    }

    private static func heading(_ name: String, _ type: String, _ help: String) -> String {
        "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
    }
}
