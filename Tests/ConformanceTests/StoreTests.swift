import Bytes
import GlanceModel
import Testing

/// What holds for every store.
@Suite(.scratchDirectory) struct StoreTests {
    @Test(arguments: StoreKind.allCases, [0, 1, 4096, 5_000_001])
    func `what was committed can be read, and is what was said of it`(kind: StoreKind, count: Int) throws {
        let store = try opened(kind)
        let location = try store.location(named: "a1b2c3", for: Int64(count))
        let bytes = pattern(count)

        let upload = try store.create(at: location, size: Int64(count), createdAt: Timestamp(seconds: 1000))
        try write(bytes, into: upload)
        let content = try upload.finish()
        try upload.commit()

        #expect(content == StoredContent(size: Int64(count), sha256: SHA256Digest(digest(of: bytes))!))
        #expect(try read(store, location) == bytes)
        #expect(try read(store, location) == bytes, "as often as anybody wants")
    }

    @Test(arguments: StoreKind.allCases)
    func `nothing is visible before it is committed`(kind: StoreKind) throws {
        let store = try opened(kind)
        let location = try store.location(named: "a1b2c3", for: 5)
        let upload = try store.create(at: location, size: 5, createdAt: Timestamp(seconds: 1000))

        #expect(throws: Failure.self) { try store.read(location, range: nil) }
        try write(pattern(5), into: upload)
        #expect(throws: Failure.self) { try store.read(location, range: nil) }
        _ = try upload.finish()
        #expect(throws: Failure.self) { try store.read(location, range: nil) }

        try upload.commit()
        #expect(try read(store, location) == pattern(5))
    }

    @Test(arguments: StoreKind.allCases, ["created", "written", "finished"])
    func `letting go of an upload leaves nothing that cannot be removed`(kind: StoreKind, reached: String) throws {
        let store = try opened(kind)
        let location = try store.location(named: "a1b2c3", for: 100_000)

        do {
            let upload = try store.create(at: location, size: 100_000, createdAt: Timestamp(seconds: 1000))
            if reached != "created" { try write(pattern(100_000), into: upload) }
            if reached == "finished" { _ = try upload.finish() }
            withExtendedLifetime(upload) {}
        }
        #expect(throws: Failure.self) { try store.read(location, range: nil) }
        try store.remove(location)

        #expect(try kind.contents(store) == [])
        #expect(throws: Failure.self) { try store.read(location, range: nil) }
    }

    @Test(arguments: StoreKind.allCases)
    func `letting go of an upload that was committed takes nothing back`(kind: StoreKind) throws {
        let store = try opened(kind)
        let location = try store.location(named: "a1b2c3", for: 5)

        try keep(pattern(5), in: store, at: location)

        #expect(try kind.contents(store).count == 1)
        #expect(try read(store, location) == pattern(5))
    }

    @Test(arguments: StoreKind.allCases)
    func `a location is never overwritten`(kind: StoreKind) throws {
        let store = try opened(kind)
        let location = try store.location(named: "a1b2c3", for: 3)
        try keep([1, 2, 3], in: store, at: location)

        #expect(throws: Failure.self) { try keep([4, 5, 6, 7], in: store, at: location) }

        #expect(try read(store, location) == [1, 2, 3])
        #expect(try kind.contents(store).count == 1)
    }

    @Test(arguments: StoreKind.allCases)
    func `two names have two locations, and none has a client's text`(kind: StoreKind) throws {
        let store = try opened(kind)
        let names = ["a1b2c3", "a1b2c4", "a1b2"]

        for name in names {
            try keep(Array(name.utf8), in: store, at: store.location(named: name, for: Int64(name.utf8.count)))
        }

        for name in names {
            #expect(try read(store, store.location(named: name, for: Int64(name.utf8.count))) == Array(name.utf8))
        }
        #expect(try store.location(named: "a1b2c3", for: 5) == store.location(named: "a1b2c3", for: 5))
    }

    @Test(
        arguments: StoreKind.allCases,
        [
            (0, 10, 0..<10), (0, 1, 0..<1), (299_999, 1, 299_999..<300_000), (100_000, 150_000, 100_000..<250_000),
            (0, 300_000, 0..<300_000), (299_990, 100, 299_990..<300_000),
        ])
    func `a range is those bytes and no others`(kind: StoreKind, range: (Int64, Int64, Range<Int>)) throws {
        let store = try opened(kind)
        let location = try store.location(named: "a1b2c3", for: 300_000)
        try keep(pattern(300_000), in: store, at: location)

        let bytes = try read(store, location, range: ByteRangeInStore(offset: range.0, count: range.1))

        // Compared apart: to show how two long arrays differ takes minutes.
        let isThatRange = bytes == Array(pattern(300_000)[range.2])
        #expect(isThatRange)
    }

