import Bytes
import Testing

@testable import Workers

@Suite struct ChildRoleTests {
    @Test func `a new worker has the lowest number that is free`() throws {
        #expect(try ChildRole.newWorker(besides: []) == .worker(0))
        #expect(try ChildRole.newWorker(besides: [.worker(0), .janitor, .worker(1), .worker(3)]) == .worker(2))
    }

    @Test func `workers of many settings at once all have numbers, and one that finds none waits`() throws {
        var workers: [ChildRole] = []
        for _ in 0..<SharedPage.workersMax { workers.append(try .newWorker(besides: workers)) }

        #expect(Set(workers.compactMap(\.workerNumber)).count == 4 * 64)
        let error = #expect(throws: PosixError.self) { try ChildRole.newWorker(besides: workers) }
        #expect(error?.description.contains("256 workers, most of them of earlier settings") == true)
        workers.remove(at: 7)
        #expect(try ChildRole.newWorker(besides: workers) == .worker(7))
    }
}
