import Bytes
import Dispatch
import Glibc
import Testing

@testable import Workers

@Suite struct SharedPageTests {
    /// The supervisor's mapping and a worker's, of one memory.
    private let supervisors: SharedPage
    private let workers: SharedPage

    init() throws {
        supervisors = try SharedPage()
        workers = try SharedPage(FileDescriptor(owning: dup(supervisors.descriptor.number)))
    }

    @Test func `what one counts the other sees`() {
        workers.counter(3, worker: 5).add(2)
        workers.counter(3, worker: 5).add()

        #expect(supervisors.counter(3, worker: 5).value == 3)
        #expect(supervisors.counter(2, worker: 5).value == 0)
        #expect(supervisors.counter(3, worker: 4).value == 0)
    }

    @Test func `a total is the sum over all workers, the first and the last`() {
        workers.counter(0, worker: 0).add(1)
        workers.counter(0, worker: 31).add(10)
        workers.counter(0, worker: SharedPage.workersMax - 1).add(100)
        workers.counter(1, worker: 0).add(1000)

        #expect(supervisors.total(0) == 111)
    }

    @Test func `a gauge is set to what is there now`() {
        workers.counter(SharedPage.countersMax - 1, worker: 0).set(7)
        workers.counter(SharedPage.countersMax - 1, worker: 0).set(2)

        #expect(supervisors.total(SharedPage.countersMax - 1) == 2)
    }

    @Test func `no count is lost among many threads and two mappings`() {
        let counters = [workers.counter(0, worker: 0), supervisors.counter(0, worker: 0)]

        DispatchQueue.concurrentPerform(iterations: 8) { number in
            for _ in 0..<10_000 { counters[number % 2].add() }
        }

        #expect(supervisors.total(0) == 80_000)
    }

    @Test func `the requests that a worker was serving are known, once`() {
        workers.setRequest("first", worker: 2, thread: 0)
        workers.setRequest("another worker's", worker: 3, thread: 0)
        workers.setRequest("last", worker: 2, thread: SharedPage.threadsMax - 1)

        #expect(supervisors.takeRequests(worker: 2) == ["first", "last"])
        #expect(supervisors.takeRequests(worker: 2) == [])
        #expect(supervisors.takeRequests(worker: 3) == ["another worker's"])
    }

    @Test func `a request that was served is forgotten, and the next one takes its place`() {
        workers.setRequest("a long name of a request", worker: 0, thread: 0)
        workers.clearRequest(worker: 0, thread: 0)
        workers.setRequest("served", worker: 0, thread: 1)
        workers.setRequest("next", worker: 0, thread: 1)

        #expect(supervisors.takeRequests(worker: 0) == ["next"])
    }

    @Test func `an id of any length stays within its slot, and counters are untouched by it`() {
        workers.setRequest(String(repeating: "x", count: 1000), worker: 0, thread: 0)
        workers.setRequest("neighbour", worker: 0, thread: 1)

        #expect(supervisors.takeRequests(worker: 0) == [String(repeating: "x", count: 63), "neighbour"])
        #expect((0..<SharedPage.countersMax).allSatisfy { supervisors.total($0) == 0 })
    }

    @Test func `turns are counted beside everything else`() {
        workers.setRequest("last", worker: 0, thread: SharedPage.threadsMax - 1)
        workers.counter(0, worker: 1).add()

        workers.turns(worker: 0).add()

        #expect(supervisors.turns(worker: 0).value == 1)
        #expect(supervisors.turns(worker: 1).value == 0)
        #expect(supervisors.takeRequests(worker: 0) == ["last"])
        #expect(supervisors.total(0) == 1)
    }

    @Test func `a descriptor that is no memory is refused`() throws {
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        close(ends[1])
        let number = ends[0]

        #expect(throws: PosixError.self) { try SharedPage(FileDescriptor(owning: number)) }
    }
}
