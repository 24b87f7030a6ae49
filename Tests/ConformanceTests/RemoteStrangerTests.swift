import Foundation
import GlanceModel
import GlanceRegistry
import Testing

/// A registry that is another maker's service, and what its operator is told of that.
@Suite(.scratchDirectory) struct RemoteStrangerTests {
    private func registry(host: String) throws -> RemoteRegistry {
        RemoteRegistry(try RecordsUnderTest.settings(url: StrangerUnderTest.stranger().url, host: host))
    }

    @Test func `a service that counts no versions has one host, and that may come again`() throws {
        let site = try registry(host: "first").siteID()

        let refusal = #expect(throws: Failure.self) { try registry(host: "second").siteID() }

        #expect(
            refusal?.operatorReason?.contains("one host alone can use it, and that is “first”, not “second”") == true)
        #expect(try registry(host: "first").siteID() == site)
    }

    @Test func `dates that an older version kept in properties alone are read`() throws {
        let stranger = try StrangerUnderTest.stranger()
        let registry = try registry(host: "first")
        let image = try registry.addAvailable(.made(id: "disk", createdAt: 1_700_000_000)).renamed("changed")
        #expect(try registry.update(image))
        let kept = stranger.images
        stranger.forgetEverything()
        for var record in kept {
            record.properties["glance_registry_record"]?.replace(/&(created|updated)_at=\d+/, with: "")
            stranger.keep(record)
        }

        #expect(try registry.found(image.id).image == image)
    }

    @Test func `a service that counts no versions is told to the operator by check, and does`() throws {
        let stranger = try StrangerUnderTest.stranger()

        let first = try check(registry: stranger.url, listen: "one")
        let again = try check(registry: stranger.url, listen: "one")
        let second = try check(registry: stranger.url, listen: "two")

        for said in [first, again] {
            #expect(said.text.contains("All is well"), "\(said)")
            #expect(said.text.contains("this host alone can use it as its registry"), "\(said)")
        }
        #expect(second.status == 1)
        #expect(second.text.contains("so one host alone can use it"), "\(second)")
    }

    /// What `glance-api check` says, and its status.
    private func check(registry: String, listen: String) throws -> (status: Int32, text: String) {
        let (process, output) = (Process(), Pipe())
        let directory = ScratchDirectory.path
        process.executableURL = URL(
            filePath: ProcessInfo.processInfo.environment["GLANCE_BINARY"] ?? ".build/release/glance-api")
        process.arguments = [
            "check", "--config", "/dev/null", "--listen", "unix:\(directory)/\(listen)", "--registry", registry,
            "--file-directory", "\(directory)/images",
        ]
        (process.standardOutput, process.standardError) = (output, output)
        try process.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, text)
    }

    @Test(.enabled(if: !RecordsUnderTest.sites.isEmpty, "GLANCE_TEST_RECORDS names no service"))
    func `of one that counts versions there is nothing to say`() throws {
        #expect(try RecordsUnderTest.registry().limitation() == nil)
    }
}
