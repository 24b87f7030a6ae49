import Foundation
import Testing

/// Records in another service, a Glance without stores, each behind an nginx of its own.
@Suite(.serialized) struct RemoteRegistryTests {
    private static let sharedNode = Result { try node().leftToTheEnd() }
    private static let shared = Result { try Site(over: sharedNode.get()).leftToTheEnd() }

    private let node: Site
    private let site: Site

    init() throws {
        node = try Self.sharedNode.get()
        site = try Self.shared.get()
    }

    private static func node(_ options: [String] = []) throws -> Site {
        try Site(["--store", "none", "--registry", "sqlite"] + options)
    }

    private func readiness(of site: Site) throws -> String {
        try run("curl", ["-s", "http://127.0.0.1:\(site.healthPort)/readyz"]).text
    }

    private func text(_ count: Int) -> String { String(repeating: "0123456789", count: count / 10) }

    // MARK: The main job

    @Test func `images are added, found, read, changed and deleted`() throws {
        let name = UUID().uuidString
        let added = try site.add(
            text(100_000),
            ["x-image-meta-name": name, "x-image-meta-property-os": "Größe = 1", "x-image-meta-is_public": "True"])
        let id = try #require(try added.json("image", "id") as? String)

        #expect(try added.json("image", "uri") as? String == "\(site.url)/images/\(id)")
        #expect(try added.json("image", "properties") as? [String: String] == ["os": "Größe = 1"])
        #expect(try site.curl("/images/\(id)").text == text(100_000))
        #expect(try site.curl("/images/\(id)", ["-r", "99995-"]).text == "56789")
        #expect(try site.curl("/images/?name=\(name)&size_min=100000&size_max=100000&type=raw").ids() == [id])
        #expect(try site.curl("/images/?name=\(name)&size_min=100001").ids() == [])
        let changed = try site.send("PUT", "/images/\(id)", nil, ["x-image-meta-property-os": "bsd"])
        #expect(try changed.json("image", "version") as? Int == 2)
        let stale = try site.send(
            "PUT", "/images/\(id)", nil, ["x-image-meta-name": "late", "x-image-meta-version": "1"])
        #expect(stale.status == 409)
        let head = try site.send("HEAD", "/images/\(id)")
        #expect(head["x-image-meta-property-os"] == "bsd")
        #expect(head["x-image-meta-name"] == name)
        #expect(try site.send("DELETE", "/images/\(id)").status == 200)
        #expect(try site.curl("/images/\(id)").status == 404)
        #expect(try site.add("x", ["x-image-meta-id": id]).status == 409)
    }

    @Test func `a queued image gets its data, and has not changed by that`() throws {
        let queued = try site.add(nil, ["x-image-meta-id": "queued", "x-image-meta-size": "4"])
        #expect(try queued.json("image", "status") as? String == "queued")
        #expect(try site.send("PUT", "/images/queued", "seven", [:]).status == 400)

        let filled = try site.send("PUT", "/images/queued", "four")

        #expect(try filled.json("image", "status") as? String == "available")
        #expect(try filled.json("image", "updated_at") as? String == queued.json("image", "updated_at") as? String)
        #expect(try site.curl("/images/queued").text == "four")
    }

