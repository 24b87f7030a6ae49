import GlanceModel
import Testing

/// In what order a list comes, and how it goes on.
@Suite(.scratchDirectory) struct RegistryOrderTests {
    private typealias SortKey = ImageQuery.SortKey

    /// The ids in the order of each key, upward and downward. Those in one word tie: as they were added, either way.
    private static let orders: [SortKey?: (up: [String], down: [String])] = [
        nil: (["m", "B", "a", "z", "10", "9"], ["9", "10", "z", "a", "B", "m"]),
        .id: (["10", "9", "B", "a", "m", "z"], ["z", "m", "a", "B", "9", "10"]),
        .name: (["B", "10", "m", "a", "z", "9"], ["9", "z", "m", "a", "B", "10"]),
        .type: (["B", "9", "a", "10", "m", "z"], ["m", "z", "10", "a", "B", "9"]),
        .size: (["a", "9", "m", "z", "B", "10"], ["B", "10", "m", "z", "a", "9"]),
        .status: (["m", "B", "z", "10", "a", "9"], ["a", "9", "m", "B", "z", "10"]),
        .createdAt: (["9", "a", "z", "m", "B", "10"], ["10", "m", "B", "a", "z", "9"]),
        .updatedAt: (["9", "a", "m", "B", "10", "z"], ["z", "10", "m", "B", "a", "9"]),
    ]

    private func stock(_ registry: any ImageRegistry, private hidden: Set<String> = []) throws {
        func made(_ id: String, _ name: String, _ type: ImageType, _ createdAt: Int64) throws -> NewImage {
            try .made(
                id: id, name: name, type: type, isPublic: !hidden.contains(id), properties: ["os": "linux"],
                createdAt: createdAt)
        }
        try registry.addAvailable(made("m", "disk", .raw, 300), size: 100)
        try registry.addAvailable(made("B", "Disk", .kernel, 300), size: 2000)
        _ = try registry.reserve(made("a", "disk", .machine, 200), lease: nil)
        let image = try registry.addAvailable(made("z", "kern", .raw, 200), size: 100)
        try registry.addAvailable(made("10", "Disk", .ramdisk, 400), size: 2000)
        _ = try registry.reserve(made("9", "ä", .kernel, 100), lease: nil)
        var changed = image.renamed("kern")
        changed.updatedAt = Timestamp(seconds: 500)
        #expect(try registry.update(changed))
    }

    private func query(_ key: SortKey?, down: Bool) -> ImageQuery {
        var query = ImageQuery()
        query.sortKey = key
        query.isDescending = down
        return query
    }

    @Test(arguments: RegistryKind.allCases, [nil] + SortKey.allCases)
    private func `each order goes both ways, and ties are as they were added`(kind: RegistryKind, key: SortKey?) throws
    {
        let registry = try kind.open()
        try stock(registry)
        let order = try #require(Self.orders[key])

        #expect(try registry.ids(query(key, down: false)) == order.up)
        #expect(try registry.ids(query(key, down: true)) == order.down)
    }

    @Test(arguments: RegistryKind.allCases, [nil] + SortKey.allCases)
    private func `what is public and what is not go in one order, also those with a property alone`(
        kind: RegistryKind, key: SortKey?
    ) throws {
        let registry = try kind.open()
        try stock(registry, private: ["B", "a", "10"])
        let order = try #require(Self.orders[key])

        for (isDescending, expected) in [(false, order.up), (true, order.down)] {
            for properties in [[:], ["os": "linux"]] {
                var query = query(key, down: isDescending)
                (query.visibility, query.properties) = (.all, properties)

                #expect(try registry.ids(query) == expected)
                #expect(try pages(of: registry, query, count: 2).joined().elementsEqual(expected))
                for (index, id) in expected.enumerated() {
                    #expect(try ids(registry, query, behind: id) == Array(expected[(index + 1)...]), "behind \(id)")
                }
            }
        }
    }

    @Test(arguments: RegistryKind.allCases, [nil] + SortKey.allCases)
    private func `pages of any size make the whole list`(kind: RegistryKind, key: SortKey?) throws {
        let registry = try kind.open()
        try stock(registry)

        for query in [query(key, down: false), query(key, down: true)] {
            let whole = try registry.ids(query)
            for count in 1...7 {
                let pages = try pages(of: registry, query, count: count)

                #expect(pages.joined().elementsEqual(whole))
                #expect(pages.dropLast().allSatisfy { $0.count == count })
                #expect(pages.count == (whole.count + count - 1) / count)
            }
        }
    }

    @Test(arguments: RegistryKind.allCases, [nil] + SortKey.allCases)
    private func `behind each image comes what follows it`(kind: RegistryKind, key: SortKey?) throws {
        let registry = try kind.open()
        try stock(registry)

        for query in [query(key, down: false), query(key, down: true)] {
            let whole = try registry.ids(query)
            for (index, id) in whole.enumerated() {
                #expect(try ids(registry, query, behind: id) == Array(whole[(index + 1)...]), "behind \(id)")
            }
        }
    }

    @Test(arguments: RegistryKind.allCases, [nil] + SortKey.allCases)
    private func `a list goes on behind an image that was deleted since`(kind: RegistryKind, key: SortKey?) throws {
        let registry = try kind.open()
        try stock(registry)
        #expect(try registry.delete(try registry.found(ImageID("z")!).image, at: Timestamp(seconds: 600)))

        for (query, order) in try [
            (query(key, down: false), #require(Self.orders[key]).up),
            (query(key, down: true), #require(Self.orders[key]).down),
        ] {
            let rest = order[(order.firstIndex(of: "z")! + 1)...]

            let found = try ids(registry, query, behind: "z")
            #expect(found == Array(rest))
        }
    }

    @Test(arguments: RegistryKind.allCases)
    private func `what changes between two pages neither repeats nor hides the others`(kind: RegistryKind) throws {
        let registry = try kind.open()
        try stock(registry)
        let query = query(.name, down: false)
        let first = try registry.page(query, after: nil, count: 3)
        #expect(first.images.map(\.id.text) == ["B", "10", "m"])

        #expect(try registry.delete(first.images[2], at: Timestamp(seconds: 600)))
        #expect(try registry.delete(try registry.found(ImageID("z")!).image, at: Timestamp(seconds: 600)))
        try registry.addAvailable(.made(id: "late", name: "disk"))
        try registry.addAvailable(.made(id: "early", name: "A"))
        let second = try registry.page(query, after: first.next, count: 10)

        #expect(second.images.map(\.id.text) == ["a", "late", "9"])
    }

    private func pages(of registry: any ImageRegistry, _ query: ImageQuery, count: Int) throws -> [[String]] {
        var pages: [[String]] = []
        var place: ListPosition?
        repeat {
            let page = try registry.page(query, after: place, count: count)
            pages.append(page.images.map(\.id.text))
            place = page.next
        } while place != nil && pages.count < 10
        return pages
    }

    private func ids(_ registry: any ImageRegistry, _ query: ImageQuery, behind id: String) throws -> [String] {
        let place = try registry.position(of: registry.found(ImageID(id)!), in: query)
        return try registry.page(query, after: place, count: 100).images.map(\.id.text)
    }
}
