import FoundationEssentials
import GlanceModel
import HTTP
import Keystone
import Testing

@testable import GlanceStores

/// What concerns the store swift alone, at a real OpenStack Swift.
@Suite(.enabled(if: SwiftUnderTest.shared != nil, "there is no OpenStack Swift here"))
struct SwiftStoreTests {
    private let swift: SwiftUnderTest

    init() throws {
        swift = try SwiftUnderTest.get()
    }

    @Test func `a store that nobody opened finds out by itself whose containers they are`() throws {
        let container = "test \(UUID().uuidString)"
        let ours = try swift.store { $0.container = container }
        let place = try ours.location(named: "a1b2c3", for: 5)
        try keep(pattern(5), in: ours, at: place)
        let theirs = try swift.store {
            $0.container = container
            $0.registered = { ("theirs", true) }
        }

        for use in [
            { try theirs.remove(place) }, { _ = try theirs.read(place, range: nil) }, { try theirs.check() },
            { try keep(pattern(5), in: theirs, at: theirs.location(named: "d4e5f6", for: 5)) },
        ] as [() throws -> Void] {
            let failure = #expect(throws: Failure.self, performing: use)
            #expect(failure.map { if case .storeForeign = $0 { true } else { false } } == true)
        }
        #expect(try read(ours, place) == pattern(5))
    }

    @Test func `bytes are not taken for deleted where the containers are missing`() throws {
        let store = try swift.store { $0.registered = { ("site", true) } }

        #expect(throws: Failure.self) { try store.remove(store.location(named: "a1b2c3", for: 5)) }
    }

    @Test func `images are spread over the containers, and each has its segments beside it`() throws {
        let store = try swift.store {
            $0.containers = 4
            $0.segmentBytes = 1000
        }
        let places = try (0..<16).map { try store.location(named: "name\($0)", for: 2500) }

        for place in places { try keep(pattern(2500), in: store, at: place) }

        #expect(Set(try places.map { try SwiftLocation($0).container }).count > 1)
        for place in places { #expect(try read(store, place) == pattern(2500)) }
        #expect(try SwiftUnderTest.contents(store).count == 16 * 4)
        for place in places { try store.remove(place) }
        #expect(try SwiftUnderTest.contents(store) == [])
    }

    @Test func `a container that was removed meanwhile is made again`() throws {
        let store = try swift.store { $0.segmentBytes = 1000 }
        try store.open(site: "site", holdsImages: false)
        for container in store.allContainers { _ = try store.account.ask("DELETE", "/\(percentEncoded(container))") }
        let place = try store.location(named: "a1b2c3", for: 2500)

        try keep(pattern(2500), in: store, at: place)

        #expect(try read(store, place) == pattern(2500))
        try store.open(site: "site", holdsImages: true)
    }

    @Test func `the number of containers can change, and images stay where they are`() throws {
        let container = "test \(UUID().uuidString)"
        let one = try swift.store { $0.container = container }
        let early = try one.location(named: "a1b2c3", for: 5)
        try keep(pattern(5), in: one, at: early)

        let many = try swift.store {
            $0.container = container
            $0.containers = 4
        }
        try many.open(site: "site", holdsImages: true)
        let late = try (0..<8).map { try many.location(named: "late\($0)", for: 5) }
        for place in late { try keep(pattern(5), in: many, at: place) }
        let again = try swift.store { $0.container = container }
        try again.open(site: "site", holdsImages: true)

        for place in late + [early] { #expect(try read(again, place) == pattern(5)) }
        for place in late + [early] { try again.remove(place) }
        #expect(try SwiftUnderTest.contents(many) == [])
    }

    @Test(.enabled(if: SwiftUnderTest.withKeystone != nil, "there is no Keystone here"))
    func `an application credential opens the account of its project`() throws {
        let container = "test \(UUID().uuidString)"
        let byPassword = try swift.store { $0.container = container }
        let place = try byPassword.location(named: "a1b2c3", for: 2500)
        try keep(pattern(2500), in: byPassword, at: place)
        let credential = try swift.applicationCredential()

        let store = try swift.store {
            $0.container = container
            $0.credentials = .keystone(credential, interface: "public", region: "RegionOne")
        }

        #expect(try read(store, place) == pattern(2500))
        try store.remove(place)
        #expect(try SwiftUnderTest.contents(store) == [])
    }

    @Test(.enabled(if: SwiftUnderTest.withKeystone != nil, "there is no Keystone here"))
    func `an application credential that nobody made is refused, and the words say so`() throws {
        let store = try swift.store {
            $0.credentials = .keystone(
                .applicationCredential(id: "none", secret: "none"), interface: "public", region: nil)
        }

        #expect(throws: Failure.storeAway(.swift, reason: KeystoneError.refused.description)) { try store.check() }
    }

    @Test func `an image of no bytes is there with its commit`() throws {
        let store = try swift.store()
        let place = try store.location(named: "a1b2c3", for: 0)
        let upload = try store.create(at: place, size: 0, createdAt: Timestamp(seconds: 1000))
        _ = try upload.finish()

        #expect(try SwiftUnderTest.contents(store) == [])
        try upload.commit()

        #expect(try SwiftUnderTest.contents(store).count == 1)
    }
}
