import Bytes
import Glibc

extension Supervisor {
    package enum Event {
        case started(String, pid: pid_t)
        case ended(String, pid: pid_t, how: String, requests: [String], restartMilliseconds: Int)
        case notStarted(String, PosixError)
        case reloaded(workers: Int, isOtherProgram: Bool)
        case notReloaded(String)
        case stopping(signal: Int32)
        case killed(pids: [pid_t])
        /// The service manager could not be told how things are.
        case notTold(PosixError)
    }

    package enum Outcome {
        case stopped
        /// The program at our path is to take over, and has shown that it can start.
        case handedOver(Handover)
    }
}
