/// Who of a pool's threads is where: at the door, which is waiting for a connection or on the way there; running a request;
/// aside, which is at a request and blocked, or long at it; or parked. Every change of this keeps somebody at the door, or as
/// many running as there may be, as long as there are threads to be had.
struct PoolState {
    /// Who is to go to the door next. Whoever that is counts as being there from then on.
    enum Call: Equatable {
        case nobody
        case parked(Int)
        /// A thread that is still to be started.
        case new(Int)
    }

    private enum Place: Equatable {
        /// No thread has this number.
        case none
        case door, running, aside, parked
    }

    /// Threads that may wait at the door together. With one alone, a request that blocks has to call another, which costs as
    /// much as many a request; but two take turns, with cold caches, where none blocks.
    private var atDoorMax: Int { servedSinceBlock < Self.servedSinceBlockMax ? 2 : 1 }
    private static let servedSinceBlockMax = 64
    private var servedSinceBlock = 0

    private let runningMax: Int
    private var places: [Place]
    private var free: [Int]
    private(set) var parked: [Int] = []
    private(set) var alive = 0
    private var atDoor = 0
    private var running = 0
    /// Threads that have run since some tick.
    private var isLong: [Bool]
    private var isWatched = false
    /// Ticks until a thread is started again, after the host had none to give.
    private var shortTicks = 0
    private static let shortTicksMax = 50

    init(threadsMax: Int, runningMax: Int) {
        self.runningMax = runningMax
        places = Array(repeating: .none, count: threadsMax)
        isLong = Array(repeating: false, count: threadsMax)
        free = Array((0..<threadsMax).reversed())
    }

    /// One more to the door: who was parked last, else a new one.
    mutating func callOneMore() -> Call {
        if let number = parked.popLast() {
            go(number, to: .door)
            return .parked(number)
        }
        guard shortTicks == 0, let number = free.popLast() else { return .nobody }
        alive += 1
        go(number, to: .door)
        return .new(number)
    }

    private mutating func callIfNeeded() -> Call {
        atDoor == 0 && running < runningMax ? callOneMore() : .nobody
    }

    mutating func beginServing(_ number: Int) -> Call {
        isLong[number] = false
        go(number, to: .running)
        return callIfNeeded()
    }

    /// True where the thread is to go on to the door; else it is parked.
    mutating func endServing(_ number: Int) -> Bool {
        let others = running - (places[number] == .running ? 1 : 0)
        servedSinceBlock += 1
        let isWanted = others < runningMax && atDoor < atDoorMax
        if !isWanted { parked.append(number) }
        go(number, to: isWanted ? .door : .parked)
        return isWanted
    }

    /// The thread blocks from here on.
    mutating func stepAside(_ number: Int) -> Call {
        guard places[number] == .running else { return .nobody }
        servedSinceBlock = 0
        go(number, to: .aside)
        return callIfNeeded()
    }

    mutating func comeBack(_ number: Int) {
        guard places[number] == .aside else { return }
        isLong[number] = false
        go(number, to: .running)
    }

    // MARK: Ends

    /// Asked after a wait at the door that brought nothing: whether the thread ends, because all are to, or because it is
    /// one too many.
    mutating func leavesDoor(_ number: Int, threadsMin: Int, isEnding: Bool) -> Bool {
        guard isEnding || alive > threadsMin && atDoor > 1 else { return false }
        leave(number)
        return true
    }

    func isParked(_ number: Int) -> Bool { places[number] == .parked }

    /// The same of one that was parked for long, or is told that all are to end.
    mutating func leavesParked(_ number: Int, threadsMin: Int, isEnding: Bool) -> Bool {
        guard isEnding || alive > threadsMin, let index = parked.firstIndex(of: number) else { return false }
        parked.remove(at: index)
        leave(number)
        return true
    }

    /// A thread that was chosen could not be started.
    mutating func failToStart(_ number: Int) {
        leave(number)
        shortTicks = Self.shortTicksMax
    }

    private mutating func leave(_ number: Int) {
        go(number, to: .none)
        alive -= 1
        free.append(number)
    }

    // MARK: Long requests

    /// True where nobody is at the door and nobody looks after that yet; from then on somebody does.
    mutating func needsWatch() -> Bool {
        guard atDoor == 0, !isWatched else { return false }
        isWatched = true
        return true
    }

    /// Whoever has run the same request since an earlier tick steps aside. Nil where somebody is at the door, so that nothing
    /// needs to be done; where that is so at the last tick of many, nobody looks any more.
    mutating func tick(isLast: Bool) -> Call? {
        shortTicks = max(0, shortTicks - 1)
        guard atDoor == 0 else {
            if isLast { isWatched = false }
            return nil
        }
        for number in places.indices where places[number] == .running {
            if isLong[number] { go(number, to: .aside) }
            isLong[number] = true
        }
        return callIfNeeded()
    }

    private mutating func go(_ number: Int, to place: Place) {
        count(places[number], -1)
        places[number] = place
        count(place, 1)
    }

    private mutating func count(_ place: Place, _ change: Int) {
        if place == .door { atDoor += change }
        if place == .running { running += change }
    }
}
