import Foundation
import Testing

/// Where there is no room for an image, or not for one of its size.
extension SwiftFaultTests {
    @Test func `a disk that fills within an image takes what is on it away for a while, and no longer`() throws {
        let undo = try here.edit("swift/proxy-server.conf") {
            $0.replacing(
                "node_timeout = 2\nerror_suppression_interval = 1\n",
                with: "node_timeout = 2\nerror_suppression_interval = 10\n")
        }
        try here.restart("swift-proxy")
        let id = try here.added(Form.plain.file)
        let (roomy, full) = ("[DEFAULT]\n", "[DEFAULT]\nfallocate_reserve = 100%\n")
        swift.add(
            .segment("PUT", 1),
            .beforeRequest { [here] in
                let isFull = try? here.edit("swift/object-server.conf") { $0.replacing(roomy, with: full) }
                return isFull != nil && (try? here.restart("swift-object")) != nil
            })

        let refused = try here.add(Form.segmented.file)
        // Reading takes no room, but the proxy leaves the whole device alone.
        let shutOut = try site.curl("/images/\(id)")
        _ = try here.edit("swift/object-server.conf") { $0.replacing(full, with: roomy) }
        try here.restart("swift-object")
        let answer = try here.eventualAnswer { try site.curl("/images/\(id)") }
        try undo()
        try here.restart("swift-proxy")

        #expect([refused, shutOut].allSatisfy { $0.status == 503 && $0["retry-after"] == "10" })
        #expect(try answer.body == Form.plain.file.bytes())
        try here.expectWhole()
    }

    @Test func `a quota that is full is 507, and leaves nothing`() throws {
        let quota = "X-Container-Meta-Quota-Bytes"
        #expect(try here.ask("POST", "glance", ["\(quota): 1000"]).status == 204)

        let answer = try here.add(Form.plain.file)

        #expect(try here.ask("POST", "glance", ["X-Remove-\(quota.dropFirst(2)): x"]).status == 204)
        #expect(answer.status == 507)
        #expect(try here.objects().isEmpty)
        #expect(try here.add(Form.plain.file).status == 200)
        try here.expectWhole()
    }

    @Test func `an image has larger segments where there would be too many, or is refused before its first byte`()
        throws
    {
        let undo = [
            try here.edit("swift/swift.conf") {
                $0.replacing("[swift-constraints]\n", with: "[swift-constraints]\nmax_file_size = 1200000\n")
            },
            try here.edit("swift/proxy-server.conf") {
                $0.replacing("egg:swift#slo\n", with: "egg:swift#slo\nmax_manifest_segments = 2\n")
            },
        ]
        try here.restart("swift-proxy")
        // A new worker has not asked yet.
        try here.killWorker()

        let id = try here.added(ImageFile(bytes: 2_300_000))
        let location = try here.location(of: id)
        let sent = swift.exchanges(Interposer.Kind("PUT ")).count
        let refused = try here.add(Form.segmented.file)
        let sentSince = swift.exchanges(Interposer.Kind("PUT ")).count - sent
        for undo in undo { try undo() }
        try here.restart("swift-proxy")
        try here.killWorker()

        #expect(location.hasSuffix("/2"))
        #expect(refused.status == 413)
        #expect(refused.text.contains("2400000"), "\(refused.text)")
        #expect(sentSince == 0)
        try here.expectWhole()
    }
}
