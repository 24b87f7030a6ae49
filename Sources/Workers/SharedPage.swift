import Bytes
import Glibc
import Synchronization

/// Memory that the supervisor and its workers share: what a worker was doing survives it, and counters neither jump nor
/// start again when one dies.
///
/// A region a worker: counters first, then a slot a thread with the id of the request that it serves, and at its end how
/// often a thread has come round to take a connection. One more region is for the counters of the supervisor and the
/// janitor.
package final class SharedPage: @unchecked Sendable {
    // Safe to share: counters are atomic; a slot is written by the one thread that holds it, and read by the supervisor
    // once that thread's process is gone.
    /// As many as the setting `workers` allows, four times over: those of earlier settings end only with what they have in
    /// hand.
    package static let workersMax = 4 * 64
    /// The number of the region that no worker has.
    package static let housekeeping = workersMax
    package static let threadsMax = 512
    package static let countersMax = 1024
    /// Counters from this one on say how things are now, not how many there ever were: they end with their worker.
    package static let gaugesFirst = 1008
    private static let regionsCount = workersMax + 1
    private static let slotBytes = 64
    private static let turnsOffset = countersMax * 8 + threadsMax * slotBytes
    private static let regionBytes = turnsOffset + 64

    package let descriptor: FileDescriptor
    private let memory: UnsafeMutableRawPointer

    /// New memory, all zero.
    package convenience init() throws(PosixError) {
        let descriptor = try makeMemoryFile("glance-workers")
        guard ftruncate(descriptor.number, off_t(Self.regionBytes * Self.regionsCount)) == 0 else {
            throw PosixError("ftruncate", "shared page")
        }
        try self.init(descriptor)
    }

    /// The memory behind a descriptor that the supervisor handed over.
    package init(_ descriptor: consuming FileDescriptor) throws(PosixError) {
        let size = Self.regionBytes * Self.regionsCount
        guard let memory = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor.number, 0),
            memory != MAP_FAILED
        else { throw PosixError("mmap", "shared page") }
        self.memory = memory
        self.descriptor = descriptor
    }

    deinit {
        munmap(memory, Self.regionBytes * Self.regionsCount)
    }

    /// One counter of one worker, or of those who keep house.
    package func counter(_ index: Int, worker: Int) -> SharedCounter {
        precondition((0..<Self.countersMax).contains(index) && (0..<Self.regionsCount).contains(worker))
        let address = memory + worker * Self.regionBytes + index * 8
        return SharedCounter(address: address.assumingMemoryBound(to: Atomic<UInt64>.self))
    }

    /// A counter's sum over all workers that ever were.
    package func total(_ index: Int) -> UInt64 {
        (0..<Self.regionsCount).reduce(0) { $0 &+ counter(index, worker: $1).value }
    }

    /// Grows whenever a thread of the worker is about to wait for a connection: a worker in which it stands still is stuck.
    func turns(worker: Int) -> SharedCounter {
        precondition((0..<Self.workersMax).contains(worker))
        let address = memory + worker * Self.regionBytes + Self.turnsOffset
        return SharedCounter(address: address.assumingMemoryBound(to: Atomic<UInt64>.self))
    }

    func setRequest(_ id: String, worker: Int, thread: Int) {
        let slot = slot(worker, thread)
        var id = id
        let count = id.withUTF8 { bytes in
            let count = min(bytes.count, Self.slotBytes - 1)
            if let start = bytes.baseAddress { (slot + 1).copyMemory(from: start, byteCount: count) }
            return count
        }
        slot.storeBytes(of: UInt8(count), as: UInt8.self)
    }

    func clearRequest(worker: Int, thread: Int) {
        slot(worker, thread).storeBytes(of: 0, as: UInt8.self)
    }

    package func clearGauges(worker: Int) {
        for index in Self.gaugesFirst..<Self.countersMax { counter(index, worker: worker).set(0) }
    }

    /// The ids of the requests that a worker was serving; its slots are empty afterwards.
    func takeRequests(worker: Int) -> [String] {
        (0..<Self.threadsMax).compactMap { thread in
            let slot = slot(worker, thread)
            let count = Int(slot.load(as: UInt8.self))
            guard count > 0 else { return nil }
            clearRequest(worker: worker, thread: thread)
            return String(decoding: UnsafeRawBufferPointer(start: slot + 1, count: count), as: UTF8.self)
        }
    }

    private func slot(_ worker: Int, _ thread: Int) -> UnsafeMutableRawPointer {
        precondition((0..<Self.threadsMax).contains(thread) && (0..<Self.workersMax).contains(worker))
        return memory + worker * Self.regionBytes + Self.countersMax * 8 + thread * Self.slotBytes
    }
}

/// A number in the shared page that any thread of any worker may change.
package struct SharedCounter: @unchecked Sendable {
    // Safe to share: every access is atomic, and the page outlives its counters.
    let address: UnsafeMutablePointer<Atomic<UInt64>>

    package var value: UInt64 { address.pointee.load(ordering: .relaxed) }

    package func add(_ amount: UInt64 = 1) {
        address.pointee.wrappingAdd(amount, ordering: .relaxed)
    }

    package func set(_ value: UInt64) {
        address.pointee.store(value, ordering: .relaxed)
    }
}

/// A file in memory alone, closed on exec (memfd_create(2), which the Glibc module does not import).
func makeMemoryFile(_ name: String) throws(PosixError) -> FileDescriptor {
    let closeOnExec: UInt32 = 1
    let create = unsafeBitCast(
        dlsym(nil, "memfd_create"), to: (@convention(c) (UnsafePointer<CChar>, UInt32) -> Int32).self)
    let number = create(name, closeOnExec)
    guard number >= 0 else { throw PosixError("memfd_create", name) }
    return FileDescriptor(owning: number)
}
