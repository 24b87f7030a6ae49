import Bytes
import Glibc
import Sockets

/// Owns the socket, keeps its workers and the janitor alive, and ends with them. It serves no request itself, so nothing
/// that a request does can end it.
package struct Supervisor: ~Copyable {
    /// What the children of one generation are made of. HUP makes a new generation.
    package struct Plan: Sendable {
        package var workers: Int
        /// The settings as text, for children to read.
        package var settings: String
        package var drainSecondsMax: Int

        package init(workers: Int, settings: String, drainSecondsMax: Int) {
            self.workers = workers
            self.settings = settings
            self.drainSecondsMax = drainSecondsMax
        }
    }

    package enum Event {
        case started(String, pid: pid_t)
        case ended(String, pid: pid_t, how: String, requests: [String], restartMilliseconds: Int)
        case notStarted(String, PosixError)
        case reloaded(workers: Int)
        case stopping(signal: Int32)
        case killed(pids: [pid_t])
    }

    private enum Role: Equatable {
        case worker(Int)
        case janitor

        var name: String {
            switch self {
            case .worker(let number): "worker \(number)"
            case .janitor: "janitor"
            }
        }
    }

    private struct Child {
        let role: Role
        let generation: Int
        let startedAt: Int64
    }

    private struct Vacancy {
        let role: Role
        let dueAt: Int64
    }

    private let program: String
    private let listener: Listener
    private let page: SharedPage
    private let lifeline: Pipe
    private let log: (Event) -> Void
    private var plan: Plan
    private var settingsFile: FileDescriptor
    private var generation = 0
    private var children: [pid_t: Child] = [:]
    private var vacancies: [Vacancy] = []
    /// How often in a row children have ended soon after their start.
    private var quickEnds = 0

    /// A child that lived for less counts as one that keeps dying.
    private static let quickMilliseconds: Int64 = 10_000
    private static let restartMillisecondsMax = 10_000
    private static let signals = [SIGTERM, SIGINT, SIGHUP, SIGCHLD]

    package init(program: String, listener: consuming Listener, plan: Plan, log: @escaping (Event) -> Void)
        throws(PosixError)
    {
        let page = try SharedPage()
        let lifeline = try Pipe()
        let settingsFile = try makeSettingsFile(plan.settings)
        self.program = program
        self.listener = listener
        self.plan = plan
        self.log = log
        self.page = page
        self.lifeline = lifeline
        self.settingsFile = settingsFile
        Signals.block(Self.signals)
    }

    /// Runs until TERM or INT, then until the last child has ended. `reload` reads the settings anew, and gives nil where
    /// they are not to be used.
    package mutating func run(reload: () -> Plan?) {
        openVacancies()
        while true {
            fillVacancies()
            switch Signals.wait(for: Self.signals, milliseconds: millisecondsToNextVacancy()) {
            case SIGTERM: return stop(SIGTERM)
            case SIGINT: return stop(SIGINT)
            case SIGHUP: if let plan = reload() { change(to: plan) }
            case SIGCHLD: collectChildren()
            default: break
            }
        }
    }

    private mutating func openVacancies() {
        let roles = (0..<plan.workers).map { _ in Role.worker(0) } + [.janitor]
        vacancies = roles.map { Vacancy(role: $0, dueAt: 0) }
    }

    private mutating func fillVacancies() {
        let now = milliseconds()
        let due = vacancies.filter { $0.dueAt <= now }
        vacancies.removeAll { $0.dueAt <= now }
        for vacancy in due { start(vacancy.role) }
    }

    private func millisecondsToNextVacancy() -> Int {
        let next = vacancies.map(\.dueAt).min().map { $0 - milliseconds() } ?? 60_000
        return Int(max(1, min(next, 60_000)))
    }

    private mutating func start(_ wanted: Role) {
        let role = wanted == .janitor ? wanted : .worker(freeNumber())
        do throws(PosixError) {
            let arguments =
                switch role {
                case .worker(let number): ["worker", String(number)]
                case .janitor: ["janitor"]
                }
            let pid = try ChildProcess.start(
                program, arguments: arguments,
                descriptors: [
                    (listener.number, ChildDescriptor.listener), (lifeline.readEnd, ChildDescriptor.lifeline),
                    (page.descriptor.number, ChildDescriptor.page), (settingsFile.number, ChildDescriptor.settings),
                ])
            children[pid] = Child(role: role, generation: generation, startedAt: milliseconds())
            log(.started(role.name, pid: pid))
        } catch {
            log(.notStarted(role.name, error))
            vacancies.append(Vacancy(role: role, dueAt: milliseconds() + Int64(Self.restartMillisecondsMax)))
        }
    }

    /// The lowest number that no living worker has; with it goes a region of the shared page.
    private func freeNumber() -> Int {
        let taken = children.values.compactMap { child in
            if case .worker(let number) = child.role { number } else { nil }
        }
        return (0..<SharedPage.workersMax).first { !taken.contains($0) } ?? 0
    }

    private mutating func collectChildren() {
        var status: Int32 = 0
        while case let pid = waitpid(-1, &status, WNOHANG), pid > 0 {
            guard let child = children.removeValue(forKey: pid) else { continue }
            collect(child, pid: pid, status: status)
        }
    }

    private mutating func collect(_ child: Child, pid: pid_t, status: Int32) {
        var requests: [String] = []
        if case .worker(let number) = child.role {
            requests = page.takeRequests(worker: number)
            page.clearGauges(worker: number)
        }
        var delay = 0
        let isReplaced = child.generation == generation
        if isReplaced {
            delay = restartMilliseconds(after: child, served: !requests.isEmpty)
            vacancies.append(Vacancy(role: child.role, dueAt: milliseconds() + Int64(delay)))
        }
        // A child of an older settings' generation ends because it was told to.
        guard isReplaced || status != 0 else { return }
        log(.ended(child.role.name, pid: pid, how: ending(status), requests: requests, restartMilliseconds: delay))
    }

    /// Whoever died over a request could serve: the next one is there at once, lest a request that kills its worker, sent
    /// again and again, stop them all. The pause is for children that never get so far.
    private mutating func restartMilliseconds(after child: Child, served: Bool) -> Int {
        guard !served else { return 0 }
        let isQuick = milliseconds() - child.startedAt < Self.quickMilliseconds
        quickEnds = isQuick ? quickEnds + 1 : 0
        return quickEnds < 2 ? 0 : min(Self.restartMillisecondsMax, 50 << min(quickEnds - 2, 16))
    }

    /// New children take the same socket, and the old ones end when their requests have.
    private mutating func change(to plan: Plan) {
        guard let file = try? makeSettingsFile(plan.settings) else { return }
        settingsFile = file
        self.plan = plan
        let old = children.keys
        generation += 1
        openVacancies()
        fillVacancies()
        for pid in old { kill(pid, SIGHUP) }
        log(.reloaded(workers: plan.workers))
    }

    private mutating func stop(_ signal: Int32) {
        log(.stopping(signal: signal))
        generation += 1
        for pid in children.keys { kill(pid, SIGTERM) }
        // A little more than the children's own bound, for those that are stuck.
        let deadline = milliseconds() + Int64(plan.drainSecondsMax) * 1000 + 2_000
        while !children.isEmpty, milliseconds() < deadline {
            if Signals.wait(for: [SIGCHLD], milliseconds: 100) != nil { collectChildren() }
        }
        guard !children.isEmpty else { return }
        log(.killed(pids: Array(children.keys)))
        for pid in children.keys { kill(pid, SIGKILL) }
    }
}

/// A pipe of which this process holds both ends.
struct Pipe: ~Copyable {
    private let reading: FileDescriptor
    private let writing: FileDescriptor

    init() throws(PosixError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw PosixError("pipe") }
        reading = FileDescriptor(owning: ends[0])
        writing = FileDescriptor(owning: ends[1])
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    }

    var readEnd: Int32 { reading.number }
}

/// The settings in memory with a descriptor: every child reads the same ones, whatever happens to the configuration file.
private func makeSettingsFile(_ text: String) throws(PosixError) -> FileDescriptor {
    let file = try makeMemoryFile("glance-settings")
    try file.writeAll(Array(text.utf8))
    return file
}

private func milliseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
}

private func ending(_ status: Int32) -> String {
    let signal = status & 0x7F
    return signal == 0 ? "exit status \(status >> 8 & 0xFF)" : "signal \(signal)"
}
