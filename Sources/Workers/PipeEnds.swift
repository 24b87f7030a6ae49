import Bytes
import Glibc

/// Both ends of a pipe that this process keeps for as long as it lives.
struct PipeEnds: Equatable {
    var reading: Int32
    var writing: Int32

    static func open() throws(PosixError) -> PipeEnds {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw PosixError("pipe") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return PipeEnds(reading: ends[0], writing: ends[1])
    }
}
