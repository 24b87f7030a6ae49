import Foundation
import Synchronization
import Testing

/// Clients that go on uploading and downloading until they are told to stop; each failure is kept.
final class Load: Sendable {
    /// Images that are there for download.
    static let images = 1
    private static let imageBytes = 4 << 20
    private static let uploadBytes = 1 << 20

    /// Slow ones last longer than a reload.
    enum Kind: String, CaseIterable, Sendable {
        case upload, slowUpload, download, slowDownload
    }

    private struct Tally {
        var done: [Kind: Int] = [:]
        var failures: [String] = []
    }

    private let site: Site
    private let tally = Mutex(Tally())
    private let isToEnd = Atomic<Bool>(false)
    private let clients = DispatchGroup()

    init(on site: Site, clients count: Int) throws {
        self.site = site
        let image = String(repeating: "0123456789abcdef", count: Self.imageBytes / 16)
        try #require(try site.add(image, ["x-image-meta-id": "load"]).status == 200)
        for number in 0..<count {
            let kind = Kind.allCases[number % Kind.allCases.count]
            clients.enter()
            Thread.detachNewThread { [self] in
                while !isToEnd.load(ordering: .relaxed) { work(kind) }
                clients.leave()
            }
        }
    }

    var done: [Kind: Int] { tally.withLock { $0.done } }
    var failures: [String] { tally.withLock { $0.failures } }
    var uploaded: Int { (done[.upload] ?? 0) + (done[.slowUpload] ?? 0) }

    /// Returns when so many more requests have been answered.
    func waitForMore(than count: Int) throws {
        let before = done.values.reduce(0, +)
        try #require(eventually(within: 60) { done.values.reduce(0, +) > before + count || !failures.isEmpty })
    }

    /// Lets each end what it is at.
    func finish() {
        isToEnd.store(true, ordering: .relaxed)
        clients.wait()
    }

    private func work(_ kind: Kind) {
        let result = Result { try answer(kind) }
        tally.withLock { tally in
            switch result {
            case .success(let answer) where answer.status == 200 && isWhole(answer, kind):
                tally.done[kind, default: 0] += 1
            case .success(let answer): tally.failures.append("\(kind): \(answer.status), \(answer.body.count) bytes")
            case .failure(let error): tally.failures.append("\(kind): \(error)")
            }
        }
    }

    private func answer(_ kind: Kind) throws -> Answer {
        switch kind {
        case .upload: try site.add(String(repeating: "x", count: Self.uploadBytes))
        case .slowUpload: try site.add(String(repeating: "x", count: Self.uploadBytes), [:], ["--limit-rate", "600k"])
        case .download: try site.curl("/images/load")
        // Through a worker, for nginx would be done with the worker at once.
        case .slowDownload: try site.curl("/images/load", ["-H", "If-Match: *", "--limit-rate", "2M"])
        }
    }

    private func isWhole(_ answer: Answer, _ kind: Kind) -> Bool {
        kind == .upload || kind == .slowUpload || answer.body.count == Self.imageBytes
    }
}
