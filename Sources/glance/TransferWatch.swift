import GlanceClient
import Glibc
import Synchronization

/// Watches transfers from a thread of its own: says how far they are, and ends the process where it is told to stop, with
/// a word on how to go on. So the thread that moves the bytes does nothing else.
final class TransferWatch: Sendable {
    enum Manner {
        /// A line on the terminal that is written over and over.
        case line(Terminal)
        /// A line every so often.
        case sentences
        case silent
    }

    private struct Transfer {
        var progress: TransferProgress
        let began: Double
        var toldAt: Double
        /// What to say where it is stopped.
        let advice: String
        var hasStarted = false
        var hasLine = false
    }

    private let manner: Manner
    /// Locked while a line is written, too: after the end of a transfer none of it comes any more.
    private let current = Mutex<Transfer?>(nil)
    private let bytes = Atomic<Int64>(0)
    /// Where it began: what a download that goes on had already is no part of its rate.
    private let start = Atomic<Int64>(-1)

    private static let lineAfterSeconds = 1.0
    private static let sentenceSeconds = 10.0
    private static let tickNanoseconds = 200_000_000

    /// For the life of the process: INT, TERM and HUP are this watch's from here on.
    init(_ manner: Manner) {
        self.manner = manner
        let signals = Self.signals()
        var set = signals
        pthread_sigmask(SIG_BLOCK, &set, nil)
        let isWatching = startThread { [self] in
            while true { tick(signals) }
        }
        // Nobody would hear them.
        if !isWatching { pthread_sigmask(SIG_UNBLOCK, &set, nil) }
    }

    /// Runs `body` as the transfer that is watched; the closure that it is given is to be told how far it is.
    func watch<Value: ~Copyable>(
        _ label: String, total: Int64?, advice: String,
        _ body: (@escaping Progress) throws(CommandError) -> Value
    ) throws(CommandError) -> Value {
        bytes.store(0, ordering: .relaxed)
        start.store(-1, ordering: .relaxed)
        let began = now()
        current.withLock {
            $0 = Transfer(
                progress: TransferProgress(label, total: total), began: began, toldAt: began, advice: advice)
        }
        defer {
            current.withLock { transfer in
                if let transfer { clear(transfer) }
                transfer = nil
            }
        }
        return try body { [self] count in
            bytes.store(count, ordering: .relaxed)
            if start.load(ordering: .relaxed) < 0 { start.store(count, ordering: .relaxed) }
        }
    }

    // MARK: The thread

    private func tick(_ signals: sigset_t) {
        var set = signals
        var wait = timespec(tv_sec: 0, tv_nsec: Self.tickNanoseconds)
        let signal = sigtimedwait(&set, nil, &wait)
        current.withLock { transfer in
            if signal > 0 { stop(by: signal, transfer) }
            guard var known = transfer else { return }
            let start = start.load(ordering: .relaxed)
            if start >= 0 {
                if !known.hasStarted { known.progress.note(start, at: known.began) }
                known.hasStarted = true
                known.progress.note(bytes.load(ordering: .relaxed), at: now())
            }
            tell(&known)
            transfer = known
        }
    }

    private func tell(_ transfer: inout Transfer) {
        let time = now()
        switch manner {
        case .line(let terminal):
            guard time - transfer.began >= Self.lineAfterSeconds, let width = terminal.width else { return }
            writeToStandardError("\r\u{1B}[K\(transfer.progress.line(columns: width - 1))")
            transfer.hasLine = true
        case .sentences:
            guard time - transfer.toldAt >= Self.sentenceSeconds else { return }
            writeToStandardError("glance: \(transfer.progress.sentence)\n")
            transfer.toldAt = time
        case .silent: break
        }
    }

    private func clear(_ transfer: Transfer) {
        if transfer.hasLine { writeToStandardError("\r\u{1B}[K") }
    }

    /// Ends the process by the very signal, so that whoever waits for it knows.
    private func stop(by signal: Int32, _ transfer: Transfer?) {
        if var transfer {
            transfer.progress.note(bytes.load(ordering: .relaxed), at: now())
            clear(transfer)
            writeToStandardError("glance: stopped after \(transfer.progress.amount). \(transfer.advice)\n")
        }
        Glibc.signal(signal, SIG_DFL)
        kill(getpid(), signal)
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, signal)
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
        _exit(128 + signal)
    }

    /// Those that stop a program, as far as whoever started it does not have them ignored.
    private static func signals() -> sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            var action = sigaction()
            sigaction(signal, nil, &action)
            guard unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) != ignored else { continue }
            sigaddset(&set, signal)
        }
        return set
    }

    /// `SIG_IGN`, which cannot be compared.
    private static let ignored = 1
}

private func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

private func startThread(_ body: @escaping @Sendable () -> Void) -> Bool {
    var thread = pthread_t()
    let context = Unmanaged.passRetained(ThreadBody(body))
    let code = pthread_create(
        &thread, nil,
        { context in
            guard let context else { return nil }
            Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue().run()
            return nil
        }, context.toOpaque())
    if code == 0 { pthread_detach(thread) } else { context.release() }
    return code == 0
}

private final class ThreadBody: Sendable {
    let run: @Sendable () -> Void

    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}
