import Testing

@testable import Workers

/// Which thread goes where, without any thread.
struct PoolStateTests {
    /// Two threads at the door, as a pool begins.
    private func begun(threadsMax: Int = 8, runningMax: Int = 1) -> PoolState {
        var state = PoolState(threadsMax: threadsMax, runningMax: runningMax)
        #expect(state.callOneMore() == .new(0))
        #expect(state.callOneMore() == .new(1))
        return state
    }

    /// Two blocked, so that a third one was called, and are done: one is back at the door, the other one is parked.
    private func afterTwoBlocked() -> PoolState {
        var state = begun()
        #expect(state.beginServing(0) == .nobody)
        #expect(state.stepAside(0) == .nobody)
        #expect(state.beginServing(1) == .nobody)
        #expect(state.stepAside(1) == .new(2))
        #expect(state.endServing(0) == true)
        #expect(state.endServing(1) == false)
        return state
    }

    @Test func `one that serves while another is at the door calls nobody, and goes back`() {
        var state = begun()

        #expect(state.beginServing(0) == .nobody)
        #expect(state.endServing(0) == true)
        #expect(state.beginServing(1) == .nobody)
        #expect(state.endServing(1) == true)
    }

    @Test func `where one runs, another that is done parks, and the one that runs goes on alone`() {
        var state = begun()
        #expect(state.beginServing(0) == .nobody)
        #expect(state.beginServing(1) == .nobody)

        #expect(state.endServing(0) == false)
        #expect(state.parked == [0])
        #expect(state.endServing(1) == true)
        #expect(state.beginServing(1) == .nobody)
        #expect(state.endServing(1) == true)
    }

    @Test func `who blocks sends whoever parked last to the door, and a new thread where nobody is parked`() {
        var state = begun()
        #expect(state.beginServing(0) == .nobody)
        #expect(state.beginServing(1) == .nobody)
        #expect(state.endServing(0) == false)

        #expect(state.stepAside(1) == .parked(0))
        #expect(state.beginServing(0) == .nobody)
        #expect(state.stepAside(0) == .new(2))
        #expect(state.alive == 3)
    }

    @Test func `who blocks while another is at the door calls nobody`() {
        var state = begun()
        #expect(state.beginServing(0) == .nobody)

        #expect(state.stepAside(0) == .nobody)
        state.comeBack(0)
        #expect(state.endServing(0) == true)
    }

    @Test func `as many run as may, and somebody is at the door until then`() {
        var state = begun(runningMax: 3)
        #expect(state.beginServing(0) == .nobody)

        #expect(state.beginServing(1) == .new(2))
        #expect(state.beginServing(2) == .nobody)
        #expect(state.endServing(0) == true, "two others run, and three may")
    }

    @Test func `at the bound nobody is called, and whoever is done goes to the door`() {
        var state = begun(threadsMax: 2)
        #expect(state.beginServing(0) == .nobody)
        #expect(state.stepAside(0) == .nobody)
        #expect(state.beginServing(1) == .nobody)

        #expect(state.stepAside(1) == .nobody)
        #expect(state.endServing(0) == true)
    }

    @Test func `three that blocked and are done leave two at the door`() {
        let state = afterTwoBlocked()

        #expect(state.parked == [1])
    }

    @Test func `where none blocks for long one is at the door, and two again once one has`() {
        var state = begun()
        for _ in 0..<32 {
            for number in [0, 1] {
                #expect(state.beginServing(number) == .nobody)
                #expect(state.endServing(number) == true || number == 1)
            }
        }
        #expect(state.parked == [1])

        #expect(state.beginServing(0) == .nobody)
        #expect(state.stepAside(0) == .parked(1))
        state.comeBack(0)
        #expect(state.endServing(0) == true)
        #expect(state.parked == [])
    }

