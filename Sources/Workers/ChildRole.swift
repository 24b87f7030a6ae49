import Bytes
import Glibc

/// What a child of the supervisor is there for.
enum ChildRole: Equatable {
    /// Serves requests; the number is that of its region in the shared page.
    case worker(Int)
    case janitor

    var name: String {
        switch self {
        case .worker(let number): "worker \(number)"
        case .janitor: "janitor"
        }
    }

    init?(name: some StringProtocol) {
        self = .janitor
        guard name != "janitor" else { return }
        guard name.hasPrefix("worker "), let number = Int(name.dropFirst("worker ".count)),
            (0..<SharedPage.workersMax).contains(number)
        else { return nil }
        self = .worker(number)
    }

    /// A worker of the lowest number that none of `others` has; with it goes a region of the shared page. Throws where they
    /// have all: two of one number would count as one, and each would be logged with the other's requests.
    static func newWorker(besides others: [ChildRole]) throws(PosixError) -> ChildRole {
        let taken = Set(others.compactMap(\.workerNumber))
        guard let number = (0..<SharedPage.workersMax).first(where: { !taken.contains($0) }) else {
            throw PosixError("wait", "one of \(taken.count) workers, most of them of earlier settings", code: EAGAIN)
        }
        return .worker(number)
    }

    var workerNumber: Int? {
        if case .worker(let number) = self { number } else { nil }
    }

    /// The command line of such a child.
    var arguments: [String] { name.split(separator: " ").map(String.init) }
}
