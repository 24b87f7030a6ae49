import Bytes
import Glibc
import Sockets

/// Owns the workers and the janitor, keeps them alive, and ends with them. It serves no request itself, so nothing that a
/// request does can end it.
///
/// HUP has it make way for itself: the program that lies at its path by then goes on as this process, with the settings
/// as they are by then, on the same socket. The children of before serve until new ones do.
package struct Supervisor: ~Copyable {
    /// What the children are made of.
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

    private struct Child {
        let role: ChildRole
        /// Of the supervisor before this one: it is to end once others serve.
        let isOld: Bool
        let startedAt: Int64
        var turns: UInt64 = 0
    }

    private struct Vacancy {
        let role: ChildRole
        let dueAt: Int64
    }

    private let program: Program
    private let arguments: [String]
    private let listener: Int32
    private let page: SharedPage
    /// Open until this process ends, and so its children know when it does.
    private let lifeline: PipeEnds
    private let manager: ServiceManager?
    private let log: (Event) -> Void
    private let plan: Plan
    private let settingsFile: FileDescriptor
    private var children: [pid_t: Child] = [:]
    private var vacancies: [Vacancy] = []
    private var liveness: Liveness
    /// How often in a row children have ended soon after their start.
    private var quickEnds = 0
    /// Some worker of our own has come so far as to take connections.
    private var isReady = false
    private var isStopping = false
    private let isOtherProgram: Bool
    private var trial: Trial?
    private var hasTrialPassed = false
    private var isReloadWantedAgain = false

    /// A child that lived for less counts as one that keeps dying.
    private static let quickMilliseconds: Int64 = 10_000
    private static let restartMillisecondsMax = 10_000
    private static let readyPollMilliseconds: Int64 = 20
    private static let signals = [SIGTERM, SIGINT, SIGHUP, SIGCHLD]

    /// `arguments` are those of this process behind the command; `listener` stays open for as long as the supervisor lives.
    package init(
        program: Program, arguments: [String], listener: Int32, plan: Plan, handover: Handover?, page: SharedPage,
        manager: ServiceManager?, log: @escaping (Event) -> Void
    ) throws(PosixError) {
        let settingsFile = try makeSettingsFile(plan.settings)
        let lifeline = if let handover { handover.lifeline } else { try PipeEnds.open() }
        isOtherProgram = handover.map { $0.program != program.identity } ?? false
        (self.page, self.lifeline) = (page, lifeline)
        self.settingsFile = settingsFile
        self.program = program
        self.arguments = arguments
        self.listener = listener
        self.plan = plan
        self.manager = manager
        self.log = log
        let now = milliseconds()
        liveness = Liveness(watchdogMilliseconds: manager?.watchdogMilliseconds, now: now)
        for child in handover?.children ?? [] {
            children[child.pid] = Child(role: child.role, isOld: true, startedAt: now)
        }
        vacancies = ((0..<plan.workers).map { _ in .worker(0) } + [.janitor]).map { Vacancy(role: $0, dueAt: 0) }
        Signals.block(Self.signals)
    }

    /// Runs until TERM or INT, and then until the last child has ended; or until another program is to take over. Where
    /// that could not be had, it can be run again.
    package mutating func run() -> Outcome {
        while true {
            fillVacancies()
            watch()
            switch Signals.wait(for: Self.signals, milliseconds: millisecondsToWait()) {
            case SIGTERM: return stop(SIGTERM)
            case SIGINT: return stop(SIGINT)
            case SIGHUP: beginReload()
            case SIGCHLD: collectChildren()
            default: break
            }
            if hasTrialPassed {
                hasTrialPassed = false
                return .handedOver(handover)
            }
        }
    }

    /// Everything stays as it is.
    package mutating func refuseReload(_ reason: String) {
        log(.notReloaded(reason))
        tell { manager throws(PosixError) in try manager.tellReady("settings not reloaded: \(reason)") }
    }

    private func millisecondsToWait() -> Int {
        let now = milliseconds()
        var next = now + 60_000
        for due in vacancies.map(\.dueAt) + [liveness.dueAt].compactMap(\.self) { next = min(next, due) }
        if !isReady { next = min(next, now + Self.readyPollMilliseconds) }
        if let due = trial?.dueAt { next = min(next, due) }
        return Int(max(1, next - now))
    }
}

// MARK: Children

extension Supervisor {
    private mutating func fillVacancies() {
        let now = milliseconds()
        let due = vacancies.filter { $0.dueAt <= now }
        vacancies.removeAll { $0.dueAt <= now }
        for vacancy in due { start(vacancy.role) }
    }

    private mutating func start(_ wanted: ChildRole) {
        do throws(PosixError) {
            let role = wanted == .janitor ? wanted : try .newWorker(besides: children.values.map(\.role))
            let pid = try ChildProcess.start(
                Program.image, name: program.path, arguments: role.arguments,
                descriptors: [
                    (listener, ChildDescriptor.listener), (lifeline.reading, ChildDescriptor.lifeline),
                    (page.descriptor.number, ChildDescriptor.page), (settingsFile.number, ChildDescriptor.settings),
                ])
            let turns = role.workerNumber.map { page.turns(worker: $0).value } ?? 0
            children[pid] = Child(role: role, isOld: false, startedAt: milliseconds(), turns: turns)
            log(.started(role.name, pid: pid))
        } catch {
            log(.notStarted(wanted.name, error))
            vacancies.append(Vacancy(role: wanted, dueAt: milliseconds() + Int64(Self.restartMillisecondsMax)))
        }
    }

