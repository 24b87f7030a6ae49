import Bytes
import Synchronization

/// Time and names, handed in by whoever assembles the service.
package struct Surroundings: Sendable {
    /// The time of day.
    package let now: @Sendable () -> Timestamp
    /// Seconds on a clock that nobody sets.
    package let uptime: @Sendable () -> Int64
    /// A text of letters and digits that never comes twice.
    package let newName: @Sendable () -> String

    package init(
        now: @escaping @Sendable () -> Timestamp, uptime: @escaping @Sendable () -> Int64,
        newName: @escaping @Sendable () -> String
    ) {
        self.now = now
        self.uptime = uptime
        self.newName = newName
    }
}

/// What a service allows its clients.
package struct ImageLimits: Sendable {
    /// Bytes of one image.
    package var imageBytesMax: Int64
    /// Seconds that an upload's reservation outlives its last sign of life.
    package var leaseSeconds: Int
    /// True: nothing may be added, changed or deleted.
    package var isReadOnly = false
    /// Images of one owner; nil: no bound.
    package var ownerImagesMax: Int64?
    /// Bytes of one owner's images; nil: no bound.
    package var ownerBytesMax: Int64?

    package init(imageBytesMax: Int64, leaseSeconds: Int) {
        self.imageBytesMax = imageBytesMax
        self.leaseSeconds = leaseSeconds
    }
}

/// How many transfers of image data may run through this process at a time, so that threads are left for metadata.
package final class TransferSlots: Sendable {
    private let max: Int
    private let taken = Mutex(0)
    private let onChange: @Sendable (Int) -> Void

    /// `onChange` is told how many are in use whenever that changes.
    package init(max: Int, onChange: @escaping @Sendable (Int) -> Void = { _ in }) {
        self.max = max
        self.onChange = onChange
    }

    /// One slot, given back when it is let go of. Throws `transfersTaken`.
    package func take() throws(Failure) -> TransferSlot {
        let isFree = taken.withLock { count in
            guard count < max else { return false }
            count += 1
            onChange(count)
            return true
        }
        guard isFree else { throw .transfersTaken }
        return TransferSlot(of: self)
    }

    fileprivate func giveBack() {
        taken.withLock { count in
            count -= 1
            onChange(count)
        }
    }
}

package final class TransferSlot: Sendable {
    private let slots: TransferSlots

    /// A thread is at a transfer for long, whether it waits for a client or works.
    fileprivate init(of slots: TransferSlots) {
        self.slots = slots
        PoolThread.current?.beginBlocking()
    }

    deinit {
        slots.giveBack()
        PoolThread.current?.endBlocking()
    }
}
