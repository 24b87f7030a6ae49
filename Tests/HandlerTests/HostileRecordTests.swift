import SQLite
import Testing

/// Records that this program would never write: of a broken writer, a newer one, or a hand in the database. One of them
/// must not hide the others, nor end a worker.
struct HostileRecordTests {
    private let glance: Glance

    init() throws {
        glance = try Glance()
        for id in ["before", "bad", "after"] { try glance.queue(id, ["x-image-meta-is_public": "1"]) }
    }

    private func write(_ sql: String) throws {
        let other = try SQLiteConnection(path: "\(glance.directory)/registry.sqlite", busySecondsMax: 5, create: false)
        try other.execute(sql)
    }

    @Test(arguments: [
        "name = CAST(x'ff410a0d00fe' AS TEXT)", "name = x'00ff'", "name = ''", "name = 7",
        "name = printf('%.*c', 1000000, 'x')", "owner = CAST(x'c3' AS TEXT)",
        "created_at = 9223372036854775807", "created_at = -9223372036854775808", "created_at = 67768036191676799",
        "updated_at = 9e99", "created_at = 'never'", "deleted_at = 9223372036854775807",
        "version = 9223372036854775807",
        "version = -9223372036854775808", "version = 'x'", "size = -5, is_size_known = 1",
        "size = 9223372036854775807, is_size_known = 1", "size = 'x', is_size_known = 1", "store = 'tape'",
        "store = CAST(x'ff' AS TEXT)", "sha256 = 'short'", "sha256 = x'ff'",
        "is_public = 1, location = '../others'",
        "status = 'available', location = NULL", "status = 'available', location = '../others', size = 3",
        "status = 'available', location = '', size = -1, is_size_known = 1, sha256 = NULL",
    ])
    func `a record with a bad value hides no other`(change: String) throws {
        try write("UPDATE images SET \(change) WHERE id = 'bad'")

        for path in ["/images/", "/images/detail"] {
            for query in [
                "", "?sort_key=name", "?sort_key=created_at&sort_dir=desc", "?sort_key=size", "?limit=1&marker=bad",
            ] {
                let answer = try glance.send("GET", path + query)
                #expect(answer.status == 200)
                #expect(answer.ids.contains("after") || query.contains("sort") || answer.ids.isEmpty)
                #expect(query.contains("limit") || Set(answer.ids).isSuperset(of: ["before", "after"]))
            }
        }
        for (method, headers) in [
            ("HEAD", [:]), ("GET", [:]), ("GET", ["If-Match": "*", "Range": "bytes=0-1"]),
            ("PUT", ["x-image-meta-name": "mended"]), ("DELETE", [:]),
        ] as [(String, [String: String])] {
            let answer = try glance.send(method, "/images/bad", headers)
            #expect(!answer.text.contains("root:"), "a record reaches out of the store")
        }
        #expect(Set(try glance.send("GET", "/images/").ids).isSuperset(of: ["before", "after"]))
    }

    @Test(arguments: ["char(10) || '=' || char(0)", "CAST(x'ff0d0a' AS TEXT)", "printf('%.*c', 300000, 'x')", "5"])
    func `a property with a bad value hides no other image`(value: String) throws {
        try write("INSERT INTO properties SELECT sequence, 'a', \(value) FROM images WHERE id = 'bad'")

        #expect(try glance.send("GET", "/images/detail").ids == ["before", "bad", "after"])
        #expect(try glance.send("HEAD", "/images/bad").status == 200)
    }

    @Test(arguments: ["name", "id"]) func `a list with bad text at the end of a page goes on behind it`(column: String)
        throws
    {
        let text = column == "id" ? "CAST(x'ff' || substr('000' || sequence, -3) AS TEXT)" : "CAST(x'ff41' AS TEXT)"
        for number in 0..<260 { try glance.queue("n\(number)", ["x-image-meta-is_public": "1"]) }
        try write("UPDATE images SET \(column) = \(text) WHERE id LIKE 'n%'")

        for direction in ["asc", "desc"] {
            let answer = try glance.send("GET", "/images/?sort_key=\(column)&sort_dir=\(direction)")
            #expect(answer.json["images"].elements.count == 263)
        }
    }
}
