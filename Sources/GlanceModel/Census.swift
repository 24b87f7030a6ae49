/// How much a registry has of everything, for whoever watches it.
package struct Census: Equatable, Sendable {
    /// Records of one store and status; those that there are none of are left out.
    package struct Count: Equatable, Sendable {
        package let store: StoreName
        package let status: ImageStatus
        package let images: Int64
        package let bytes: Int64

        package init(store: StoreName, status: ImageStatus, images: Int64, bytes: Int64) {
            self.store = store
            self.status = status
            self.images = images
            self.bytes = bytes
        }
    }

    package var images: [Count]
    /// Leases that have run out and were not ended yet.
    package var leasesOver: Int64
    /// Entries of the list of bytes to delete.
    package var bytesToDelete: Int64
    /// Available images that are marked as damaged.
    package var damaged: Int64

    package init(images: [Count], leasesOver: Int64, bytesToDelete: Int64, damaged: Int64) {
        self.images = images
        self.leasesOver = leasesOver
        self.bytesToDelete = bytesToDelete
        self.damaged = damaged
    }
}