    @Test func `a long request steps aside at the second tick, and may come back and do so again`() {
        var state = begun(threadsMax: 4)
        #expect(state.beginServing(0) == .nobody)
        #expect(state.beginServing(1) == .nobody)
        #expect(state.needsWatch() == true)
        #expect(state.needsWatch() == false, "one that looks is enough")

        #expect(state.tick(isLast: false) == .nobody)
        #expect(state.tick(isLast: false) == .new(2))
        #expect(state.tick(isLast: false) == nil, "somebody is at the door")
        #expect(state.beginServing(2) == .nobody)
        #expect(state.stepAside(0) == .nobody, "it is aside already")
        state.comeBack(0)
        #expect(state.tick(isLast: false) == .nobody)
        #expect(state.tick(isLast: false) == .new(3))
    }

    @Test func `a new request of the same thread is not a long one`() {
        var state = begun(threadsMax: 4)
        #expect(state.beginServing(0) == .nobody)
        #expect(state.beginServing(1) == .nobody)
        #expect(state.endServing(0) == false)
        #expect(state.tick(isLast: false) == .nobody)

        #expect(state.endServing(1) == true)
        #expect(state.beginServing(1) == .nobody)

        #expect(state.tick(isLast: false) == .nobody)
        #expect(state.tick(isLast: false) == .parked(0))
    }

    @Test func `nobody looks any more once all has been quiet, and whoever comes next has somebody look`() {
        var state = begun()
        #expect(state.beginServing(0) == .nobody)
        #expect(state.beginServing(1) == .nobody)
        #expect(state.needsWatch() == true)

        #expect(state.tick(isLast: true) == .nobody, "nobody is at the door: it has to go on")
        #expect(state.needsWatch() == false)
        #expect(state.endServing(0) == false)
        #expect(state.endServing(1) == true)
        #expect(state.tick(isLast: true) == nil)
        #expect(state.beginServing(1) == .nobody)
        #expect(state.needsWatch() == true)
    }

    @Test func `those that are too many end, the last two do not`() {
        var state = afterTwoBlocked()

        #expect(state.isParked(1))
        #expect(state.leavesParked(1, threadsMin: 2, isEnding: false) == true)
        #expect(state.leavesDoor(0, threadsMin: 2, isEnding: false) == false)
        #expect(state.alive == 2)
        #expect(state.leavesDoor(0, threadsMin: 2, isEnding: true) == true)
        #expect(state.alive == 1)
    }

    @Test func `one that was called in the moment of its leaving stays`() {
        var state = begun()
        #expect(state.beginServing(0) == .nobody)
        #expect(state.beginServing(1) == .nobody)
        #expect(state.endServing(0) == false)
        #expect(state.stepAside(1) == .parked(0))

        #expect(state.leavesParked(0, threadsMin: 1, isEnding: false) == false)
        #expect(!state.isParked(0))
    }

    @Test func `where a thread cannot be started somebody looks after that, and asks again after a while`() {
        var state = begun(runningMax: 2)
        #expect(state.beginServing(0) == .nobody)
        #expect(state.beginServing(1) == .nobody)
        #expect(state.endServing(0) == true)
        #expect(state.beginServing(0) == .nobody)
        #expect(state.stepAside(0) == .new(2))
        #expect(state.needsWatch() == false, "the one that is still to come is at the door")

        state.failToStart(2)
        #expect(state.needsWatch() == true)
        #expect(state.alive == 2)
        #expect(state.stepAside(1) == .nobody, "not with each request")
        for _ in 0..<49 { #expect(state.tick(isLast: false) == .nobody) }
        #expect(state.tick(isLast: false) == .new(2))
    }

    @Test func `one that blocked and came back is at the beginning of a long request again`() {
        var state = begun(threadsMax: 4)
        #expect(state.beginServing(0) == .nobody)
        #expect(state.beginServing(1) == .nobody)
        #expect(state.tick(isLast: false) == .nobody)

        #expect(state.stepAside(1) == .nobody, "the other one runs")
        state.comeBack(1)
        #expect(state.stepAside(0) == .nobody)
        state.comeBack(0)

        #expect(state.tick(isLast: false) == .nobody)
        #expect(state.tick(isLast: false) == .new(2))
    }
}
