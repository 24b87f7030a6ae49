import GlanceClient
import GlanceModel
import HTTP

extension RemoteRegistry {
    package func page(
        _ query: ImageQuery, after position: ListPosition?, count: Int
    ) throws(Failure) -> ImagePage {
        guard count > 0 else { return ImagePage(images: [], next: nil) }
        if query.status == .saving || query.status == .deleted
            || (query.visibility, query.privateOf) == (.privateOnly, .nobody)
            || query.properties.keys.contains(where: { $0.hasPrefix(ReservedProperty.prefix) })
        {
            return ImagePage(images: [], next: nil)
        }
        guard try service.countsVersions else { return try localPage(query, after: position, count: count) }
        var images: [Image] = []
        var parts = parts(of: query, after: position)
        while let part = parts.first, images.count <= count {
            parts.removeFirst()
            images += try self.images(part, count: min(count, .max - 1) + 1 - images.count)
        }
        let page = Array(images.prefix(count))
        return ImagePage(images: page, next: images.count > count ? page.last.map { place(behind: $0, query) } : nil)
    }

    package func position(of marker: ImageRecord, in query: ImageQuery) throws(Failure) -> ListPosition {
        place(behind: marker.image, query)
    }

    private func place(behind image: Image, _ query: ImageQuery) -> ListPosition {
        let status = image.status == .queued ? image.status : .available
        return ListPosition(
            id: image.id, sortValue: query.sortKey == .status ? .text(status.rawValue) : .none, sequence: 0)
    }

    /// What is asked of the other service, one list after the other.
    private struct Part {
        var filter: ImageFilter
        /// Whose private images count, where the other service cannot tell.
        var owner: String?

        /// The whole list, which two parts share only where they ask for the same one. Without characters beyond ASCII:
        /// such texts may be equal whose bytes differ.
        var list: String {
            "\(filter.query(count: 0, marker: nil))\(owner.map { " \(percentEncoded($0))" } ?? "")"
        }
    }

    /// One list, or one a status where they are sorted by it: the other service knows one status alone.
    private func parts(of query: ImageQuery, after position: ListPosition?) -> [Part] {
        guard query.sortKey == .status else { return [part(query, query.status, after: position)] }
        let order: [ImageStatus] = query.isDescending ? [.queued, .available] : [.available, .queued]
        let wanted = order.filter { query.status == nil || query.status == $0 }
        guard let position, case .text(let text) = position.sortValue, let status = ImageStatus(rawValue: text) else {
            return wanted.map { part(query, $0, after: nil) }
        }
        return wanted.drop { $0 != status }.map { part(query, $0, after: $0 == status ? position : nil) }
    }

    private func part(_ query: ImageQuery, _ status: ImageStatus?, after position: ListPosition?) -> Part {
        var filter = ImageFilter()
        filter.name = query.name
        filter.kind = query.type.flatMap { ImageMetadata.Kind(rawValue: $0.rawValue) }
        filter.store = query.store?.text
        (filter.sizeMin, filter.sizeMax) = (query.sizeMin, query.sizeMax)
        filter.properties = query.properties
        filter.properties[RemoteRecord.listedKey] = "yes"
        if let status { filter.properties[RemoteRecord.statusKey] = status.rawValue }
        filter.sortKey =
            query.sortKey == .status ? nil : query.sortKey.flatMap { ImageFilter.SortKey(rawValue: $0.rawValue) }
        // Ties go by the order of adding either way; so does a list by status, within each.
        filter.isDescending = query.sortKey == .status ? false : query.isDescending
        filter.after = position?.id.text
        var owner: String?
        switch (query.visibility, query.privateOf) {
        case (.publicOnly, _), (.all, .nobody), (.privateOnly, .nobody): filter.visibility = .publicOnly
        case (.privateOnly, .everyone): filter.visibility = .privateOnly
        case (.all, .everyone): filter.visibility = .all
        case (.privateOnly, .one(let name)):
            filter.visibility = .privateOnly
            filter.properties[RemoteRecord.ownerKey] = name
        case (.all, .one(let name)):
            filter.visibility = .all
            owner = name
        }
        return Part(filter: filter, owner: owner)
    }

