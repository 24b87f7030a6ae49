import Dispatch
import Foundation
import Synchronization

/// Does `body` so many times at the same time, on a thread each, and gives what came of them, in their order.
func atOnce<Value: Sendable>(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Value) throws -> [Value] {
    let outcomes = Mutex<[Int: Result<Value, any Error>]>([:])
    let all = DispatchGroup()
    for number in 0..<count {
        all.enter()
        Thread.detachNewThread {
            let outcome = Result { try body(number) }
            outcomes.withLock { $0[number] = outcome }
            all.leave()
        }
    }
    all.wait()
    return try outcomes.withLock { outcomes in try (0..<count).compactMap { try outcomes[$0]?.get() } }
}

extension Site {
    /// What the service answers to a request by hand: its status and its body. Cheaper than a curl where there are hundreds.
    func ask(_ method: String, _ path: String, _ fields: [String: String] = [:], body: String? = nil) throws
        -> (status: Int, body: String)
    {
        var head = "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nConnection: close\r\n"
        for (name, value) in fields { head += "\(name): \(value)\r\n" }
        if let body { head += "Content-Length: \(body.utf8.count)\r\n" }
        let answer = try HeldRequest(self, "\(head)\r\n\(body ?? "")").answer()
        let end = answer.range(of: "\r\n\r\n")?.upperBound ?? answer.endIndex
        return (answer.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0, String(answer[end...]))
    }
}