    @Test(arguments: StoreKind.allCases)
    func `a reader keeps what it has begun to read`(kind: StoreKind) throws {
        let store = try opened(kind)
        let location = try store.location(named: "a1b2c3", for: 5000)
        try keep(pattern(5000), in: store, at: location)
        let source = try store.read(location, range: nil)

        try store.remove(location)

        let sink = MemorySink()
        _ = try pump(source, into: sink, through: Chunk(count: 1000))
        #expect(sink.bytes == pattern(5000))
    }

    @Test(arguments: StoreKind.allCases)
    func `removing is done however often it is asked for`(kind: StoreKind) throws {
        let store = try opened(kind)
        let location = try store.location(named: "a1b2c3", for: 1)
        let other = try store.location(named: "a1b2c4", for: 1)
        try keep([1], in: store, at: location)
        try keep([2], in: store, at: other)

        try store.remove(location)
        try store.remove(location)
        try store.remove(store.location(named: "neverthere", for: 500_000))

        #expect(throws: Failure.self) { try store.read(location, range: nil) }
        #expect(try read(store, other) == [2])
        #expect(try kind.contents(store).count == 1)
    }

    @Test(arguments: StoreKind.allCases)
    func `a store belongs to one site`(kind: StoreKind) throws {
        let store = try kind.make()
        try store.open(site: "ours", holdsImages: false)
        try store.open(site: "ours", holdsImages: false)

        let failure = #expect(throws: Failure.self) { try store.open(site: "theirs", holdsImages: false) }

        #expect(failure.map { if case .storeForeign(store.name, _) = $0 { true } else { false } } == true)
        try store.open(site: "ours", holdsImages: false)
    }

    @Test(arguments: StoreKind.allCases)
    func `a place without a mark is not the store that has images`(kind: StoreKind) throws {
        let store = try kind.make()

        let failure = #expect(throws: Failure.self) { try store.open(site: "ours", holdsImages: true) }

        let isRefusal =
            switch failure {
            case .storeForeign(store.name, _), .storeAway(store.name, _): true
            default: false
            }
        #expect(isRefusal)
        try store.open(site: "ours", holdsImages: false)
        try store.open(site: "ours", holdsImages: true)
    }

    @Test(arguments: StoreKind.allCases)
    func `what cannot fit is refused before it begins`(kind: StoreKind) throws {
        let store = try opened(kind)
        try store.checkRoom(for: 0)
        try store.checkRoom(for: 1000)

        let failure = #expect(throws: Failure.self) { try store.checkRoom(for: .max) }
        let isRefusal = if case .imageTooLarge = failure { true } else { failure == .noSpace }
        #expect(isRefusal)
        guard let free = try store.freeBytes() else { return }
        #expect(free > 1000)
        #expect(throws: Failure.noSpace) { try store.checkRoom(for: free * 2) }
    }

    @Test(arguments: StoreKind.allCases)
    func `many store at once and none disturbs another`(kind: StoreKind) throws {
        let store = try opened(kind)
        let uploads = try (0..<8).map { number in
            try store.create(
                at: store.location(named: "a1b2c\(number)", for: 1000), size: 1000, createdAt: Timestamp(seconds: 1000))
        }

        for round in 0..<10 {
            for (number, upload) in uploads.enumerated() {
                try write([UInt8](repeating: UInt8(number * 10 + round), count: 100), into: upload)
            }
        }
        for upload in uploads {
            _ = try upload.finish()
            try upload.commit()
        }

        for number in 0..<8 {
            let bytes = (0..<10).flatMap { [UInt8](repeating: UInt8(number * 10 + $0), count: 100) }
            #expect(try read(store, store.location(named: "a1b2c\(number)", for: 1000)) == bytes)
        }
    }

}

func opened(_ kind: StoreKind) throws -> any ImageStore {
    let store = try kind.make()
    try store.open(site: "site", holdsImages: false)
    return store
}

/// Bytes of which no two neighbouring thousands are alike.
func pattern(_ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 ^ $0 >> 8 &* 31) }
}

func write(_ bytes: [UInt8], into upload: any ImageUpload) throws {
    // Pieces of an odd size, as they come from a network.
    for start in stride(from: 0, to: bytes.count, by: 99_991) {
        try bytes[start..<min(start + 99_991, bytes.count)].withUnsafeBytes { piece throws in try upload.write(piece) }
    }
}

func keep(_ bytes: [UInt8], in store: any ImageStore, at location: Location) throws {
    let upload = try store.create(at: location, size: Int64(bytes.count), createdAt: Timestamp(seconds: 1000))
    try write(bytes, into: upload)
    _ = try upload.finish()
    try upload.commit()
}

func read(_ store: any ImageStore, _ location: Location, range: ByteRangeInStore? = nil) throws -> [UInt8] {
    let sink = MemorySink()
    _ = try pump(store.read(location, range: range), into: sink)
    return sink.bytes
}
