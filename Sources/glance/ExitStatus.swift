import GlanceClient

/// How the command ends: a table that scripts may rely on.
enum ExitStatus: Int32, CaseIterable {
    case done = 0
    case failed, usage, notFound, conflict, badRequest, notAllowed, noConnection, damaged

    var meaning: String {
        switch self {
        case .done: "All was done."
        case .failed: "Something failed that is none of the others: a file here, a server that is busy or not well."
        case .usage: "The command line is not right, or a name stands for several images."
        case .notFound: "There is no such image, or it has no data yet."
        case .conflict: "The id is taken, the data are there already, or the image has changed in between."
        case .badRequest: "The server refused: a field, a size or a digest is not right, or a limit is reached."
        case .notAllowed: "The server wants a user and a password, or does not let this one."
        case .noConnection: "There is no connection to the server, or it broke."
        case .damaged: "The bytes are not those of the image."
        }
    }

    /// What an error of the library ends with.
    init(_ error: GlanceError) {
        self =
            switch error {
            case .badRequest, .tooLarge: .badRequest
            case .loginNeeded, .notAllowed: .notAllowed
            case .notFound: .notFound
            case .conflict, .preconditionFailed: .conflict
            case .unreachable, .timedOut, .brokenOff: .noConnection
            case .damaged: .damaged
            case .invalid: .usage
            case .noSpace, .unavailable, .serverFailed, .malformed, .file, .cancelled: .failed
            }
    }
}

/// What ends a command before it is done.
enum CommandError: Error {
    /// One line: what, why, and what to do.
    case stopped(ExitStatus, String)
    /// The library's; with what to do about it, where there is more to say than that usually is.
    case glance(GlanceError, advice: String? = nil)
    /// Each failure has been told when it came.
    case told(ExitStatus)
    /// Nobody reads standard output any more.
    case outputClosed

    static func usage(_ problem: String) -> CommandError { .stopped(.usage, problem) }
    static func failed(_ problem: String) -> CommandError { .stopped(.failed, problem) }

    var status: ExitStatus {
        switch self {
        case .stopped(let status, _), .told(let status): status
        case .glance(let error, _): ExitStatus(error)
        case .outputClosed: .failed
        }
    }

    /// Nil where there is nothing to say.
    func line(server: String?) -> String? {
        switch self {
        case .told, .outputClosed: nil
        case .stopped(_, let line): line
        case .glance(let error, let advice): error.line(advice ?? error.advice(server: server))
        }
    }
}

extension GlanceError {
    /// The error for whoever typed the command: the server's own words, what to do here, and the request's id.
    fileprivate func line(_ advice: String?) -> String {
        var line = description
        if let advice { line += (line.hasSuffix(".") ? " " : ": ") + advice }
        if let id = refusal?.requestID { line += " (request \(id))" }
        return line
    }

    fileprivate func advice(server: String?) -> String? {
        switch self {
        case .unreachable:
            "is \(server ?? "the server") right? --url, GLANCE_URL or the line url in the configuration file say where it is"
        case .loginNeeded:
            "set GLANCE_USER and GLANCE_PASSWORD_FILE, or put the server into ~/.netrc"
        case .unavailable(let refusal):
            refusal.retryAfterSeconds.map { "In \($0) seconds it may work." }
        case .timedOut, .brokenOff: "try again"
        case .damaged, .malformed, .badRequest, .notAllowed, .notFound, .conflict, .preconditionFailed, .tooLarge,
            .noSpace, .serverFailed, .invalid, .file, .cancelled:
            nil
        }
    }
}

/// Runs what the library does, and takes its errors for the command's.
func asking<Value: ~Copyable>(_ body: () throws(GlanceError) -> Value) throws(CommandError) -> Value {
    do throws(GlanceError) { return try body() } catch { throw .glance(error) }
}