    @Test func `lists go page by page, and in any order`() throws {
        let name = UUID().uuidString
        for size in [30, 10, 20] { #expect(try site.add(text(size), ["x-image-meta-name": name]).status == 200) }
        let query = "/images/?is_public=none&name=\(name)"
        let ids = try site.curl(query).ids()

        #expect(ids.count == 3)
        #expect(try site.curl("\(query)&sort_key=size").ids() == [ids[1], ids[2], ids[0]])
        #expect(try site.curl("\(query)&sort_key=size&sort_dir=desc&limit=1&marker=\(ids[0])").ids() == [ids[2]])
        #expect(try site.curl("\(query)&limit=2").ids() == Array(ids.prefix(2)))
        #expect(try site.curl("\(query)&marker=\(ids[1])").ids() == [ids[2]])
    }

    @Test func `as many properties as anywhere else`() throws {
        let properties = Dictionary(
            uniqueKeysWithValues: (0..<70).map { ("x-image-meta-property-p\($0)", String(repeating: "v", count: 80)) })

        let added = try site.add("x", properties.merging(["x-image-meta-id": "wide"]) { $1 })

        #expect(added.status == 200, "\(added.text)")
        #expect(try site.send("HEAD", "/images/wide")["x-image-meta-property-p69"]?.count == 80)
        #expect(try site.send("DELETE", "/images/wide").status == 200)
    }

    // MARK: What is behind it

    @Test func `what the records say besides is neither seen nor set`() throws {
        let added = try site.add("x", ["x-image-meta-id": "plain"])
        let set = try site.add("x", ["x-image-meta-property-glance_registry_owner": "eve"])
        let changed = try site.send(
            "PUT", "/images/plain", nil, ["x-image-meta-property-glance-registry-record": "{}"])

        #expect(!added.text.contains("glance_registry"))
        #expect(try site.send("HEAD", "/images/plain").headers.allSatisfy { !$0.name.contains("glance_registry") })
        #expect(try !site.curl("/images/detail?is_public=none").text.contains("glance_registry"))
        #expect(try site.curl("/images/?is_public=none&property-glance_registry_status=available").ids() == [])
        #expect(set.status == 400)
        #expect(set.text.contains("names that begin with glance_registry_ are taken"))
        #expect(changed.status == 400)
        #expect(try node.curl("/images/plain").text.contains("has no data yet"))
    }

    @Test func `a service without stores refuses data in words, and keeps metadata`() throws {
        let refused = try node.add("bytes")
        let queued = try node.add(nil, ["x-image-meta-id": "nodes-own"])
        let filled = try node.send("PUT", "/images/nodes-own", "bytes")

        for answer in [refused, filled] {
            #expect(answer.status == 400)
            #expect(answer.text.contains("keeps the metadata of images alone"))
        }
        #expect(queued.status == 200)
        #expect(try site.curl("/images/?is_public=none").ids().contains("nodes-own") == false)
        #expect(try site.send("HEAD", "/images/nodes-own").status == 503, "it was not made by this service")
        #expect(try site.add("x", ["x-image-meta-id": "nodes-own"]).status == 503)
        #expect(try site.log().contains("its image nodes-own was not made by this service"))
    }

    // MARK: What goes wrong

    @Test func `a registry that is away is 503 with words, and nothing is started again when it is back`() throws {
        let held = try HeldRequest(uploadTo: site, id: "away", length: 10, sent: 5)
        #expect(try eventually { try site.send("DELETE", "/images/away").status == 409 })
        #expect(try site.add("kept", ["x-image-meta-id": "kept"]).status == 200)
        let files = try site.storedFiles().count
        for service in ["glance-api", "nginx"] {
            try node.service("stop", service)
            let head = try site.send("HEAD", "/images/kept")
            let added = try site.add("x", ["x-image-meta-id": "lost"])

            #expect(head.status == 503)
            #expect(head["retry-after"] != nil)
            #expect(added.status == 503)
            #expect(added.text.contains("The image registry does not answer: try again later."))
            #expect(try site.send("DELETE", "/images/kept").status == 503)
            #expect(try site.curl("/images/").status == 503)
            #expect(try readiness(of: site).contains("the registry failed: "))
        }
        try node.service("start", "glance-api")
        try node.service("start", "nginx")

        #expect(try eventually { try readiness(of: site) == "ready\n" })
        try held.send("55555")
        #expect(held.answer().hasPrefix("HTTP/1.1 200 "))
        #expect(try site.curl("/images/kept").text == "kept")
        #expect(try site.add("x", ["x-image-meta-id": "lost"]).status == 200)
        #expect(try site.storedFiles().count == files + 2)
    }

    private static let shortLease = [
        "--set", "lease_seconds=3", "--set", "client_idle_seconds_max=1", "--set", "janitor_seconds=1",
    ]

    @Test func `a worker killed in an upload leaves nothing once its lease is over`() throws {
        let node = try Self.node()
        let site = try Site(over: node, ["--workers", "1"] + Self.shortLease)
        let held = try HeldRequest(uploadTo: site, id: "killed", length: 1000, sent: 500)
        #expect(try eventually { try site.send("DELETE", "/images/killed").status == 409 })

        kill(try #require(try site.workers().first), SIGKILL)

        #expect(held.answer().hasPrefix("HTTP/1.1 502 "))
        #expect(try eventually { try site.add("again", ["x-image-meta-id": "killed"]).status == 200 })
        #expect(try site.storedFiles().count == 1)
        withExtendedLifetime(node) {}
    }

    @Test func `an upload outlives a registry that is killed in its middle and started again`() throws {
        let held = try HeldRequest(uploadTo: site, id: "outlives", length: 10, sent: 5)
        #expect(try eventually { try site.send("DELETE", "/images/outlives").status == 409 })

        try node.service("kill", "glance-api")
        try node.service("start", "glance-api")
        try held.send("55555")

        #expect(held.answer().hasPrefix("HTTP/1.1 200 "))
        #expect(try site.curl("/images/outlives").text == "xxxxx55555")
    }

    @Test func `an upload whose registry stays away is cleared away when it is back`() throws {
        let node = try Self.node()
        let site = try Site(over: node, Self.shortLease)
        let held = try HeldRequest(uploadTo: site, id: "stays", length: 10, sent: 5)
        #expect(try eventually { try site.send("DELETE", "/images/stays").status == 409 })
        try node.service("kill", "glance-api")

        try held.send("55555")
        let answer = held.answer()
        try node.service("start", "glance-api")

        #expect(answer.hasPrefix("HTTP/1.1 503 "))
        #expect(try eventually { try site.add("again", ["x-image-meta-id": "stays"]).status == 200 })
        #expect(try eventually { try site.storedFiles().count == 1 })
        #expect(try site.curl("/images/stays").text == "again")
    }

    @Test func `a registry that is the service itself is found, and said`() throws {
        let (directory, port) = (try Site.newDirectory(), freePort())
        defer { _ = try? run("\(Site.project)/deploy/down", ["--dir", directory, "--purge"]) }

        let started = try run(
            "\(Site.project)/deploy/up",
            ["--dir", directory, "--port", "\(port)", "--registry", "http://127.0.0.1:\(port)"])
        try site.edit("glance-api.conf") { $0.replacing("registry = \(node.url)", with: "registry = \(site.url)") }
        defer {
            try? site.edit("glance-api.conf") { $0.replacing("registry = \(site.url)", with: "registry = \(node.url)") }
        }
        kill(try site.processID(of: "glance-api"), SIGHUP)

        #expect(started.status == 1)
        #expect(started.errors.contains("must be another one than this"), "\(started.errors)")
        #expect(
            try eventually {
                try site.log().contains("the settings were not reloaded, and the old ones go on: the registry failed")
            })
        #expect(try site.log().contains("keeps its own records in another one, and so cannot be a registry"))
        #expect(try readiness(of: site) == "ready\n")
    }

    @Test func `a service that keeps its records elsewhere is no registry, and says so`() throws {
        let output = try check(registry: site.url)

        #expect(output.status == 1)
        #expect(output.errors.contains("keeps its own records in another one, and so cannot be a registry"))
    }

    /// What `glance-api check` says of a registry.
    private func check(registry: String, _ options: [String] = []) throws -> Output {
        let directory = try Site.newDirectory()
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        return try run(Service.program, ["check"] + Service.options(directory) + ["--registry", registry] + options)
    }

    // MARK: Logins and TLS

    @Test func `a registry that wants a password over TLS gets it, and nobody else sees it`() throws {
        let node = try Self.node(["--identity", "basic", "--tls"])
        let netrc = try String(contentsOfFile: "\(node.directory)/admin.netrc", encoding: .utf8)
        let password = try #require(netrc.firstMatch(of: /password (\w+)/)).1
        let file = "\(node.directory)/etc/credentials"
        try "user = admin\npassword = \(password)\n".write(toFile: file, atomically: false, encoding: .utf8)
        chmod(file, 0o600)
        let (login, trust) = (["--registry-credentials-file", file], ["--ca-file", "\(node.directory)/tls/ca.pem"])

        let unknown = try check(registry: node.url, login)
        let nobody = try check(registry: node.url, trust)
        try "user = admin\npassword = s3cret\n".write(toFile: file, atomically: false, encoding: .utf8)
        let wrong = try check(registry: node.url, login + trust)
        try "user = admin\npassword = \(password)\n".write(toFile: file, atomically: false, encoding: .utf8)
        let site = try Site(
            over: node, ["--set", "registry_credentials_file=\(file)", "--set", "ca_file=\(trust[1])"])

        #expect(unknown.status == 1)
        #expect(unknown.errors.contains("certificate"), "\(unknown.errors)")
        for refused in [nobody, wrong] {
            #expect(refused.status == 1)
            #expect(refused.errors.contains("does not take the user of registry_credentials_file"), "\(refused.errors)")
            #expect(!refused.errors.contains("s3cret"))
        }
        #expect(try site.add("over TLS", ["x-image-meta-id": "secret"]).status == 200)
        #expect(try site.curl("/images/secret").text == "over TLS")
        #expect(try site.curl("/images/?is_public=none").ids() == ["secret"])
        #expect(try !site.log().contains(password))
        #expect(try node.curl("/images/").ids() == [], "without a login nobody sees it")
    }
}

extension Site {
    /// One whose records `node` keeps, and whose images are in files.
    fileprivate convenience init(over node: Site, _ options: [String] = []) throws {
        try self.init(["--store", "file", "--registry", node.url] + options)
    }
}
