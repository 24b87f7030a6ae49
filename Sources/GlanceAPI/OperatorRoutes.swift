import GlanceModel
import GlanceWire
import HTTP

/// `/healthz`, `/readyz` and `/metrics`: on the gateway's health listener, and on no other.
package struct OperatorRoutes: Sendable {
    /// What keeps this process from serving; empty when nothing does.
    private let problems: @Sendable () -> [String]
    /// Prometheus' text format.
    private let metrics: @Sendable () -> String

    package init(problems: @escaping @Sendable () -> [String], metrics: @escaping @Sendable () -> String) {
        self.problems = problems
        self.metrics = metrics
    }

    func respond(to request: Request, at segments: [String]) throws(RequestFailure) -> Response {
        guard segments.count == 1, ["healthz", "readyz", "metrics"].contains(segments[0]) else { throw .unknownPath }
        guard request.method.reads else { throw .methodNotAllowed(allowed: ["GET", "HEAD"], hint: "") }
        switch segments[0] {
        case "healthz": return text(.ok, "ok\n")
        case "readyz":
            let problems = problems()
            return problems.isEmpty
                ? text(.ok, "ready\n") : text(.serviceUnavailable, problems.map { "\($0)\n" }.joined())
        default: return text(.ok, metrics(), type: "text/plain; version=0.0.4; charset=utf-8")
        }
    }

    private func text(_ status: Status, _ text: String, type: String = "text/plain; charset=utf-8") -> Response {
        Response(status, headers: Headers(["Content-Type": type]), body: .bytes(Array(text.utf8)))
    }
}
