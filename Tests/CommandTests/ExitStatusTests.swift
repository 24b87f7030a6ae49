import GlanceClient
import Testing

@testable import glance

/// How the command ends, and its last words.
struct ExitStatusTests {
    private static let refusal = Refusal(status: 400, message: "No: try this.", requestID: "r1", retryAfterSeconds: 7)

    @Test(
        arguments: [
            (.badRequest(refusal), 5), (.tooLarge(refusal), 5), (.loginNeeded(refusal), 6), (.notAllowed(refusal), 6),
            (.notFound(refusal), 3), (.conflict(refusal), 4), (.preconditionFailed(refusal), 4), (.noSpace(refusal), 1),
            (.unavailable(refusal), 1), (.serverFailed(refusal), 1), (.unreachable("x"), 7), (.timedOut("x"), 7),
            (.brokenOff("x"), 7), (.malformed("x"), 1), (.damaged("x"), 8), (.invalid(field: "id", problem: "x"), 2),
            (.file("x"), 1), (.cancelled, 1),
        ] as [(GlanceError, Int32)])
    func `each error has its status`(error: GlanceError, status: Int32) {
        #expect(CommandError.glance(error).status.rawValue == status)
    }

    @Test func `a refusal is the server's line, what to do here, and the request's id`() {
        func line(_ error: GlanceError) -> String? { CommandError.glance(error).line(server: "http://h:1") }

        #expect(line(.conflict(Self.refusal)) == "No: try this. (request r1)")
        #expect(line(.unavailable(Self.refusal)) == "No: try this. In 7 seconds it may work. (request r1)")
        #expect(line(.loginNeeded(Self.refusal))?.contains("GLANCE_PASSWORD_FILE") == true)
        #expect(line(.unreachable("no connection"))?.hasPrefix("no connection: is http://h:1 right?") == true)
    }

    @Test func `the statuses are those that scripts rely on`() {
        #expect(ExitStatus.allCases.map(\.rawValue) == Array(0...8))
    }
}
