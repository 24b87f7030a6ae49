import Foundation
import Testing

/// Targets are walls: what may come through stands in a table of docs/architecture.md, and in no second place.
@Suite struct WallTests {
    private static let project = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    /// What the toolchain brings, for every target.
    private static let toolchain: Set = ["Dispatch", "Foundation", "FoundationEssentials", "Glibc", "Synchronization"]

    @Test func `every import in Sources is allowed by the table`() throws {
        let walls = try Self.walls()

        for target in try Self.targets() {
            let allowed = try #require(walls[target], "the table has no row for \(target)")
            for (file, imported) in try Self.imports(of: target) where !allowed.contains(imported) {
                Issue.record("\(file) imports \(imported), which \(target) may not: see docs/architecture.md")
            }
        }
    }

    @Test func `the table has no target that is not there`() throws {
        #expect(try Set(Self.walls().keys) == Set(Self.targets()))
    }

    @Test func `the manifest gives each target what the table allows, and nothing else`() throws {
        let manifest = try String(contentsOf: Self.project.appending(path: "Package.swift"), encoding: .utf8)
        let libraries = manifest.matches(of: /wall\(\s*"([\w-]+)"(?:,\s*\[([^\]]*)\])?\s*\)/)
            .map { ($0.1, $0.2 ?? "") }
        let programs = manifest.matches(of: /name: "([\w-]+)",\s*dependencies: \[([^\]]*)\]/).map { ($0.1, $0.2) }

        let given = Dictionary(
            uniqueKeysWithValues: (libraries + programs).map { target, imports in
                (String(target), Set(imports.matches(of: /"([\w-]+)"/).map { String($0.1) }))
            })

        #expect(try given == Self.walls().mapValues { $0.subtracting(Self.toolchain) })
    }

    @Test func `no target can reach itself`() throws {
        let walls = try Self.walls()
        var settled: Set<String> = []

        while let next = walls.first(where: {
            !settled.contains($0.key) && $0.value.subtracting(Self.toolchain).isSubset(of: settled)
        }) {
            settled.insert(next.key)
        }

        #expect(settled == Set(walls.keys))
    }

    @Test func `the package depends on no other package`() throws {
        let manifest = try String(contentsOf: Self.project.appending(path: "Package.swift"), encoding: .utf8)

        #expect(!manifest.contains(".package("))
    }

    /// The rows `| target | may import | …` of the table of walls.
    private static func walls() throws -> [String: Set<String>] {
        let text = try String(contentsOf: project.appending(path: "docs/architecture.md"), encoding: .utf8)
        let table = try #require(text.split(separator: "| target | may import |").dropFirst().first)
        var walls: [String: Set<String>] = [:]
        for line in table.split(separator: "\n").dropFirst(2).prefix(while: { $0.hasPrefix("|") }) {
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            walls[cells[0]] = Set(cells[1].split(separator: ", ").map(String.init)).union(toolchain)
        }
        return walls
    }

    private static func targets() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: project.appending(path: "Sources").path)
    }

    private static func imports(of target: String) throws -> [(file: String, imported: String)] {
        let directory = project.appending(path: "Sources/\(target)")
        let files = try FileManager.default.subpathsOfDirectory(atPath: directory.path).filter {
            $0.hasSuffix(".swift")
        }
        return try files.flatMap { file in
            let text = try String(contentsOf: directory.appending(path: file), encoding: .utf8)
            return text.matches(
                of:
                    /(?m)^(?:@\w+(?:\(\w+\))?\s+)*(?:(?:public|package|internal|private)\s+)?import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias)\s+)?(\w+)/
            )
            .map { ("\(target)/\(file)", String($0.1)) }
        }
    }
}
