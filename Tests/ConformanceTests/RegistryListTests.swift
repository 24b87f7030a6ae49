import GlanceModel
import Testing

/// What a list holds.
@Suite(.scratchDirectory) struct RegistryListTests {
    /// A question, and the ids that answer it.
    struct Question: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let ids: [String]
        let query: ImageQuery

        init(_ title: String, _ ids: [String], _ ask: (inout ImageQuery) -> Void = { _ in }) {
            testDescription = title
            self.ids = ids
            var query = ImageQuery()
            ask(&query)
            self.query = query
        }
    }

    /// The images that are asked for.
    private func stock(_ registry: any ImageRegistry) throws {
        try registry.addAvailable(
            .made(id: "debian", name: "Debian", type: .machine, properties: ["arch": "x86"]), size: 10)
        try registry.addAvailable(
            .made(
                id: "kernel", name: "Linux", type: .kernel, store: StoreName("swift"),
                properties: ["arch": "arm", "os": "linux"]), size: 20)
        _ = try registry.reserve(
            .made(id: "queued", name: "Debian", type: .machine, properties: ["arch": "arm"]), lease: nil)
        _ = try registry.reserve(.made(id: "promised", name: "debian", size: 20), lease: nil)
        try registry.addAvailable(.made(id: "anns", name: "Debian", isPublic: false, owner: "ann"), size: 30)
        _ = try registry.reserve(.made(id: "bobs", name: "Bob's", isPublic: false, owner: "bob"), lease: nil)
        try registry.addAvailable(.made(id: "annspublic", name: "Ann's", type: .ramdisk, owner: "ann"), size: 0)
        _ = try registry.reserve(.made(id: "saving", name: "Debian"), lease: .fresh())
        let gone = try registry.addAvailable(.made(id: "gone", name: "Debian"))
        #expect(try registry.delete(gone, at: Timestamp(seconds: 2000)))
    }

    @Test(
        arguments: RegistryKind.allCases,
        [
            Question("public ones, as they were added", ["debian", "kernel", "queued", "promised", "annspublic"]),
            Question("the last first", ["annspublic", "promised", "queued", "kernel", "debian"]) {
                $0.isDescending = true
            },
            Question("a name, byte by byte", ["debian", "queued"]) { $0.name = ImageName("Debian")?.text },
            Question("a name that there is not", []) { $0.name = "Deb%" },
            Question("a type", ["debian", "queued"]) { $0.type = .machine },
            Question("queued", ["queued", "promised"]) { $0.status = .queued },
            Question("available", ["debian", "kernel", "annspublic"]) { $0.status = .available },
            Question("saving: none is listed", []) { $0.status = .saving },
            Question("deleted: none is listed", []) { $0.status = .deleted },
            Question("a store", ["kernel"]) { $0.store = StoreName("swift") },
            Question("at least so large", ["kernel", "promised"]) { $0.sizeMin = 20 },
            Question("at most so large", ["debian", "queued", "annspublic"]) { $0.sizeMax = 10 },
            Question("of one size", ["kernel", "promised"]) { ($0.sizeMin, $0.sizeMax) = (20, 20) },
            Question("between bounds that cross", []) { ($0.sizeMin, $0.sizeMax) = (21, 20) },
            Question("a property", ["kernel", "queued"]) { $0.properties = ["arch": "arm"] },
            Question("two properties", ["kernel"]) { $0.properties = ["arch": "arm", "os": "linux"] },
            Question("a property of another value", []) { $0.properties = ["arch": "linux"] },
            Question("everything at once", ["kernel"]) {
                ($0.name, $0.type, $0.status, $0.store) = ("Linux", .kernel, .available, StoreName("swift"))
                ($0.sizeMin, $0.sizeMax, $0.properties) = (1, 100, ["os": "linux"])
            },
        ])
    func `a list holds what was asked for`(kind: RegistryKind, question: Question) throws {
        let registry = try kind.open()
        try stock(registry)

        #expect(try registry.ids(question.query) == question.ids)
    }

    @Test(
        arguments: RegistryKind.allCases,
        [
            Question("public for all", ["debian", "kernel", "queued", "promised", "annspublic"]) {
                $0.privateOf = .nobody
            },
            Question("private for the operator", ["anns", "bobs"]) { $0.visibility = .privateOnly },
            Question("private for their owner", ["anns"]) {
                ($0.visibility, $0.privateOf) = (.privateOnly, .one("ann"))
            },
            Question("private for a stranger", []) { ($0.visibility, $0.privateOf) = (.privateOnly, .one("eve")) },
            Question("private for nobody", []) { ($0.visibility, $0.privateOf) = (.privateOnly, .nobody) },
            Question("all for the operator", ["debian", "kernel", "queued", "promised", "anns", "bobs", "annspublic"]) {
                $0.visibility = .all
            },
            Question("all for one", ["debian", "kernel", "queued", "promised", "bobs", "annspublic"]) {
                ($0.visibility, $0.privateOf) = (.all, .one("bob"))
            },
            Question("all for nobody", ["debian", "kernel", "queued", "promised", "annspublic"]) {
                ($0.visibility, $0.privateOf) = (.all, .nobody)
            },
            Question("all of one name for one", ["debian", "queued", "anns"]) {
                ($0.visibility, $0.privateOf, $0.name) = (.all, .one("ann"), "Debian")
            },
        ])
    func `a list holds what the caller may see`(kind: RegistryKind, question: Question) throws {
        let registry = try kind.open()
        try stock(registry)

        #expect(try registry.ids(question.query) == question.ids)
    }

    @Test(arguments: RegistryKind.allCases)
    func `a list shows images in full`(kind: RegistryKind) throws {
        let registry = try kind.open()
        try stock(registry)

        let page = try registry.page(ImageQuery(), after: nil, count: 100)

        #expect(try page.images == page.images.map { try registry.found($0.id).image })
        #expect(page.next == nil)
    }

    @Test(arguments: RegistryKind.allCases)
    func `a list follows what happens to its images`(kind: RegistryKind) throws {
        let registry = try kind.open()
        let image = try registry.addAvailable(.made(id: "a", properties: ["os": "linux"]))
        var query = ImageQuery()
        query.properties = ["os": "linux"]
        #expect(try registry.ids(query) == ["a"])

        var changed = image.renamed("x")
        changed.properties = ImageProperties()
        #expect(try registry.update(changed))

        #expect(try registry.ids(query) == [])
        #expect(try registry.ids(ImageQuery()) == ["a"])
        #expect(try registry.delete(changed, at: Timestamp(seconds: 2000)))
        #expect(try registry.ids(ImageQuery()) == [])
    }

    @Test(arguments: RegistryKind.allCases)
    func `no images are asked for and none come`(kind: RegistryKind) throws {
        let registry = try kind.open()
        try stock(registry)

        let page = try registry.page(ImageQuery(), after: nil, count: 0)

        #expect(page.images == [])
        #expect(page.next == nil)
    }

    /// Equal as texts, and not as bytes.
    private static let (composed, decomposed) = ("caf\u{E9}", "cafe\u{301}")

    @Test(arguments: RegistryKind.allCases)
    func `lists that ask for something else are not taken for each other`(kind: RegistryKind) throws {
        let registry = try kind.open()
        for id in ["a", "b", "c"] { _ = try registry.addAvailable(.made(id: id)) }
        _ = try registry.addAvailable(.made(id: "d", name: Self.composed, properties: ["os": Self.composed]))
        func ids(_ change: (inout ImageQuery) -> Void) throws -> [String] {
            var query = ImageQuery()
            change(&query)
            return try registry.ids(query)
        }

        for _ in 0..<2 {
            #expect(try ids { _ in } == ["a", "b", "c", "d"])
            #expect(try registry.page(ImageQuery(), after: nil, count: 2).images.map(\.id.text) == ["a", "b"])
            #expect(try ids { $0.name = Self.composed } == ["d"])
            #expect(try ids { $0.name = Self.decomposed } == [])
            #expect(try ids { $0.properties = ["os": Self.composed] } == ["d"])
            #expect(try ids { $0.properties = ["os": Self.decomposed] } == [])
        }
    }

    @Test(arguments: RegistryKind.allCases, [ImageQuery.Visibility.all, .privateOnly])
    func `a user whose name is written otherwise is another one`(
        kind: RegistryKind, visibility: ImageQuery.Visibility
    ) throws {
        let registry = try kind.open()
        _ = try registry.addAvailable(.made(id: "a", isPublic: false, owner: Self.composed))
        var query = ImageQuery()
        query.visibility = visibility

        for _ in 0..<2 {
            query.privateOf = .one(Self.composed)
            #expect(try registry.ids(query) == ["a"])
            query.privateOf = .one(Self.decomposed)
            #expect(try registry.ids(query) == [])
        }
    }
}
