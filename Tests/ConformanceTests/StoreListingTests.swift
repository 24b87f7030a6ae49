import Bytes
import GlanceModel
import Glibc
import Testing

/// What holds for the contents of every store, as whoever compares them with records sees them.
@Suite(.scratchDirectory) struct StoreListingTests {
    @Test(arguments: StoreKind.allCases)
    func `a store lists what was committed, in order, with its size`(kind: StoreKind) throws {
        let store = try opened(kind)
        var sizes: [String: Int64] = [:]
        for (number, count) in [0, 3, 150_000, 250_001, 9].enumerated() {
            let name = String(repeating: "\(7 * (number + 1) % 5)a", count: 16)
            let location = try store.location(named: name, for: Int64(count))
            try keep(pattern(count), in: store, at: location)
            sizes[store.key(of: location)] = Int64(count)
        }

        let found = try all(store)

        #expect(found.map(\.key) == found.map(\.key).sorted())
        #expect(Dictionary(uniqueKeysWithValues: found.map { ($0.key, $0.size) }) == sizes)
        for object in found { #expect(store.key(of: object.location) == object.key) }
    }

    @Test(arguments: StoreKind.allCases)
    func `an empty store lists nothing, and finds nothing`(kind: StoreKind) throws {
        let store = try opened(kind)

        #expect(try all(store) == [])
        #expect(try store.find(store.location(named: "a1b2c3", for: 5)) == nil)
    }

    @Test(arguments: StoreKind.allCases)
    func `what is found is what is listed`(kind: StoreKind) throws {
        let store = try opened(kind)
        for name in ["a1b2c3", "a1b2c4"] {
            try keep(pattern(250_000), in: store, at: store.location(named: name, for: 250_000))
        }

        let listed = try all(store)

        #expect(listed.count == 2)
        for object in listed { #expect(try store.find(object.location) == object) }
    }

    @Test(arguments: StoreKind.allCases)
    func `a listed object is removed by the location that it was listed with`(kind: StoreKind) throws {
        let store = try opened(kind)
        try keep(pattern(250_000), in: store, at: store.location(named: "a1b2c3", for: 250_000))

        try store.remove(try #require(try all(store).first).location)

        #expect(try kind.contents(store) == [])
    }

    @Test(arguments: [StoreKind.fileWithNames] + (StoreKind.allCases.contains(.swift) ? [.swiftInSegments] : []))
    func `what an upload has left unfinished is listed without a size`(kind: StoreKind) throws {
        let store = try opened(kind)
        let location = try store.location(named: "a1b2c3", for: 250_000)
        let upload = try store.create(at: location, size: 250_000, createdAt: Timestamp(seconds: 1000))
        try write(pattern(250_000), into: upload)
        _ = try upload.finish()

        let found = try all(store)

        #expect(found.map(\.size) == [nil])
        #expect(found.map(\.key) == [store.key(of: location)])
        withExtendedLifetime(upload) {}
    }

    @Test func `a directory that is not the store's has no say in what is missing`() throws {
        let store = try opened(.file)
        try keep(pattern(5), in: store, at: store.location(named: "a1b2c3", for: 5))
        let directory = StoreKind.fileSettings().directory
        try #require(rename(directory, "\(directory).away") == 0)
        try #require(mkdir(directory, 0o750) == 0)

        #expect(throws: Failure.self) { try store.find(store.location(named: "a1b2c3", for: 5)) }
    }

    @Test func `what lies about in a file store under other names is not listed`() throws {
        let store = try opened(.file)
        let location = try store.location(named: "a1b2c3", for: 5)
        try keep(pattern(5), in: store, at: location)
        try [1, 2, 3].write(to: "\(StoreKind.fileSettings().directory)/notes.txt")

        #expect(try all(store).map(\.key) == [location.text])
    }

    private func all(_ store: any ImageStore) throws -> [StoredObject] {
        let objects = try store.objects()
        var all: [StoredObject] = []
        while let object = try objects.next() { all.append(object) }
        return all
    }
}
