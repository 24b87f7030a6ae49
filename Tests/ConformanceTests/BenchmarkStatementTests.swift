import Foundation
import Testing

@testable import GlanceRegistry

/// What `deploy/bench` has pgbench do bare are the registry's own statements.
struct BenchmarkStatementTests {
    private static let project = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// A file's text with one blank where it has any.
    private func text(_ file: String) throws -> String {
        words(try String(contentsOfFile: "\(Self.project)/\(file)", encoding: .utf8))
    }

    private func words(_ text: String) -> String { text.split(whereSeparator: \.isWhitespace).joined(separator: " ") }

    @Test(arguments: ["head", "page", "again"])
    func `images are read with all that the registry reads of them`(script: String) throws {
        #expect(try text("deploy/bench.d/registry-\(script).sql").contains(words(PostgreSQLRegistry.columns)))
    }

    @Test func `an image is added with all that the registry adds`() throws {
        let columns = /INSERT INTO images \([^)]*\)/
        let source = try text("Sources/GlanceRegistry/PostgreSQLRegistry+Leases.swift")
        let script = try text("deploy/bench.d/registry-add.sql")

        #expect(try #require(script.firstMatch(of: columns)).0 == #require(source.firstMatch(of: columns)).0)
    }

    @Test func `an image is changed in all that the registry changes`() throws {
        func columns(_ file: String) throws -> [String] {
            let set = try #require(try text(file).firstMatch(of: /UPDATE images SET name = .*? WHERE\b/)).0
            return set.matches(of: /(\w+) =\s/).map { String($0.1) }
        }

        let script = try columns("deploy/bench.d/registry-update.sql")

        #expect(script == (try columns("Sources/GlanceRegistry/PostgreSQLRegistry.swift")))
        #expect(script.contains("version"))
    }
}
