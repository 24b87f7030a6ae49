import Foundation
import Testing

/// Three hosts, each with its own glance-api and nginx, over one PostgreSQL and one OpenStack Swift.
@Suite(.serialized, .enabled(if: Site.withSwift != nil, "GLANCE_TEST_SWIFT names no OpenStack Swift"))
struct ManyHostsTests {
    /// The hosts, and the cluster seen from outside.
    private final class Hosts: Sendable {
        let all: [Site]
        let container: String
        private let swift: Site

        init() throws {
            swift = try #require(Site.withSwift).get()
            let settings = try Cluster.values("\(swift.directory)/etc/glance-api.conf")
            container = "hosts-\(UUID().uuidString)"
            let options =
                [
                    "swift_auth_url=\(settings["swift_auth_url"] ?? "")", "swift_container=\(container)",
                    "swift_credentials_file=\(swift.directory)/etc/swift-credentials", "swift_segment_bytes=1000000",
                    "lease_seconds=3", "client_idle_seconds_max=1", "janitor_seconds=1",
                ].flatMap { ["--set", $0] } + ["--store", "swift", "--workers", "2"]
            let first = try Site(["--registry", "postgresql"] + options)
            let registry = try Cluster.values("\(first.directory)/etc/glance-api.conf")["registry"] ?? ""
            all = try [first] + (0..<2).map { _ in try Site(["--registry", registry] + options) }
        }

        subscript(_ number: Int) -> Site { all[number % all.count] }

        /// What images are made of.
        func objects() throws -> [String] { try Cluster(of: swift).objects(container) }

        func ids() throws -> [Set<String>] {
            try all.map { Set(try $0.curl("/images/?is_public=none&limit=1000").ids()) }
        }
    }

    private func fields(_ more: [String: String] = [:]) -> [String: String] {
        ["x-image-meta-name": "disk", "x-image-meta-type": "raw"].merging(more) { $1 }
    }

