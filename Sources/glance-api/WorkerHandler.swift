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

    func finished(_ status: Status, requestID: String, error: (any Error)?) {
        metrics.count(status)
        if error != nil { metrics.countBroken() }
        // A peer that went away is no news; anything else that cut an answer short is.
        if let error, !(error is StreamError) {
            log.error("an answer was cut short: \(error)", ["request_id": requestID])
        }
    }

    func failed(_ error: PosixError) {
        log.error("a worker ran short: \(error)")
    }
}
