import Foundation
import Synchronization
import Testing

/// Stands between a client and a server on loopback and forwards what they say, one request a connection, until a rule
/// has it do something else with a request.
final class Interposer: Sendable {
    /// Requests by what stands in their first line.
    struct Kind: Sendable {
        let words: [String]

        init(_ words: String...) { self.words = words }

        static func object(_ method: String) -> Kind { Kind("\(method) ", "/glance/") }
        static func segment(_ method: String, _ number: Int) -> Kind {
            Kind("\(method) ", "/glance_segments/", "/0000000\(number) ")
        }
        static let manifest = Kind("PUT ", "/glance/", "?multipart-manifest=put&heartbeat=on ")

        func fits(_ line: String) -> Bool { words.allSatisfy(line.contains) }
    }

    /// What is done with a request. A closure that returns false breaks the connections off.
    enum Deed: Sendable {
        /// The server hears nothing of the request.
        case answer(status: Int)
        /// The server gets another token than the client's.
        case spoilToken
        /// The server gets another body.
        case flipByte(Int)
        /// The client gets another body.
        case flipAnswerByte(Int)
        case beforeRequest(@Sendable () -> Bool)
        case beforeAnswer(@Sendable () -> Bool)
        /// When so many bytes of the request's body, or of the answer's, have been passed on.
        case atRequestByte(Int, @Sendable () -> Bool)
        case atAnswerByte(Int, @Sendable () -> Bool)
        /// From that byte of the answer on the client gets little at a time.
        case trickle(fromAnswerByte: Int, @Sendable () -> Void)
    }

    /// One request, and what became of it.
    struct Exchange: Sendable {
        let line: String
        /// Bytes of the two bodies that were passed on, and that there should be.
        var sent = 0
        var length = 0
        var status: Int?
        var received = 0
        var answerLength = 0
        var clientEnded = false

        /// True where the client closed although it had not said or heard all.
        var isBrokenOffByClient: Bool {
            clientEnded && (sent < length || status == nil || received < answerLength)
        }
    }

    private struct Rule {
        let kind: Kind
        let deed: Deed
        var times: Int
    }

    private struct State {
        var rules: [Rule] = []
        var exchanges: [Exchange] = []
        /// Those before are of tests that are over.
        var firstExchange = 0
    }

    let port: Int
    private let listener: Wire
    private let server: Int
    private let state = Mutex(State())

    init(before server: Int) throws {
        let (number, port) = try listeningSocket()
        (listener, self.port, self.server) = (Wire(number), port, server)
        Thread.detachNewThread { [self] in
            while let client = listener.accept() { Thread.detachNewThread { [self] in serve(client) } }
        }
    }

    // MARK: Rules and what came of them

    func add(_ kind: Kind, times: Int = 1, _ deed: Deed) {
        state.withLock { $0.rules.append(Rule(kind: kind, deed: deed, times: times)) }
    }

    /// Forgets all rules and exchanges, and tells the rules that no request has met.
    @discardableResult
    func clear() -> [String] {
        state.withLock { state in
            defer { (state.rules, state.firstExchange) = ([], state.exchanges.count) }
            return state.rules.filter { $0.times > 0 }.map { "\($0.kind.words): \($0.deed)" }
        }
    }

    func exchanges(_ kind: Kind) -> [Exchange] {
        state.withLock { $0.exchanges[$0.firstExchange...].filter { kind.fits($0.line) } }
    }

    private func deed(for line: String) -> Deed? {
        state.withLock { state in
            guard let place = state.rules.firstIndex(where: { $0.times > 0 && $0.kind.fits(line) }) else { return nil }
            state.rules[place].times -= 1
            return state.rules[place].deed
        }
    }

    // MARK: One exchange

