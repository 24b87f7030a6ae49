import GlanceModel
import HTTP
import Workers

/// Numbers of all processes together, in the memory that they share. Each process has counters of its own there and one
/// place for each, so that to count is an addition and nothing else; what Prometheus reads is their sums
/// (`Metrics+Text`).
struct Metrics: Sendable {
    let page: SharedPage
    private let region: Int
    let places = MetricPlaces()

    /// For the worker of that number, or `SharedPage.housekeeping`.
    init(page: SharedPage, worker: Int) {
        self.page = page
        region = worker
    }

    func count(_ served: ServedRequest) {
        let route = RouteLabel(served.request)
        add(places.requests.place(route.rawValue, Self.statusIndex(served.status.code)))
        observe(served.nanoseconds / 1000, in: places.requestMicroseconds[route.rawValue])
        if served.error != nil { add(places.broken) }
        if let length = served.request?.bodyLength { observe(UInt64(clamping: length), in: places.bytesIn) }
        if route == .imageGet, served.status.code < 300 {
            let isByGateway = served.gatewayBytes > 0
            observe(
                UInt64(clamping: isByGateway ? served.gatewayBytes : served.bytesOut),
                in: isByGateway ? places.gatewayBytesOut : places.bytesOut)
        }
    }

    func setTransfers(_ count: Int) {
        page.counter(places.transfers, worker: region).set(UInt64(count))
    }

    /// What the registry or a store did, and how long it took.
    func count(_ deed: Deed, nanoseconds: UInt64, failed: Bool) {
        observe(nanoseconds / 1000, in: places.deedMicroseconds[deed.index])
        if failed { add(places.deedFailures + deed.index) }
    }

    func add(_ event: Event, _ amount: UInt64 = 1) {
        page.counter(places.events + event.rawValue, worker: region).add(amount)
    }

    /// A gauge that belongs to the service and not to a process: the last one who sets it is right.
    func set(_ state: State, _ value: UInt64) {
        page.counter(places.states + state.rawValue, worker: SharedPage.housekeeping).set(value)
    }

    /// What is in the registry, as `Census` says.
    func set(_ census: Census) {
        for (store, name) in StoreName.known.enumerated() {
            for (index, status) in ImageStatus.allCases.enumerated() {
                let count = census.images.first { $0.store == name && $0.status == status }
                set(places.images, store, index, count?.images ?? 0)
                set(places.imageBytes, store, index, count?.bytes ?? 0)
            }
        }
        set(.leasesOver, UInt64(clamping: census.leasesOver))
        set(.bytesToDelete, UInt64(clamping: census.bytesToDelete))
        set(.imagesDamaged, UInt64(clamping: census.damaged))
    }

    private func set(_ table: MetricTable, _ row: Int, _ column: Int, _ value: Int64) {
        page.counter(table.place(row, column), worker: SharedPage.housekeeping).set(UInt64(clamping: value))
    }

    private func add(_ place: Int) {
        page.counter(place, worker: region).add()
    }

    private func observe(_ value: UInt64, in histogram: MetricHistogram) {
        add(histogram.first + histogram.bucket(of: value))
        page.counter(histogram.sum, worker: region).add(value)
    }

    private static func statusIndex(_ code: Int) -> Int {
        MetricPlaces.statuses.firstIndex(of: code) ?? MetricPlaces.statuses.count - 1
    }

    /// What happens now and then.
    enum Event: Int, CaseIterable {
        case workerRestarts, janitorRestarts, leasesEnded, imagesRemoved, removalFailures
        case scrubbedImages, scrubbedBytes, scrubFailures
    }

    /// How things are.
    enum State: Int, CaseIterable {
        case leasesOver, bytesToDelete, imagesDamaged, censusTime, startTime, workers
    }

    /// What is asked of the registry and of each store.
    struct Deed {
        let index: Int

        enum OfRegistry: Int, CaseIterable { case read, write }
        enum OfStore: Int, CaseIterable { case open, create, commit, read, remove }

        static func registry(_ deed: OfRegistry) -> Deed { Deed(index: deed.rawValue) }

        /// Nil for a store that nobody knows.
        static func store(_ name: StoreName, _ deed: OfStore) -> Deed? {
            StoreName.known.firstIndex(of: name).map {
                Deed(index: OfRegistry.allCases.count + $0 * OfStore.allCases.count + deed.rawValue)
            }
        }

        static let count = OfRegistry.allCases.count + StoreName.known.count * OfStore.allCases.count
    }
}

/// What a request was for, as few words as a graph can bear.
enum RouteLabel: Int, CaseIterable {
    case list, imageHead, imageGet, imagePost, imagePut, imageDelete, health, metrics, other

    init(_ request: Request?) {
        guard let request, let segments = request.target.segments else {
            self = .other
            return
        }
        if request.listener == .health {
            self = segments.first == "metrics" ? .metrics : .health
        } else if segments.isEmpty || segments[0] == "images" && (segments.count == 1 || segments[1] == "detail") {
            self = request.method == .post ? .imagePost : .list
        } else if segments[0] == "images", segments.count == 2 {
            self = RouteLabel(request.method)
        } else {
            self = .other
        }
    }

    private init(_ method: Request.Method) {
        self =
            switch method {
            case .head: .imageHead
            case .get: .imageGet
            case .post: .imagePost
            case .put: .imagePut
            case .delete: .imageDelete
            case .other: .other
            }
    }

    var text: String {
        switch self {
        case .list: "list"
        case .imageHead: "head"
        case .imageGet: "get"
        case .imagePost: "post"
        case .imagePut: "put"
        case .imageDelete: "delete"
        case .health: "health"
        case .metrics: "metrics"
        case .other: "other"
        }
    }
}
