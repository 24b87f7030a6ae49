import Bytes
import GlanceAPI
import GlanceModel
import HTTP
import SCGI
import Workers

/// What a worker does with a request: hands it to the API, and counts.
struct WorkerHandler: WorkerProcess.Handler {
    let api: GlanceAPI
    let metrics: Metrics
    let log: Log

    func respond(to request: Request) -> Response {
        api.respond(to: request)
    }

    func respond(to defect: SCGIDefect) -> Response {
        log.info("malformed request", ["reason": defect.description])
        return api.respond(toMalformed: defect.description, id: randomName())
    }

    func finished(_ served: ServedRequest) {
        metrics.count(served)
        let id = served.request?.id ?? ""
        // A peer that went away is no news; anything else that cut an answer short is.
        if let error = served.error, !(error is StreamError) {
            log.error("an answer was cut short: \(error)", ["request_id": id])
        }
        log.debug(
            "request",
            [
                "request_id": id, "route": RouteLabel(served.request).text, "status": String(served.status.code),
                "path": served.request?.target.segments?.joined(separator: "/") ?? "",
                "microseconds": String(served.nanoseconds / 1000), "bytes_in": String(served.bytesIn),
                "bytes_out": String(served.bytesOut),
            ])
    }

    func failed(_ error: PosixError) {
        log.error("a worker ran short: \(error)")
    }
}
