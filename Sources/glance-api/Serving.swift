import Bytes
import GlanceModel
import GlanceWire
import Glibc
import Sockets
import Workers

/// `glance-api serve`: gets everything ready, owns the socket, and supervises.
struct Serving {
    private let settings: Settings
    private let log: Log

    init(_ settings: Settings) {
        self.settings = settings
        log = Log(logsInfo: settings.logsInfo)
    }

    /// Returns the exit status once TERM or INT has come and every child has ended.
    func run(reading reload: () throws -> Settings) throws -> Int32 {
        signal(SIGPIPE, SIG_IGN)
        let assembly = Assembly(settings)
        try assembly.prepare()
        let socket = try ServiceSocket(settings.listen, groupID: try assembly.groupID())
        defer { socket.remove() }
        var supervisor = try Supervisor(
            program: try ownPath(), listener: try socket.listener(), plan: plan(settings), log: { report($0) })
        log.info("serving", ["listen": socket.description, "workers": String(settings.workers)])
        supervisor.run { reloaded(by: reload) }
        log.info("stopped")
        return 0
    }

    private func plan(_ settings: Settings) -> Supervisor.Plan {
        Supervisor.Plan(workers: settings.workers, settings: settings.text, drainSecondsMax: settings.drainSecondsMax)
    }

    private func reloaded(by reload: () throws -> Settings) -> Supervisor.Plan? {
        do {
            let settings = try reload()
            try Assembly(settings).prepare()
            return plan(settings)
        } catch {
            let reason = (error as? Failure).map { $0.operatorReason ?? $0.message } ?? "\(error)"
            log.error("the settings were not reloaded, and the old ones go on: \(reason)")
            return nil
        }
    }

    private func ownPath() throws(PosixError) -> String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        guard count > 0 else { throw PosixError("readlink", "/proc/self/exe") }
        return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private func report(_ event: Supervisor.Event) {
        switch event {
        case .started(let name, let pid):
            log.info("started \(name)", ["child_pid": String(pid)])
        case .ended(let name, let pid, let how, let requests, let delay):
            log.error(
                "\(name) ended unasked: \(how)",
                [
                    "child_pid": String(pid), "request_ids": requests.joined(separator: " "),
                    "restart_milliseconds": String(delay),
                ])
        case .notStarted(let name, let error):
            log.error("\(name) could not be started: \(error)")
        case .reloaded(let workers):
            log.info("settings reloaded", ["workers": String(workers)])
        case .stopping(let signal):
            log.info("stopping", ["signal": String(signal)])
        case .killed(let pids):
            log.error(
                "children did not end in time and were killed", ["pids": pids.map(String.init).joined(separator: " ")])
        }
    }
}
