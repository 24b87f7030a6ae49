import Foundation
import Glibc
import Synchronization
import Testing

/// A small HTTP/1.1 server on a port of the loopback address, with a thread for each connection.
final class LoopbackServer: Sendable {
    struct Question: Sendable {
        let method: String
        /// Without the query.
        let path: String
        let query: String
        /// Names in lower case.
        let fields: [String: String]
    }

    struct Answer: Sendable {
        var status = 200
        var fields: [(name: String, value: String)] = []
        var body: [UInt8] = []
        /// Sent as they are, in the place of all else.
        var raw: [UInt8]?
    }

    /// Nil ends the connection without an answer.
    typealias Handler = @Sendable (Question) -> Answer?

    let port: UInt16
    private let listener: Int32
    private let handler: Handler
    private let connections = Mutex<Set<Int32>>([])
    private let isStopped = Mutex(false)

    init(_ handler: @escaping Handler) throws {
        self.handler = handler
        (listener, port) = try Loopback.listen()
        Thread.detachNewThread { [weak self, listener] in
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0 else {
                    // What was shut down gives nothing more; anything else is of the moment.
                    if errno == EINVAL { break }
                    continue
                }
                guard let self else {
                    close(client)
                    break
                }
                self.connections.withLock { _ = $0.insert(client) }
                Thread.detachNewThread { self.serve(client) }
            }
            close(listener)
        }
    }

    /// Ends every connection and takes no more.
    func stop() {
        // Once: the number is another's when it has been closed.
        let isFirst = isStopped.withLock { isStopped in
            defer { isStopped = true }
            return !isStopped
        }
        guard isFirst else { return }
        shutdown(listener, Int32(SHUT_RDWR))
        connections.withLock { for number in $0 { shutdown(number, Int32(SHUT_RDWR)) } }
    }

    private func serve(_ client: Int32) {
        defer {
            connections.withLock { _ = $0.remove(client) }
            close(client)
        }
        var input: [UInt8] = []
        while let question = Self.question(from: client, &input), let answer = handler(question) {
            let bytes = answer.raw ?? Self.bytes(of: answer, to: question)
            guard Loopback.send(bytes, to: client), answer.raw == nil else { return }
        }
    }

    /// Reads up to the end of the next request, whose body, if it has any, is nobody's business.
    private static func question(from client: Int32, _ input: inout [UInt8]) -> Question? {
        let blank = Array("\r\n\r\n".utf8)
        while true {
            if let end = input.firstRange(of: blank) {
                let lines = input[..<end.lowerBound].split(separator: UInt8(ascii: "\n"))
                input.removeSubrange(..<end.upperBound)
                return Question(lines)
            }
            guard let piece = Loopback.receive(from: client) else { return nil }
            input += piece
        }
    }

    private static func bytes(of answer: Answer, to question: Question) -> [UInt8] {
        var head = "HTTP/1.1 \(answer.status) x\r\nContent-Length: \(answer.body.count)\r\n"
        for (name, value) in answer.fields { head += "\(name): \(value)\r\n" }
        return Array("\(head)\r\n".utf8) + (question.method == "HEAD" ? [] : answer.body)
    }
}

extension LoopbackServer.Question {
    /// Bytes are looked at, not characters: a value may begin with what joins the blank before it.
    fileprivate init?(_ lines: [ArraySlice<UInt8>]) {
        let words = lines.first?.split(separator: UInt8(ascii: " ")) ?? []
        guard words.count == 3 else { return nil }
        let target = words[1].split(separator: UInt8(ascii: "?"), maxSplits: 1)
        var fields: [String: String] = [:]
        for line in lines.dropFirst() {
            let halves = line.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
            guard halves.count == 2 else { return nil }
            let blanks: Set<UInt8> = [UInt8(ascii: " "), UInt8(ascii: "\r")]
            let value = halves[1].drop(while: blanks.contains).reversed().drop(while: blanks.contains).reversed()
            fields[Self.text(halves[0]).lowercased()] = Self.text(value)
        }
        self.init(
            method: Self.text(words[0]), path: Self.text(target.first ?? []),
            query: target.count == 2 ? Self.text(target[1]) : "", fields: fields)
    }

    private static func text(_ bytes: some Collection<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
}

/// Sockets of the loopback address.
enum Loopback {
    static func listen() throws -> (number: Int32, port: UInt16) {
        let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = Self.address("127.0.0.1", 0)
        let isListening = address.withSocketAddress { bind(number, $0, $1) } == 0 && Glibc.listen(number, 64) == 0
        try #require(isListening)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = address.withSocketAddress { pointer, _ in
            getsockname(number, UnsafeMutablePointer(mutating: pointer), &length)
        }
        return (number, UInt16(bigEndian: address.sin_port))
    }

    static func address(_ address: String, _ port: UInt16) -> sockaddr_in {
        var result = sockaddr_in()
        result.sin_family = sa_family_t(AF_INET)
        result.sin_port = port.bigEndian
        inet_pton(AF_INET, address, &result.sin_addr)
        return result
    }

    /// Nil at the end.
    static func receive(from number: Int32) -> [UInt8]? {
        var piece = [UInt8](repeating: 0, count: 65536)
        let count = recv(number, &piece, piece.count, 0)
        return count > 0 ? Array(piece[..<count]) : nil
    }

    static func send(_ bytes: [UInt8], to number: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}

extension sockaddr_in {
    mutating func withSocketAddress<Value>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Value) -> Value {
        withUnsafePointer(to: &self) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
