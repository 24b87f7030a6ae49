import Bytes
import Digest
import GlanceModel
import Glibc
import HTTPClient
import Synchronization

/// Images as objects in an OpenStack Swift, whose bytes stream through this process in both directions.
package struct SwiftStore: ImageStore {
    package struct Settings: Sendable {
        /// Where tokens come from: `http://swift.example.com/auth/v1.0`, or a Keystone's URL with `/v3`.
        package var authentication: ServerURL
        package var credentials: SwiftCredentials
        package var container = "glance"
        /// More than one: images are spread over as many, named `container_0`, `container_1`, …
        package var containers = 1
        /// Bytes of one object; a larger image is stored as several.
        package var segmentBytes: Int64 = 1 << 30
        package var client = HTTPClient.Settings()
        /// The site that the containers belong to, and whether images are in them.
        package var registered: @Sendable () throws(Failure) -> (site: String, holdsImages: Bool)

        package init(
            authentication: ServerURL, credentials: SwiftCredentials,
            registered: @escaping @Sendable () throws(Failure) -> (site: String, holdsImages: Bool)
        ) {
            self.authentication = authentication
            self.credentials = credentials
            self.registered = registered
        }
    }

    package let name = StoreName.swift
    package let isRemote = true
    private(set) var account: SwiftAccount
    let settings: Settings
    private let limits = LimitsCache()
    private let isOpen = Flag()

    static let siteHeader = "X-Container-Meta-Glance-Site"

    /// Throws where the host lacks a library.
    package init(
        _ settings: Settings, now: @escaping @Sendable () -> Timestamp, uptime: @escaping @Sendable () -> Int64
    ) throws(Failure) {
        do { try StreamDigest.load() } catch { throw .storeAway(.swift, reason: error.description) }
        let client = HTTPClient(settings.client)
        if settings.authentication.isSecure { try catchingSwift { () throws(HTTPClientError) in try client.loadTLS() } }
        let authentication = SwiftAuthentication(
            server: settings.authentication, credentials: settings.credentials, client: client, now: now, uptime: uptime
        )
        self.settings = settings
        account = SwiftAccount(
            client: client,
            tokens: SwiftTokens(uptime: uptime, pause: { sleep(UInt32($0)) }) { () throws(Failure) in
                try authentication.token()
            })
    }

    package func open(site: String, holdsImages: Bool) throws(Failure) {
        switch try mark() {
        case .site(let found):
            guard found == site else { throw foreign(found, site) }
        case .missing where holdsImages:
            // Or its cluster is only half there: then it is what it should be a moment later.
            throw .storeAway(.swift, reason: "the container \(settings.container) is missing\(Self.advice(site))")
        case .none where holdsImages:
            throw .storeForeign(
                .swift, reason: "the container \(settings.container) belongs to no site\(Self.advice(site))")
        case .missing, .none:
            try makeContainers(for: site)
        }
        isOpen.set()
    }

    private static func advice(_ site: String) -> String {
        """
        , and the registry knows of images in it: are swift_container and the account right? (It has to have \
        \(siteHeader): \(site).)
        """
    }

    /// Swift may have been away when this process began: nothing is asked of containers before it is known whose they are.
    func ensureOpen() throws(Failure) {
        guard !isOpen.isSet else { return }
        let (site, holdsImages) = try settings.registered()
        try open(site: site, holdsImages: holdsImages)
    }

    package func check() throws(Failure) {
        var store = self
        store.account.patience = .ofCheck
        try store.ensureOpen()
        // One that is missing is made when something comes.
        _ = try store.isThere(settings.container)
    }

    package func location(named name: String, for size: Int64) throws(Failure) -> Location {
        let segments = try limits.value(account.limits).segments(for: size, segmentBytes: settings.segmentBytes)
        return SwiftLocation(container: container(of: name), name: name, segments: segments).location
    }

    package func checkRoom(for size: Int64) throws(Failure) {
        _ = try limits.value(account.limits).segments(for: size, segmentBytes: settings.segmentBytes)
    }

    package func create(at location: Location, size: Int64, createdAt: Timestamp) throws(Failure) -> any ImageUpload {
        try ensureOpen()
        return try SwiftUpload(self, at: SwiftLocation(location), size: size)
    }

    package func read(_ location: Location, range: ByteRangeInStore?) throws(Failure) -> any ByteSource {
        try ensureOpen()
        return try SwiftDownload(account, SwiftLocation(location), range: range)
    }

    package func gatewayPath(of location: Location) -> String? { nil }

    package func remove(_ location: Location) throws(Failure) {
        let place = try SwiftLocation(location)
        try ensureOpen()
        // Swift says 404 of an object too where it cannot find out about its container.
        try confirm(place.container)
        try delete(place.path)
        guard place.segments > 0 else { return }
        try confirm(place.segmentContainer)
        for number in 0..<place.segments { try delete(place.segmentPath(number)) }
        // Swift may have been at it still, when it was asked to make a large object of them.
        try delete(place.path)
    }

    package func freeBytes() -> Int64? { nil }

    private func delete(_ path: String) throws(Failure) {
        let answer = try account.ask("DELETE", path)
        guard (200..<300).contains(answer.status) || answer.status == 404 else {
            throw swiftFailure(answer.status, "DELETE of \(path)")
        }
    }
}

/// What Swift allows, asked for once by each process.
private final class LimitsCache: Sendable {
    private let state = Mutex<SwiftLimits?>(nil)

    func value(_ ask: () throws(Failure) -> SwiftLimits) throws(Failure) -> SwiftLimits {
        if let known = state.withLock({ $0 }) { return known }
        let limits = try ask()
        state.withLock { $0 = limits }
        return limits
    }
}

/// Set once, and then for good.
private final class Flag: Sendable {
    private let value = Atomic<Bool>(false)

    var isSet: Bool { value.load(ordering: .acquiring) }

    func set() { value.store(true, ordering: .releasing) }
}
