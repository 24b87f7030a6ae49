/// Clears up after attempts that never ended: it ends leases that ran out and removes bytes that such a lease or the
/// list of bytes to delete names, and no others. Bytes that no record knows are nobody's rubbish until a person says so.
package struct Janitor {
    /// Bytes to delete that are looked at in one sweep.
    private static let doomedMax = 1000
    /// Failures of one store after which it has its peace until the next sweep: one that is silent takes long for each,
    /// and leases of others end meanwhile.
    private static let failuresMax = 3

    private let registry: any ImageRegistry
    private let stores: StoreSet
    private let holder: String
    private let lockSeconds: Int

    /// `holder` names this janitor among those of other hosts; its lock on the registry lasts `lockSeconds`.
    package init(registry: any ImageRegistry, stores: StoreSet, holder: String, lockSeconds: Int) {
        self.registry = registry
        self.stores = stores
        self.holder = holder
        self.lockSeconds = lockSeconds
    }

    package struct Sweep: Equatable, Sendable {
        package var endedLeases: [ImageID] = []
        package var removed = 0
        /// What could not be removed and will be tried again.
        package var failures: [Failure] = []
    }

    /// One round; nil where there is nothing to do, or another janitor is at it.
    package func sweep() throws(Failure) -> Sweep? {
        guard try registry.hasWorkForJanitor() else { return nil }
        guard try registry.takeJanitorLock(holder: holder, seconds: lockSeconds) else { return nil }
        var sweep = Sweep()
        sweep.endedLeases = try registry.endLeases()
        var failures: [StoreName: Int] = [:]
        for bytes in try registry.doomedBytes(count: Self.doomedMax)
        where failures[bytes.store, default: 0] < Self.failuresMax {
            do throws(Failure) {
                try stores.holding(bytes.store).remove(bytes.location)
                try registry.forget(bytes)
                sweep.removed += 1
            } catch {
                failures[bytes.store, default: 0] += 1
                sweep.failures.append(error)
            }
        }
        return sweep
    }
}
