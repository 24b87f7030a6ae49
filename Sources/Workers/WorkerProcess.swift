import Bytes
import Glibc
import HTTP
import SCGI
import Sockets

/// One worker: serves requests on the socket that it shares with its fellows until its supervisor tells it to end, or is
/// gone.
package struct WorkerProcess {
    package struct Settings: Sendable {
        package var threadsMax: Int
        /// Threads that run requests at a time, but for those that block.
        package var runningMax: Int
        package var drainSecondsMax: Int
        package var exchange: SCGIExchange.Limits

        package init(threadsMax: Int, runningMax: Int, drainSecondsMax: Int, exchange: SCGIExchange.Limits) {
            self.threadsMax = threadsMax
            self.runningMax = runningMax
            self.drainSecondsMax = drainSecondsMax
            self.exchange = exchange
        }
    }

    /// What a worker answers with.
    package protocol Handler: Sendable {
        func respond(to request: Request) -> Response
        /// The answer to what is no request.
        func respond(to defect: SCGIDefect) -> Response
        func finished(_ served: ServedRequest)
        func failed(_ error: PosixError)
    }

    private let settings: Settings
    private let handler: any Handler
    private let page: SharedPage
    private let number: Int

    package init(number: Int, settings: Settings, page: SharedPage, handler: any Handler) {
        self.number = number
        self.settings = settings
        self.page = page
        self.handler = handler
    }

    /// Serves until TERM or INT comes, or until `lifeline` ends because its other end, the supervisor, is gone. Then ends
    /// what is in hand; what takes longer than the bound for that is broken off, and the answer is false. After HUP it
    /// takes no new request, but transfers have as long as they need: others serve in its place. Throws where it cannot begin.
    package func run(_ listener: consuming Listener, lifeline: consuming FileDescriptor) throws(PosixError) -> Bool {
        Signals.block([SIGTERM, SIGINT, SIGHUP])
        Lifeline.watch(lifeline)
        let (exchange, handler, page, number) = (settings.exchange, handler, page, number)
        let serveOne: ThreadPool.Serve = { connection, chunk, thread in
            serve(SCGIExchange(connection, limits: exchange, chunk: chunk)) { id in
                page.setRequest(id, worker: number, thread: thread)
            }
            page.clearRequest(worker: number, thread: thread)
        }
        let pool = ThreadPool(
            listener,
            limits: ThreadPool.Limits(threadsMax: settings.threadsMax, runningMax: settings.runningMax),
            onError: { handler.failed($0) },
            onTurn: { [turns = page.turns(worker: number)] in turns.add() }, serve: serveOne)
        try pool.start()
        if Signals.wait(for: [SIGTERM, SIGINT, SIGHUP]) == SIGHUP, isRetired(pool) { return true }
        return pool.drain(secondsMax: settings.drainSecondsMax) || pool.breakOff()
    }

    /// True once nothing is in hand; false where TERM or INT came first.
    private func isRetired(_ pool: ThreadPool) -> Bool {
        for _ in 0..<Self.retirementSecondsMax {
            if pool.drain(secondsMax: 1) { return true }
            if Signals.wait(for: [SIGTERM, SIGINT], milliseconds: 1) != nil { return false }
        }
        return false
    }

    /// As nginx's own old processes have in nginx/nginx.conf.
    private static let retirementSecondsMax = 86_400

    private func serve(_ exchange: SCGIExchange, begun: (String) -> Void) {
        let start = monotonicNanoseconds()
        let response: Response
        var request: Request?
        do {
            let read = try exchange.readRequest()
            request = read
            begun(read.id)
            response = handler.respond(to: read)
        } catch let defect as SCGIDefect {
            response = handler.respond(to: defect)
        } catch {
            // A peer that was silent, or went away, before there was a request: nobody to answer.
            return
        }
        var broken: (any Error)?
        do { try exchange.send(response) } catch { broken = error }
        handler.finished(
            ServedRequest(
                request: request, status: response.status, error: broken, nanoseconds: monotonicNanoseconds() - start,
                bytesIn: exchange.bytesIn, bytesOut: exchange.bytesOut, gatewayBytes: response.gatewayBytes))
    }
}

/// A request that was served to its end, for whoever counts.
package struct ServedRequest {
    /// Nil where what came was none.
    package let request: Request?
    package let status: Status
    /// Why the answer could not be sent whole.
    package let error: (any Error)?
    /// From the connection's beginning to its last byte.
    package let nanoseconds: UInt64
    package let bytesIn: Int64
    package let bytesOut: Int64
    /// Bytes that the gateway sends in our place.
    package let gatewayBytes: Int64

    package init(
        request: Request?, status: Status, error: (any Error)? = nil, nanoseconds: UInt64 = 0, bytesIn: Int64 = 0,
        bytesOut: Int64 = 0, gatewayBytes: Int64 = 0
    ) {
        self.request = request
        self.status = status
        self.error = error
        self.nanoseconds = nanoseconds
        self.bytesIn = bytesIn
        self.bytesOut = bytesOut
        self.gatewayBytes = gatewayBytes
    }
}

/// On a clock that nobody sets.
package func monotonicNanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// The pipe whose other end the supervisor holds: it ends when the supervisor does, however that came.
package enum Lifeline {
    /// Sends this process TERM once the lifeline ends.
    package static func watch(_ lifeline: consuming FileDescriptor) {
        let number = lifeline.release()
        _ = Thread.start {
            var byte: UInt8 = 0
            while true {
                let count = read(number, &byte, 1)
                if count > 0 || count < 0 && errno == EINTR { continue }
                break
            }
            kill(getpid(), SIGTERM)
        }
    }
}

package enum Signals {
    /// Keeps `signals` from interrupting any thread of this process: they are waited for instead.
    package static func block(_ signals: [Int32]) {
        var set = make(signals)
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// Lets `signals` interrupt this thread, whatever the one that started it blocks.
    static func unblock(_ signals: [Int32]) {
        var set = make(signals)
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
    }

    package static func wait(for signals: [Int32]) -> Int32 {
        var set = make(signals)
        var signal: Int32 = 0
        sigwait(&set, &signal)
        return signal
    }

    /// The next of `signals`; nil when none came within `milliseconds`.
    package static func wait(for signals: [Int32], milliseconds: Int) -> Int32? {
        var set = make(signals)
        var bound = timespec(tv_sec: milliseconds / 1000, tv_nsec: milliseconds % 1000 * 1_000_000)
        let signal = sigtimedwait(&set, nil, &bound)
        return signal > 0 ? signal : nil
    }

    static func make(_ signals: [Int32]) -> sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in signals { sigaddset(&set, signal) }
        return set
    }
}