    private func serve(_ client: Wire) {
        guard let (head, rest) = client.readHead() else { return }
        let exchange = Passage(head)
        let deed = deed(for: exchange.line)
        let place = state.withLock { state in
            state.exchanges.append(Exchange(line: exchange.line, length: exchange.length))
            return state.exchanges.count - 1
        }
        if case .answer(let status) = deed {
            note(place) { $0.status = status }
            client.send("HTTP/1.1 \(status) By itself\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            client.finishWriting()
            while case let piece = client.read(), !piece.isEmpty {}
            return
        }
        if case .beforeRequest(let call) = deed, !call() { return }
        guard let server = Wire.connected(to: server), server.send(exchange.forwarded(deed)) else { return }
        Thread.detachNewThread { [self] in passAnswer(from: server, to: client, deed, place) }
        passBody(rest, from: client, to: server, deed, place)
    }

    private func passBody(_ start: [UInt8], from client: Wire, to server: Wire, _ deed: Deed?, _ place: Int) {
        var (piece, sent) = (start, 0)
        repeat {
            if case .flipByte(let byte) = deed, (sent..<sent + piece.count).contains(byte) { piece[byte - sent] ^= 1 }
            if case .atRequestByte(let byte, let call) = deed, (sent..<sent + piece.count).contains(byte) {
                server.send(piece[..<(byte - sent)])
                note(place) { $0.sent = byte }
                guard call() else { return Wire.breakOff(client, server) }
                piece = Array(piece[(byte - sent)...])
                sent = byte
            }
            // Where the server does not take it, its answer or its end says why.
            server.send(piece[...])
            sent += piece.count
            note(place) { $0.sent = sent }
            piece = client.read()
        } while !piece.isEmpty
        note(place) { $0.clientEnded = true }
        server.breakOff()
    }

    private func passAnswer(from server: Wire, to client: Wire, _ deed: Deed?, _ place: Int) {
        defer { client.finishWriting() }
        var start: [UInt8] = []
        while let (head, rest) = server.readHead(after: start) {
            let answer = Passage(head)
            guard answer.status >= 200 else {
                client.send(head)
                start = rest
                continue
            }
            note(place) { ($0.status, $0.answerLength) = (answer.status, answer.length) }
            var body = rest
            if case .beforeAnswer(let call) = deed {
                // All of it: an answer with signs of life begins before what was asked for is done.
                while case let piece = server.read(), !piece.isEmpty { body += piece }
                guard call() else { return Wire.breakOff(client, server) }
            }
            client.send(head)
            return passAnswerBody(body, from: server, to: client, deed, place)
        }
    }

    private func passAnswerBody(_ start: [UInt8], from server: Wire, to client: Wire, _ deed: Deed?, _ place: Int) {
        var (piece, received) = (start, 0)
        repeat {
            if case .atAnswerByte(let byte, let call) = deed, (received..<received + piece.count).contains(byte) {
                client.send(piece[..<(byte - received)])
                guard call() else { return Wire.breakOff(client, server) }
                piece = Array(piece[(byte - received)...])
                received = byte
            }
            if case .flipAnswerByte(let byte) = deed, (received..<received + piece.count).contains(byte) {
                piece[byte - received] ^= 1
            }
            if case .trickle(let byte, let call) = deed, received + piece.count > byte {
                call()
                return trickle(piece, from: server, to: client)
            }
            guard client.send(piece[...]) else { return }
            received += piece.count
            note(place) { $0.received = received }
            piece = server.read()
        } while !piece.isEmpty
    }

    /// A KiB whenever the client has not closed for a while.
    private func trickle(_ start: [UInt8], from server: Wire, to client: Wire) {
        var piece = start[...]
        while !piece.isEmpty, !client.isEnded(waitingMilliseconds: 20), client.send(piece.prefix(1024)) {
            piece = piece.dropFirst(1024)
            if piece.isEmpty { piece = server.read()[...] }
        }
    }

    private func note(_ place: Int, _ change: (inout Exchange) -> Void) {
        state.withLock { change(&$0.exchanges[place]) }
    }
}

/// The head of a request or an answer on its way.
private struct Passage {
    private let lines: [Substring]

    init(_ head: String) { lines = head.split(separator: "\r\n") }

    /// With a blank at its end, so that all its words are followed by one.
    var line: String { "\(lines[0]) " }
    var status: Int { Int(lines[0].split(separator: " ")[1]) ?? 0 }
    var length: Int {
        let line = lines.first { $0.lowercased().hasPrefix("content-length: ") }
        return line.flatMap { Int($0.dropFirst("content-length: ".count)) } ?? 0
    }

    /// As the server gets it: it closes after its answer, and so every request is a connection of its own.
    func forwarded(_ deed: Interposer.Deed?) -> String {
        var lines = lines + ["Connection: close"]
        if case .spoilToken = deed {
            lines = lines.filter { !$0.lowercased().hasPrefix("x-auth-token:") } + ["X-Auth-Token: AUTH_tkspoiled"]
        }
        return lines.joined(separator: "\r\n") + "\r\n\r\n"
    }
}
