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

    var workerNumber: Int? {
        if case .worker(let number) = self { number } else { nil }
    }

    /// The command line of such a child.
    var arguments: [String] { name.split(separator: " ").map(String.init) }
}
