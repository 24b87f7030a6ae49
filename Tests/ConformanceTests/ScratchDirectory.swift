import FoundationEssentials
import Testing

/// Gives each test a directory of its own, and removes it afterwards.
struct ScratchDirectory: TestTrait, SuiteTrait, TestScoping {
    /// The running test's directory. Other threads do not see it: read it first, then start them.
    @TaskLocal static var path = ""

    let isRecursive = true

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let path = "\(FileManager.default.temporaryDirectory.path)/glance-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await Self.$path.withValue(path) {
            defer {
                RecordsUnderTest.giveBack()
                StrangerUnderTest.giveBack()
                #expect(throws: Never.self) { try PostgreSQLUnderTest.clear() }
            }
            try await function()
        }
    }
}

extension Trait where Self == ScratchDirectory {
    static var scratchDirectory: Self { ScratchDirectory() }
}
