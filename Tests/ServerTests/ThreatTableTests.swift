import Foundation
import Testing

/// docs/threats.md says which test tries what: a claim that no test backs is none.
@Suite struct ThreatTableTests {
    private static let project = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    @Test func `each threat names a test that is there`() throws {
        let rows = try String(contentsOf: Self.project.appending(path: "docs/threats.md"), encoding: .utf8)
            .split(separator: "\n").filter { $0.hasPrefix("| ") && !$0.hasPrefix("| threat |") }
        let tests = try Self.testNames()

        #expect(rows.count > 40)
        for row in rows {
            let named = row.split(separator: "|").last { !$0.allSatisfy { $0 == " " } } ?? ""
            let name = named.trimmingCharacters(in: CharacterSet(charactersIn: " `"))
            #expect(tests.contains(name) || FileManager.default.fileExists(atPath: script(in: name)), "\(row)")
        }
    }

    /// A row may name a script in a test's place: `deploy/soak`.
    private func script(in cell: String) -> String {
        let word = cell.split { " `,".contains($0) }.first { $0.hasPrefix("deploy/") }
        return Self.project.appending(path: String(word ?? "no script")).path
    }

    private static func testNames() throws -> Set<String> {
        let directory = project.appending(path: "Tests").path
        let files = try FileManager.default.subpathsOfDirectory(atPath: directory).filter { $0.hasSuffix(".swift") }
        return try files.reduce(into: []) { names, file in
            let text = try String(contentsOfFile: "\(directory)/\(file)", encoding: .utf8)
            names.formUnion(text.matches(of: /func `([^`]+)`/).map { String($0.1) })
        }
    }
}