    @Test func `300 requests at once from all three take each other nothing`() throws {
        let hosts = try Hosts()
        let fields = fields()
        for kind in ["changed", "deleted"] {
            let prepared = try atOnce(20) { number in
                try hosts[number].ask(
                    "POST", "/images", fields.merging(["x-image-meta-id": "\(kind)\(number)"]) { $1 }, body: kind
                ).status
            }
            #expect(prepared == Array(repeating: 200, count: 20))
        }

        let answers = try atOnce(300) { number in
            let (host, place) = (hosts[number], number / 3)
            func add(_ more: [String: String]) throws -> (status: Int, body: String) {
                try host.ask("POST", "/images", fields.merging(more) { $1 }, body: "image \(number)")
            }
            return switch place {
            case 0..<36: try add([:])
            case 36..<42: try add(["x-image-meta-id": "wanted"])
            case 42..<48: try add(["x-image-meta-sha256": String(repeating: "0", count: 64)])
            case 48..<68:
                try host.ask(
                    "PUT", "/images/changed\(place - 48)", ["x-image-meta-property-by\(number % 3)": "\(place)"])
            case 68..<88: try host.ask("DELETE", "/images/deleted\(place - 68)")
            default: try host.ask("GET", "/images/detail?is_public=none")
            }
        }

        func statuses(_ places: Range<Int>) -> [Int] {
            answers[places.lowerBound * 3..<places.upperBound * 3].map(\.status)
        }
        #expect(statuses(0..<36) == Array(repeating: 200, count: 108))
        #expect(statuses(36..<42).sorted() == [200] + Array(repeating: 409, count: 17))
        #expect(statuses(42..<48) == Array(repeating: 400, count: 18))
        #expect(statuses(48..<68) == Array(repeating: 200, count: 60))
        for place in 68..<88 { #expect(statuses(place..<place + 1).sorted() == [200, 404, 404]) }
        #expect(statuses(88..<100) == Array(repeating: 200, count: 36))
        try expectSound(hosts, count: 108 + 1 + 20)
        for number in 0..<20 {
            let image = try hosts[number].send("HEAD", "/images/changed\(number)")
            #expect(image["x-image-meta-version"] == "4", "three changes, and none was lost")
            #expect((0..<3).allSatisfy { image["x-image-meta-property-by\($0)"] == "\(number + 48)" })
        }
    }

    /// The same images on every host, each whole, and nothing besides.
    private func expectSound(_ hosts: Hosts, count: Int) throws {
        #expect(try eventually { try hosts.objects().count == count })
        let ids = try hosts.ids()
        #expect(ids[0].count == count)
        #expect(ids.allSatisfy { $0 == ids[0] })
        // Each reads its share, one after another: more at once than a worker has transfers would be answered 503.
        let (sorted, readers) = (ids[0].sorted(), 16)
        let odd = try atOnce(readers) { number in
            try stride(from: number, to: count, by: readers).compactMap { place in
                let answers = try hosts.all.map { try $0.ask("GET", "/images/\(sorted[place])") }
                let isSame = answers.allSatisfy { $0.status == 200 && !$0.body.isEmpty && $0.body == answers[0].body }
                return isSame ? nil : "\(sorted[place]): \(answers)"
            }
        }
        #expect(odd.flatMap { $0 } == [])
    }

    @Test func `each host sees at once what another did`() throws {
        let hosts = try Hosts()
        for number in 0..<30 {
            let (writer, reader, path) = (hosts[number], hosts[number + 1], "/images/i\(number)")
            let added = try writer.ask(
                "POST", "/images", fields(["x-image-meta-id": "i\(number)"]), body: "bytes of \(number)")

            #expect(added.status == 200)
            #expect(try reader.ask("GET", path).body == "bytes of \(number)")
            #expect(try reader.ask("PUT", path, ["x-image-meta-name": "now \(number)"]).status == 200)
            #expect(try writer.ask("GET", "/images/?is_public=none&name=now%20\(number)").body.contains(path))
            #expect(try hosts[number + 2].ask("DELETE", path).status == 200)
            #expect(try writer.ask("GET", path).status == 404)
        }
        #expect(try hosts.objects().isEmpty)
    }

    @Test func `a host that dies in the middle of uploads costs those, and a peer clears up after it`() throws {
        let hosts = try Hosts()
        let uploads = try (0..<9).map { try HeldRequest(uploadTo: hosts[$0], id: "u\($0)", length: 3000, sent: 1500) }
        for number in 0..<9 {
            #expect(try eventually { try hosts[number].ask("DELETE", "/images/u\(number)").status == 409 })
        }

        try hosts[1].die()
        for number in [0, 2, 3, 5, 6, 8] { try uploads[number].send(String(repeating: "y", count: 1500)) }

        for number in [0, 2, 3, 5, 6, 8] { #expect(uploads[number].answer().hasPrefix("HTTP/1.1 200 ")) }
        let (one, other) = (hosts[0], hosts[2])
        #expect(try one.ask("POST", "/images", fields(["x-image-meta-id": "later"]), body: "later").status == 200)
        #expect(try other.ask("GET", "/images/later").body == "later")
        for number in [1, 4, 7] {
            #expect(
                try eventually {
                    try other.ask("POST", "/images", fields(["x-image-meta-id": "u\(number)"]), body: "again").status
                        == 200
                })
            #expect(try one.ask("GET", "/images/u\(number)").body == "again")
        }
        #expect(try eventually { try hosts.objects().count == 10 })
        let logs = try one.log() + other.log()
        #expect(logs.matches(of: /an upload was broken off and is cleared away/).count == 3)

        try #require(try hosts[1].up().status == 0)
        #expect(try hosts[1].ask("GET", "/images/u1").body == "again", "and it may come back")
    }
}

extension Site {
    /// Everything that serves here is gone at once, as when the power is.
    fileprivate func die() throws {
        for service in ["glance-api", "nginx"] {
            let pid = try processID(of: service)
            // Children of one that is gone would be nobody's.
            kill(pid, SIGSTOP)
            for process in children(of: pid) + [pid] { kill(process, SIGKILL) }
            #expect(eventually { commandLine(of: pid).isEmpty })
        }
    }
}
