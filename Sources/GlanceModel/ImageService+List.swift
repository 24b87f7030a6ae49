extension ImageService {
    /// Images that `query` names, behind the image `marker`, at most `limit` of them. The first page is read at once, so
    /// that whatever fails fails before an answer has begun; the others when they are asked for.
    package func list(
        _ query: ImageQuery, after marker: String?, limit: Int?, for identity: Identity
    ) throws(Failure) -> ImageList {
        var query = query
        query.privateOf = identity.listsPrivateOf
        let position = try marker.map { text throws(Failure) in try place(of: text, in: query, for: identity) }
        return try ImageList(query, after: position, limit: limit, registry: registry)
    }

    private func place(of marker: String, in query: ImageQuery, for identity: Identity) throws(Failure) -> ListPosition
    {
        guard let id = ImageID(marker), let record = try registry.record(id), record.image.status != .saving,
            identity.maySee(record.image)
        else { throw .unknownMarker(marker) }
        return try registry.position(of: record, in: query)
    }
}

/// A list that is read a page at a time: nothing is held open in the registry between two pages.
package final class ImageList {
    /// Images a page: enough that reading costs less than writing them out, and few enough to be little memory.
    package static let pageImagesMax = 250

    private let query: ImageQuery
    private let registry: any ImageRegistry
    private var rest: Int
    /// The page that `nextPage` will hand out, when it is here already, and the place behind it or the one before.
    private var page: ImagePage?
    private var next: ListPosition?

    init(_ query: ImageQuery, after position: ListPosition?, limit: Int?, registry: any ImageRegistry) throws(Failure) {
        self.query = query
        self.registry = registry
        rest = limit ?? .max
        page = try load(after: position)
    }

    /// True where the whole list is in memory: `nextPage` will read nothing more.
    package var isLoaded: Bool { page?.next == nil || rest == 0 }

    /// The next images; nil after the last ones.
    package func nextPage() throws(Failure) -> [Image]? {
        if page == nil, let next { page = try load(after: next) }
        defer { page = nil }
        next = page?.next
        return page?.images
    }

    private func load(after position: ListPosition?) throws(Failure) -> ImagePage? {
        guard rest > 0 else { return nil }
        let page = try registry.page(query, after: position, count: min(Self.pageImagesMax, rest))
        rest -= page.images.count
        return page
    }
}
