import Bytes
import Foundation
import GlanceAPI
import GlanceModel
import HTTP
import SCGI
import Sockets
import Synchronization
import Testing
import Workers

@testable import glance_api

/// A whole Glance on a directory of its own, put together from settings as the service is: SCGI goes in at one end of a
/// socket pair and comes out of a worker's handler as bytes. Its clock stands at 2010-02-03 09:34:01 until it is moved.
final class Glance {
    let images: ImageService
    let clock = Clock()
    /// What the operator was told.
    let reports = Told<Report>()
    let audits = Told<Audit>()
    let directory: String
    private let handler: WorkerHandler
    private let limits: SCGIExchange.Limits

    /// `settings` are over the service's own defaults.
    init(_ settings: [String: String] = [:]) throws {
        directory = try Self.newDirectory()
        let assembly = Assembly(try Settings(Self.sources(settings, directory)))
        try assembly.prepare()
        let transfers = TransferSlots(max: assembly.settings.transfersMax)
        let assembled = try assembly.images(transfers: transfers)
        let (clock, reports, audits) = (clock, reports, audits)
        let images = ImageService(
            registry: assembled.registry, stores: assembled.stores, limits: assembled.limits, transfers: transfers,
            surroundings: Surroundings(now: { clock.now }, uptime: { clock.uptime }, newName: randomName))
        let metrics = Metrics(page: try SharedPage(), worker: 0)
        let api = try assembly.api(
            images, report: { reports.add($0) }, audit: { audits.add($0) },
            metrics: { metrics.text(stores: images.stores) })
        self.images = images
        handler = WorkerHandler(api: api, metrics: metrics, log: assembly.log)
        limits = assembly.exchangeLimits
    }

    deinit {
        do { try FileManager.default.removeItem(atPath: directory) } catch { Issue.record(error) }
    }

    /// Sends what nginx would make of this request; `gateway` replaces variables that nginx sets, nil leaves one out.
    func send(
        _ method: String, _ uri: String, _ headers: [String: String] = [:], body: Body? = nil,
        gateway: [String: String?] = [:], requestID id: String = randomName(),
        at place: SourceLocation = #_sourceLocation
    ) throws -> Answer {
        var variables = SCGIText(method, uri, headers, bodyLength: body?.announced, requestID: id)
        for (name, value) in gateway { variables[name] = value }
        let answer = try exchange(
            variables.bytes + (body?.sent ?? []), isAll: body?.isBroken == true, method: method, at: place)
        #expect(answer.headers.all("X-Request-Id").map(\.value) == [id], sourceLocation: place)
        return answer
    }

    /// Sends bytes as they are, `piece` of them at a time; `isAll` says that no more will come, otherwise the
    /// connection stays open for more.
    func exchange(
        _ bytes: [UInt8], isAll: Bool, piece: Int = .max, method: String = "GET",
        at place: SourceLocation = #_sourceLocation
    ) throws -> Answer {
        var ends: [Int32] = [0, 0]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0)
        let ended = DispatchSemaphore(value: 0)
        let (worker, handler, limits) = (ends[1], handler, limits)
        let thread = Thread {
            Self.serve(worker, handler, limits)
            ended.signal()
        }
        thread.stackSize = Self.stackBytes
        thread.start()
        let answer = try Self.ask(ends[0], bytes, isAll: isAll, piece: piece)
        // The client has closed, so the worker has nothing left to wait for.
        ended.wait()
        return try Answer(answer, to: method, at: place)
    }

    /// Of a worker's thread.
    private static let stackBytes = 512 * 1024

    private static func ask(_ socket: Int32, _ bytes: [UInt8], isAll: Bool, piece: Int) throws -> [UInt8] {
        let client = Connection(owning: socket)
        // Less than the worker waits for a body: one that waits for what nobody will send is found out.
        client.idleSeconds = 30
        var rest = bytes[...]
        while !rest.isEmpty {
            try rest.prefix(piece).withUnsafeBytes(client.write)
            rest = rest.dropFirst(piece)
        }
        if isAll { client.finishWriting() }
        let answer = MemorySink()
        _ = try pump(client, into: answer)
        return answer.bytes
    }

    /// What a worker's thread does with a connection.
    private static func serve(_ socket: Int32, _ handler: WorkerHandler, _ limits: SCGIExchange.Limits) {
        let exchange = SCGIExchange(Connection(owning: socket), limits: limits, chunk: Chunk())
        do {
            let response: Response
            var request: Request?
            do {
                let read = try exchange.readRequest()
                request = read
                response = handler.respond(to: read)
            } catch let defect as SCGIDefect {
                response = handler.respond(to: defect)
            }
            try exchange.send(response)
            handler.finished(ServedRequest(request: request, status: response.status))
        } catch {
            Issue.record(error)
        }
    }

    private static func sources(_ settings: [String: String], _ directory: String) throws -> SettingsSources {
        let own = [
            "registry": "sqlite://\(directory)/registry.sqlite", "file_directory": "\(directory)/images",
            "free_bytes_min": "0", "client_idle_seconds_max": "60", "log_level": "error",
        ]
        var sources = SettingsSources()
        for (key, value) in own.merging(settings, uniquingKeysWith: { $1 }) { try sources.take(key, value, from: key) }
        return sources
    }

    private static func newDirectory() throws -> String {
        var template = Array("\(NSTemporaryDirectory())/glance-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// The time of day, as a test sets it, and a clock that moves on by `stride` seconds whenever somebody looks at it.
final class Clock: Sendable {
    private let seconds = Mutex<Int64>(1_265_189_641)
    private let ticking = Mutex((uptime: Int64(0), stride: Int64(0)))

    var uptime: Int64 {
        ticking.withLock { clock in
            clock.uptime += clock.stride
            return clock.uptime
        }
    }

    func tick(stride: Int64) {
        ticking.withLock { $0.stride = stride }
    }

    var now: Timestamp { Timestamp(seconds: seconds.withLock { $0 }) }

    func move(seconds amount: Int64) {
        seconds.withLock { $0 += amount }
    }
}

/// What the operator was told, in its order.
final class Told<Line: Sendable>: Sendable {
    private let list = Mutex<[Line]>([])

    var all: [Line] { list.withLock { $0 } }

    func add(_ line: Line) {
        list.withLock { $0.append(line) }
    }
}