    /// Looks for signs of life. The first worker that serves makes this supervisor ready.
    private mutating func watch() {
        let now = milliseconds()
        for (pid, child) in children where !child.isOld {
            guard let number = child.role.workerNumber else { continue }
            let turns = page.turns(worker: number).value
            guard turns != child.turns else { continue }
            children[pid]?.turns = turns
            liveness.sawSign(at: now)
            if !isReady { becomeReady() }
        }
        if let due = trial?.dueAt, due <= now, let pid = trial?.pid { kill(pid, SIGKILL) }
        if liveness.isToBeTold(at: now) { tell { manager throws(PosixError) in try manager.tellAlive() } }
    }

    /// Those of before have nothing to do any more but what they have in hand.
    private mutating func becomeReady() {
        isReady = true
        let old = children.filter(\.value.isOld).keys
        for pid in old { kill(pid, SIGHUP) }
        if !old.isEmpty { log(.reloaded(workers: plan.workers, isOtherProgram: isOtherProgram)) }
        let status = "serving, \(plan.workers) workers"
        tell { manager throws(PosixError) in try manager.tellReady(status) }
    }

    private mutating func collectChildren() {
        var status: Int32 = 0
        while case let pid = waitpid(-1, &status, WNOHANG), pid > 0 {
            if pid == trial?.pid { endTrial(status) }
            guard let child = children.removeValue(forKey: pid) else { continue }
            collect(child, pid: pid, status: status)
        }
    }

    private mutating func collect(_ child: Child, pid: pid_t, status: Int32) {
        var requests: [String] = []
        if let number = child.role.workerNumber {
            requests = page.takeRequests(worker: number)
            page.clearGauges(worker: number)
        }
        var delay = 0
        let isReplaced = !child.isOld && !isStopping
        if isReplaced {
            delay = restartMilliseconds(after: child, served: !requests.isEmpty)
            vacancies.append(Vacancy(role: child.role, dueAt: milliseconds() + Int64(delay)))
        }
        // Any other ends because it was told to.
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

    private mutating func stop(_ signal: Int32) -> Outcome {
        log(.stopping(signal: signal))
        tell { manager throws(PosixError) in try manager.tellStopping() }
        isStopping = true
        if let pid = trial?.pid { kill(pid, SIGKILL) }
        trial = nil
        for pid in children.keys { kill(pid, SIGTERM) }
        // A little more than the children's own bound, for those that are stuck.
        let deadline = milliseconds() + Int64(plan.drainSecondsMax) * 1000 + 2_000
        while !children.isEmpty, milliseconds() < deadline {
            if Signals.wait(for: [SIGCHLD], milliseconds: 100) != nil { collectChildren() }
        }
        guard !children.isEmpty else { return .stopped }
        log(.killed(pids: Array(children.keys)))
        for pid in children.keys { kill(pid, SIGKILL) }
        return .stopped
    }

    private func tell(_ what: (ServiceManager) throws(PosixError) -> Void) {
        guard let manager else { return }
        do throws(PosixError) { try what(manager) } catch { log(.notTold(error)) }
    }
}

// MARK: Reloading

extension Supervisor {
    /// First a trial: what cannot start must not take over.
    private mutating func beginReload() {
        guard trial == nil else {
            isReloadWantedAgain = true
            return
        }
        tell { manager throws(PosixError) in try manager.tellReloading() }
        do throws(PosixError) {
            trial = try Trial(program, arguments: arguments, now: milliseconds())
        } catch {
            refuseReload(error.description)
        }
    }

    private mutating func endTrial(_ status: Int32) {
        let reason = trial?.reason(ending: ending(status)) ?? ""
        trial = nil
        if isReloadWantedAgain {
            isReloadWantedAgain = false
            beginReload()
        } else if status == 0 {
            hasTrialPassed = true
        } else {
            refuseReload(reason)
        }
    }

    /// What belongs to the socket is for its owner to add.
    private var handover: Handover {
        Handover(
            listener: listener, listen: "", program: program.identity, page: page.descriptor.number,
            lifeline: lifeline, children: children.map { Handover.Child(pid: $0, role: $1.role) })
    }
}

/// The settings in memory with a descriptor: every child reads the same ones, whatever happens to the configuration file.
private func makeSettingsFile(_ text: String) throws(PosixError) -> FileDescriptor {
    let file = try makeMemoryFile("glance-settings")
    try file.writeAll(Array(text.utf8))
    return file
}

private func milliseconds() -> Int64 {
    Int64(monotonicNanoseconds() / 1_000_000)
}

private func ending(_ status: Int32) -> String {
    let signal = status & 0x7F
    return signal == 0 ? "exit status \(status >> 8 & 0xFF)" : "signal \(signal)"
}
