import Bytes
import GlanceModel
import GlanceWire
import Glibc
import SettingsText
import Sockets
import Workers

/// `glance-api serve`: owns the socket, gets everything ready, and supervises.
struct Serving {
    private let settings: Settings
    private let arguments: [String]
    private let log: Log

    /// `arguments` are those behind the command, for whoever takes over.
    init(_ settings: Settings, arguments: [String]) {
        self.settings = settings
        self.arguments = arguments
        log = Log(settings.logLevel)
    }

    /// Returns the exit status once TERM or INT has come and every child has ended.
    func run() throws -> Int32 {
        signal(SIGPIPE, SIG_IGN)
        let assembly = Assembly(settings)
        let program = try Program.current()
        let handover = try Handover.take()
        let socket =
            if let handover { ServiceSocket(handover) } else {
                try ServiceSocket.open(settings.listen, groupID: try assembly.groupID())
            }
        defer { socket.remove() }
        try assembly.prepare()
        let keptPage = try handover?.takePage(of: program)
        let page = if let keptPage { keptPage } else { try SharedPage() }
        let metrics = Metrics(page: page, worker: SharedPage.housekeeping)
        if keptPage == nil { metrics.set(.startTime, UInt64(clamping: currentTime().seconds)) }
        metrics.set(.workers, UInt64(settings.workers))
        var supervisor = try Supervisor(
            program: program, arguments: arguments, listener: socket.number, plan: plan, handover: handover, page: page,
            manager: ServiceManager(environment: environmentVariables()), log: { report($0, metrics) })
        if handover == nil {
            log.info("serving", ["listen": socket.description, "workers": String(settings.workers)])
        }
        while case .handedOver(var handover) = supervisor.run() {
            socket.add(to: &handover)
            let error = handover.become(program.path, arguments: ["serve"] + arguments)
            supervisor.refuseReload(error.description)
        }
        log.info("stopped")
        return 0
    }

    private var plan: Supervisor.Plan {
        Supervisor.Plan(workers: settings.workers, settings: settings.text, drainSecondsMax: settings.drainSecondsMax)
    }

    private func report(_ event: Supervisor.Event, _ metrics: Metrics) {
        switch event {
        case .started(let name, let pid):
            log.info("started \(name)", ["child_pid": String(pid)])
        case .ended(let name, let pid, let how, let requests, let delay):
            metrics.add(name.hasPrefix("worker") ? .workerRestarts : .janitorRestarts)
            log.error(
                "\(name) ended unasked: \(how)",
                [
                    "child_pid": String(pid), "request_ids": requests.joined(separator: " "),
                    "restart_milliseconds": String(delay),
                ])
        case .notStarted(let name, let error):
            log.error("\(name) could not be started: \(error)")
        case .reloaded(let workers, let isOtherProgram):
            log.info(
                "settings reloaded", ["workers": String(workers), "program": isOtherProgram ? "another" : "the same"])
        case .notReloaded(let reason):
            log.error("the settings were not reloaded, and the old ones go on: \(reason)")
        case .stopping(let signal):
            log.info("stopping", ["signal": String(signal)])
        case .killed(let pids):
            log.error(
                "children did not end in time and were killed", ["pids": pids.map(String.init).joined(separator: " ")])
        case .notTold(let error):
            log.error("the service manager could not be told how things are: \(error)")
        }
    }
}