    private func images(_ part: Part, count: Int) throws(Failure) -> [Image] {
        let service = try service
        let marker = part.filter.after
        return try answers.images(part.list, behind: marker, count: count, state: service.state) {
            () throws(Failure) in
            try read(part, count: count, of: service)
        }
    }

    private func read(
        _ part: Part, count: Int, of service: RemoteService
    ) throws(Failure) -> (images: [Image], state: String?) {
        var images: [Image] = []
        var filter = part.filter
        // Where this side leaves some out nobody knows how many have to be asked for.
        if part.owner == nil { filter.limit = count }
        let listing = service.client.imagesDetailed(filter)
        do throws(GlanceError) {
            while images.count < count, let found = try listing.next() {
                guard let record = RemoteRecord(found) else { continue }
                guard record.image.isPublic || part.owner.map({ sameBytes($0, record.image.owner) }) != false else {
                    continue
                }
                images.append(record.image)
            }
        } catch {
            throw service.failure(error)
        }
        return (images, listing.state)
    }

    // MARK: Where the other service has neither filters nor orders

    private func localPage(_ query: ImageQuery, after position: ListPosition?, count: Int) throws(Failure) -> ImagePage
    {
        let all = try service.everything().filter { $0.isListed || $0.image.id == position?.id }.map(\.image)
        let ordered = query.ordered(all)
        let start = position.flatMap { place in ordered.firstIndex { $0.id == place.id } }.map { $0 + 1 } ?? 0
        let rest = ordered[start...].filter(query.holds)
        let page = Array(rest.prefix(count))
        return ImagePage(images: page, next: rest.count > count ? page.last.map { place(behind: $0, query) } : nil)
    }
}

extension ImageQuery {
    /// Whether a list of this query has the image.
    func holds(_ image: Image) -> Bool {
        guard image.status == .queued || image.status == .available, status == nil || status == image.status,
            name.map({ sameBytes($0, image.name.text) }) != false, type == nil || type == image.type,
            store == nil || store == image.store, sizeMin.map({ $0 <= image.size ?? 0 }) != false,
            sizeMax.map({ $0 >= image.size ?? 0 }) != false,
            properties.allSatisfy({ key, value in image.properties[key].map { sameBytes($0, value) } == true })
        else { return false }
        let isTheirs =
            switch privateOf {
            case .everyone: true
            case .one(let owner): sameBytes(image.owner, owner)
            case .nobody: false
            }
        return switch visibility {
        case .publicOnly: image.isPublic
        case .privateOnly: !image.isPublic && isTheirs
        case .all: image.isPublic || isTheirs
        }
    }

    /// The images in this query's order; they come in the order of adding, which is the last tie-break.
    func ordered(_ images: [Image]) -> [Image] {
        guard let sortKey else { return isDescending ? images.reversed() : images }
        let pairs = images.enumerated().map {
            (place: $0.offset, key: Self.value(sortKey, of: $0.element), image: $0.element)
        }
        return pairs.sorted { one, other in
            if one.key == other.key { return one.place < other.place }
            return isDescending ? other.key < one.key : one.key < other.key
        }.map(\.image)
    }

    private enum SortValue: Comparable {
        case number(Int64)
        case bytes([UInt8])

        static func < (one: SortValue, other: SortValue) -> Bool {
            switch (one, other) {
            case (.number(let one), .number(let other)): one < other
            case (.bytes(let one), .bytes(let other)): one.lexicographicallyPrecedes(other)
            case (.number, .bytes): true
            case (.bytes, .number): false
            }
        }
    }

    private static func value(_ key: SortKey, of image: Image) -> SortValue {
        switch key {
        case .id: .bytes(Array(image.id.text.utf8))
        case .name: .bytes(Array(image.name.text.utf8))
        case .type: .bytes(Array(image.type.rawValue.utf8))
        // One that is deleted is there for what follows it: it was available.
        case .status: .bytes(Array((image.status == .queued ? ImageStatus.queued : .available).rawValue.utf8))
        case .size: .number(image.size ?? 0)
        case .createdAt: .number(image.createdAt.seconds)
        case .updatedAt: .number(image.updatedAt.seconds)
        }
    }
}
