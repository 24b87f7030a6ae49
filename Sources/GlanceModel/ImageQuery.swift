/// Which images a list holds, and in what order.
package struct ImageQuery: Equatable, Sendable {
    package enum Visibility: Sendable {
        case publicOnly, privateOnly, all
    }

    package enum Owners: Equatable, Sendable {
        case everyone
        case one(String)
        case nobody
    }

    package enum SortKey: String, CaseIterable, Sendable {
        case id, name, type, size, status
        case createdAt = "created_at"
        case updatedAt = "updated_at"
    }

    package static let limitMax = 1000

    package var visibility = Visibility.publicOnly
    /// Whose private images count.
    package var privateOf = Owners.everyone
    package var name: String?
    package var type: ImageType?
    package var status: ImageStatus?
    package var store: StoreName?
    /// Inclusive bounds of the size in bytes; a queued image of unknown size counts as 0.
    package var sizeMin: Int64?
    package var sizeMax: Int64?
    /// Each key with the value it must have.
    package var properties: [String: String] = [:]
    /// Nil: the order in which images were added, which is also the last tie-break of every other order.
    package var sortKey: SortKey?
    package var isDescending = false

    package init() {}
}

/// A place in a list: right behind one image. Only the registry that made it looks inside.
package struct ListPosition: Equatable, Sendable {
    package enum SortValue: Equatable, Sendable {
        case none
        case text(String)
        case integer(Int64)
    }

    package let id: ImageID
    package let sortValue: SortValue
    package let sequence: Int64

    package init(id: ImageID, sortValue: SortValue, sequence: Int64) {
        self.id = id
        self.sortValue = sortValue
        self.sequence = sequence
    }
}

/// Some images of a list, in order, and where the next ones begin; nil after the last.
package struct ImagePage: Sendable {
    package let images: [Image]
    package let next: ListPosition?

    package init(images: [Image], next: ListPosition?) {
        self.images = images
        self.next = next
    }
}
