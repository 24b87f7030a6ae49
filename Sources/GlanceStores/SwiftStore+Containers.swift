import GlanceModel
import HTTP

extension SwiftStore {
    /// Those that images go to.
    var containers: [String] {
        settings.containers == 1
            ? [settings.container] : (0..<settings.containers).map { "\(settings.container)_\($0)" }
    }

    /// With those of segments, and the one that says whose they are, which has images where it is the only one.
    var allContainers: [String] {
        let named = settings.containers == 1 ? containers : [settings.container] + containers
        return named.flatMap { [$0, SwiftLocation.segmentContainer(of: $0)] }
    }

    /// Names are random: their bytes spread them evenly.
    func container(of name: String) -> String {
        let sum = name.utf8.reduce(UInt64(0)) { $0 &* 31 &+ UInt64($1) }
        return containers[Int(sum % UInt64(settings.containers))]
    }

    /// What the container that is there for any number of containers says of its site.
    enum Mark {
        case site(String)
        case none
        case missing
    }

    func mark() throws(Failure) -> Mark {
        guard let headers = try head(settings.container) else { return .missing }
        return headers[Self.siteHeader].map(Mark.site) ?? .none
    }

    func isThere(_ container: String) throws(Failure) -> Bool { try head(container) != nil }

    /// Makes sure that a container is there, so that what is not in it is nowhere.
    func confirm(_ container: String) throws(Failure) {
        if try isThere(container) { return }
        try remakeContainers()
        guard try isThere(container) else { throw swiftFailure(404, "HEAD of the container \(container)") }
    }

    /// Nil where there is no such container.
    private func head(_ container: String) throws(Failure) -> Headers? {
        let answer = try account.ask("HEAD", "/\(percentEncoded(container))")
        switch answer.status {
        case 200..<300: return answer.headers
        case 404: return nil
        default: throw swiftFailure(answer.status, "HEAD of the container \(container)")
        }
    }

    /// Makes again what somebody removed.
    func remakeContainers() throws(Failure) {
        try makeContainers(for: settings.registered().site)
    }

    /// Makes the containers that are missing, and says of all whose they are; what is in them stays.
    func makeContainers(for site: String) throws(Failure) {
        for container in allContainers {
            let answer = try account.ask(
                "PUT", "/\(percentEncoded(container))", headers: Headers([Self.siteHeader: site]))
            guard [201, 202].contains(answer.status) else {
                throw swiftFailure(answer.status, "PUT of the container \(container)")
            }
        }
    }
}
