import Foundation
import Testing

/// Bytes that nobody would send on purpose, the same in every run: those of the corpus, and what becomes of them when a
/// few are changed. `deploy/fuzz` looks for more; what it finds goes into the corpus and stays there.
@Suite(.serialized) struct FuzzTests {
    private static let runsPerTarget = 4000
    /// After so many, others have their turn: tests of tasks share few threads with this one.
    private static let runsAtOnce = 20

    @Test(arguments: FuzzTarget.allCases)
    func `whatever comes, a reader keeps its properties`(target: FuzzTarget) async throws {
        let corpus = try Self.corpus(of: target)
        #expect(!corpus.isEmpty)

        for bytes in corpus {
            try check(target, bytes)
            await Task.yield()
        }
        var mutator = Mutator(seed: 20_101_203, corpus: corpus)
        for run in 0..<Self.runsPerTarget {
            try check(target, mutator.next())
            if run.isMultiple(of: Self.runsAtOnce) { await Task.yield() }
        }
    }

    private func check(_ target: FuzzTarget, _ bytes: [UInt8]) throws {
        do throws(FuzzFinding) {
            try target.check(bytes)
        } catch {
            Issue.record("\(error), of \(Data(bytes).base64EncodedString())")
            throw error
        }
    }

    private static func corpus(of target: FuzzTarget) throws -> [[UInt8]] {
        let directory = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "Corpus/\(target.rawValue)")
        return try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted().map {
            Array(try Data(contentsOf: directory.appending(path: $0)))
        }
    }
}
