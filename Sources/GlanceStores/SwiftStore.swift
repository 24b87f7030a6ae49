import Bytes
import Digest
import GlanceModel
import Glibc
import HTTP
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
    let account: SwiftAccount
    private let settings: Settings
    private let limits = LimitsCache()
    private let isOpen = Flag()

    private static let siteHeader = "X-Container-Meta-Glance-Site"

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
            guard found == site else {
                throw .storeForeign(
                    .swift,
                    reason: """
                        the container \(settings.container) belongs to site \(found), and the registry to site \(site): \
                        set swift_container, swift_credentials_file and registry to those that belong together
                        """)
            }
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
    private func ensureOpen() throws(Failure) {
        guard !isOpen.isSet else { return }
        let (site, holdsImages) = try settings.registered()
        try open(site: site, holdsImages: holdsImages)
    }

    package func check() throws(Failure) {
        try ensureOpen()
        // One that is missing is made when something comes.
        _ = try isThere(settings.container)
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
        return try SwiftDownload(account, SwiftLocation(location).path, range: range)
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

    /// Makes sure that a container is there, so that what is not in it is nowhere.
    private func confirm(_ container: String) throws(Failure) {
        if try isThere(container) { return }
        try makeContainers(for: settings.registered().site)
        guard try isThere(container) else { throw swiftFailure(404, "HEAD of the container \(container)") }
    }

    package func freeBytes() -> Int64? { nil }

    private func delete(_ path: String) throws(Failure) {
        let answer = try account.ask("DELETE", path)
        guard (200..<300).contains(answer.status) || answer.status == 404 else {
            throw swiftFailure(answer.status, "DELETE of \(path)")
        }
    }
}

// MARK: Containers

extension SwiftStore {
    /// Those that images go to.
    private var containers: [String] {
        settings.containers == 1
            ? [settings.container] : (0..<settings.containers).map { "\(settings.container)_\($0)" }
    }

    /// With those of segments, and the one that says whose they are, which has images where it is the only one.
    var allContainers: [String] {
        let named = settings.containers == 1 ? containers : [settings.container] + containers
        return named.flatMap { [$0, SwiftLocation.segmentContainer(of: $0)] }
    }

    /// Names are random: their bytes spread them evenly.
    private func container(of name: String) -> String {
        let sum = name.utf8.reduce(UInt64(0)) { $0 &* 31 &+ UInt64($1) }
        return containers[Int(sum % UInt64(settings.containers))]
    }

    /// What the container that is there for any number of containers says of its site.
    private enum Mark {
        case site(String)
        case none
        case missing
    }

    private func mark() throws(Failure) -> Mark {
        guard let headers = try head(settings.container) else { return .missing }
        return headers[Self.siteHeader].map(Mark.site) ?? .none
    }

    private func isThere(_ container: String) throws(Failure) -> Bool { try head(container) != nil }

    /// Nil where there is no such container.
    private func head(_ container: String) throws(Failure) -> Headers? {
        let answer = try account.ask("HEAD", "/\(percentEncoded(container))")
        switch answer.status {
        case 200..<300: return answer.headers
        case 404: return nil
        default: throw swiftFailure(answer.status, "HEAD of the container \(container)")
        }
    }

    /// Makes the containers that are missing, and says of all whose they are; what is in them stays.
    private func makeContainers(for site: String) throws(Failure) {
        for container in allContainers {
            let answer = try account.ask(
                "PUT", "/\(percentEncoded(container))", headers: Headers([Self.siteHeader: site]))
            guard [201, 202].contains(answer.status) else {
                throw swiftFailure(answer.status, "PUT of the container \(container)")
            }
        }
    }
}

// MARK: Objects

extension SwiftStore {
    /// Begins an object that nothing may be at yet. A container that somebody removed is made again.
    func beginObject(_ path: String, length: Int64) throws(Failure) -> HTTPUpload {
        let request = ClientRequest(
            "PUT", path,
            headers: Headers(["Content-Type": "application/octet-stream", "If-None-Match": "*"]))
        for isAgain in [false, true] {
            switch try account.upload(request, length: length) {
            case .wanted(let upload): return upload
            case .answered(let answer):
                guard answer.status == 404, !isAgain else { throw swiftFailure(answer.status, "PUT of \(path)") }
                try makeContainers(for: settings.registered().site)
            }
        }
        throw swiftFailure(404, "PUT of \(path)")
    }

    /// Makes a large object of its segments: the moment at which the image is there. Its tag is the MD5 of their MD5s, by
    /// which Swift says what it has put together. That may take long, so it is asked for signs of life meanwhile; then
    /// the answer's body says how it went. Where nobody knows what came of it, Swift is asked.
    func putManifest(_ manifest: [UInt8], at location: SwiftLocation, etag: String) throws(Failure) {
        try putWhole(manifest, at: location, query: "?multipart-manifest=put&heartbeat=on", etag: etag)
    }

    /// Stores an image of no bytes.
    func putEmpty(at location: SwiftLocation, etag: String) throws(Failure) {
        try putWhole([], at: location, query: "", etag: etag)
    }

    private func putWhole(
        _ body: [UInt8], at location: SwiftLocation, query: String, etag: String
    ) throws(Failure) {
        let answer: SwiftPut
        do throws(Failure) {
            answer = try putInContainer(body, location.path + query)
        } catch {
            guard try has(etag, at: location) else { throw error }
            return
        }
        switch answer.status {
        case 201 where answer.etag == etag: return
        // Sent again after an answer that was lost.
        case 412 where try has(etag, at: location): return
        case 201, 400:
            throw .storeBroken(.swift, reason: "\(location.path) is not what was sent: \(answer.text)")
        default: throw swiftFailure(answer.status, "PUT of \(location.path)")
        }
    }

    /// The container may be gone although that of the segments is there.
    private func putInContainer(_ body: [UInt8], _ target: String) throws(Failure) -> SwiftPut {
        let request = ClientRequest(
            "PUT", target,
            headers: Headers([
                "Content-Type": "application/octet-stream", "If-None-Match": "*", "Accept": "application/json",
            ]), body: body)
        let answer = try SwiftPut(account.send(request, secondsMax: nil))
        guard answer.status == 404 else { return answer }
        try makeContainers(for: settings.registered().site)
        return try SwiftPut(account.send(request, secondsMax: nil))
    }

    private func has(_ etag: String, at location: SwiftLocation) throws(Failure) -> Bool {
        let answer = try account.ask("HEAD", location.path)
        return answer.status == 200 && unquoted(answer.headers["etag"]) == etag
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
