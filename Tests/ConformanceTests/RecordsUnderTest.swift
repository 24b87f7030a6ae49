import Dispatch
import FoundationEssentials
import GlanceClient
import GlanceRegistry
import SQLite
import Synchronization
import Testing

/// Services that keep records for others, each behind its own nginx: directories that `deploy/up --store none` has filled,
/// which GLANCE_TEST_RECORDS names. A test has one of them for itself, empty.
enum RecordsUnderTest {
    static let sites = (ProcessInfo.processInfo.environment["GLANCE_TEST_RECORDS"] ?? "").split(separator: " ")
        .map(String.init)

    private struct State {
        var free = sites
        /// By the running test's directory.
        var taken: [String: String] = [:]
    }

    private static let state = Mutex(State())
    private static let isFree = DispatchSemaphore(value: sites.count)

    static func registry(host: String = "this host") throws -> RemoteRegistry {
        RemoteRegistry(try settings(host: host))
    }

    /// Of the running test's service, or of one elsewhere.
    static func settings(url: String? = nil, host: String = "this host") throws -> RemoteRegistry.Settings {
        let url = try url ?? "http://127.0.0.1:\(text(of: "options", named: "port="))"
        var client = GlanceClient.Settings()
        client.idleSecondsMax = 20
        return RemoteRegistry.Settings(
            url: url, client: client, lockPath: "\(ScratchDirectory.path)/lock", host: host,
            newSite: "site of this test", newName: { UUID().uuidString })
    }

    /// The directory of the running test's service.
    static func site() throws -> String {
        let test = ScratchDirectory.path
        if let taken = state.withLock({ $0.taken[test] }) { return taken }
        try #require(isFree.wait(timeout: .now() + 120) == .success, "no service became free")
        let site = try #require(
            state.withLock { state in
                state.taken[test] = state.free.popLast()
                return state.taken[test]
            })
        try empty(site)
        return site
    }

    private static func text(of file: String, named name: String) throws -> String {
        let lines = try String(contentsOfFile: "\(site())/\(file)", encoding: .utf8).split(separator: "\n")
        return try #require(lines.first { $0.hasPrefix(name) }.map { String($0.dropFirst(name.count)) })
    }

    /// Makes its registry as it was when it was new.
    private static func empty(_ site: String) throws {
        let connection = try SQLiteConnection(path: "\(site)/data/registry.sqlite", busySecondsMax: 20, create: false)
        for table in ["images", "spent_ids", "doomed_bytes", "sqlite_sequence"] {
            try connection.execute("DELETE FROM \(table)")
        }
        try connection.execute("UPDATE counter SET last = 0")
    }

    /// Lets the next test have what the running one had.
    static func giveBack() {
        let had = state.withLock { state in
            let site = state.taken.removeValue(forKey: ScratchDirectory.path)
            if let site { state.free.append(site) }
            return site != nil
        }
        if had { isFree.signal() }
    }
}
