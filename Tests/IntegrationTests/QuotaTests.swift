import Foundation
import Testing

/// What one user may keep, through nginx.
@Suite struct QuotaTests {
    private let site: Site
    private let described = ["-H", "x-image-meta-name: n", "-H", "x-image-meta-type: raw"]

    init() throws {
        site = try Site([
            "--identity", "basic", "--workers", "2", "--set", "owner_images_max=8", "--set", "owner_bytes_max=100000",
        ])
        try site.configureNginx("glance.conf") { $0.replacing("include limits.conf;", with: "# include limits.conf;") }
        try site.reloadNginx()
    }

    private func login(_ user: String) -> [String] { ["--netrc-file", "\(site.directory)/\(user).netrc"] }

    private func add(_ bytes: Int, by user: String) throws -> Answer {
        try site.curl(
            "/images",
            ["-X", "POST", "--data-binary", "@-", "-H", "Content-Type: application/octet-stream"] + described
                + login(user), input: Data(repeating: 1, count: bytes))
    }

    @Test func `of uploads at once as many succeed as there is room for, and the text says what is left`() throws {
        let statuses = try atOnce(24) { _ in try add(30_000, by: "user").status }

        #expect(statuses.filter { $0 == 200 }.count == 3)
        #expect(statuses.filter { $0 == 413 }.count == 21)
        let refused = try add(10_001, by: "user")
        #expect(refused.status == 413)
        #expect(
            refused.text.contains("has 10001 bytes, and of the 100000 that anybody may keep here you have 10000 left"))
        #expect(try add(10_000, by: "user").status == 200)
        #expect(try add(30_000, by: "other").status == 200)
        #expect(try add(100_001, by: "admin").status == 200)
    }

    @Test func `the ninth image is refused, and deleting one makes room`() throws {
        let ids = try (0..<8).map { _ in
            try #require(
                try site.curl("/images", ["-X", "POST"] + described + login("user")).json("image", "id") as? String)
        }
        let refused = try site.curl("/images", ["-X", "POST"] + described + login("user"))
        #expect(refused.status == 413)
        #expect(refused.text.contains("as many images as anybody may have here, 8"))

        #expect(try site.curl("/images/\(ids[0])", ["-X", "DELETE"] + login("user")).status == 200)

        #expect(try add(5, by: "user").status == 200)
    }
}
