import Foundation
import Testing

/// The OpenStack Swift behind a site, seen from outside: by its own API and curl.
struct Cluster {
    private let storage: String
    private let token: String

    init(of site: Site) throws {
        let settings = try Self.values("\(site.directory)/etc/glance-api.conf")
        let secrets = try Self.values("\(site.directory)/etc/swift-credentials")
        let output = try run(
            "curl",
            ["-sS", "-f", "-D", "-", "-o", "/dev/null", try #require(settings["swift_auth_url"])]
                + ["-H", "X-Auth-User: \(secrets["user"] ?? "")", "-H", "X-Auth-Key: \(secrets["key"] ?? "")"])
        try #require(output.status == 0, "\(output.errors)")
        storage = try Self.header("X-Storage-Url", in: output.text)
        token = try Self.header("X-Auth-Token", in: output.text)
    }

    /// What curl prints for a path below the account.
    func curl(_ path: String, _ arguments: [String] = []) throws -> Output {
        try run("curl", ["-sS", "-H", "X-Auth-Token: \(token)"] + arguments + ["\(storage)\(path)"])
    }

    /// The objects of a container, in the order of their names.
    func objects(_ container: String) throws -> [String] {
        try curl("/\(container)?limit=10000").text.split(separator: "\n").map(String.init)
    }

    /// The values of a file of lines `key = value`.
    static func values(_ path: String) throws -> [String: String] {
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        let pairs = lines.map { $0.components(separatedBy: " = ") }.filter { $0.count == 2 }.map { ($0[0], $0[1]) }
        return Dictionary(pairs) { $1 }
    }

    private static func header(_ name: String, in text: String) throws -> String {
        let lines = text.components(separatedBy: "\r\n")
        let line = try #require(lines.first { $0.lowercased().hasPrefix("\(name.lowercased()): ") }, "\(text)")
        return String(line.dropFirst(name.count + 2))
    }
}

extension Site {
    /// The one with an OpenStack Swift that `deploy/test` has started; nil where there is none.
    static let withSwift = ProcessInfo.processInfo.environment["GLANCE_TEST_SWIFT"].map { directory in
        Result { try Site(runningIn: directory) }
    }
}
