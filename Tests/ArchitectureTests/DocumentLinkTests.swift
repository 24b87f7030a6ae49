import Foundation
import Testing

/// Links between the documents lead to a file and a heading that are there, and each heading is one of its kind.
@Suite struct DocumentLinkTests {
    private static let project = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Paths below the project, and what stands there outside of examples.
    private static func documents() throws -> [String: String] {
        let names = try FileManager.default.subpathsOfDirectory(atPath: project.appending(path: "docs").path)
        let paths = names.filter { $0.hasSuffix(".md") }.map { "docs/\($0)" } + ["README.md"]
        return try Dictionary(
            uniqueKeysWithValues: paths.map { path in
                let text = try String(contentsOf: project.appending(path: path), encoding: .utf8)
                return (path, text.replacing(/(?ms)^ *```.*?^ *```/, with: ""))
            })
    }

    /// As a heading becomes the end of a link on the pages that show Markdown.
    private static func anchors(_ text: String) -> [String] {
        text.matches(of: /(?m)^#+ (.+)$/).map { heading in
            String(heading.1.lowercased().filter { $0.isLetter || $0.isNumber || " -_".contains($0) })
                .replacing(" ", with: "-")
        }
    }

    @Test func `every link leads to a heading that is there`() throws {
        let documents = try Self.documents()
        #expect(documents.count > 10)

        for (path, text) in documents {
            for link in text.matches(of: /\]\((?!https?:)([^)\s#]*)(?:#([^)\s]+))?\)/) {
                let folder = URL(filePath: path, relativeTo: Self.project).deletingLastPathComponent()
                let target =
                    link.1.isEmpty
                    ? path
                    : folder.appending(path: String(link.1)).standardized.path.replacing(
                        Self.project.path + "/", with: "")
                #expect(
                    FileManager.default.fileExists(atPath: Self.project.appending(path: target).path),
                    "\(path) links to \(link.0)")
                guard let anchor = link.2, let there = documents[target] else { continue }
                #expect(Self.anchors(there).contains(String(anchor)), "\(path) links to \(link.0)")
            }
        }
    }

    @Test func `no document has the same heading twice`() throws {
        for (path, text) in try Self.documents() {
            let anchors = Self.anchors(text)
            #expect(Set(anchors).count == anchors.count, "\(path)")
        }
    }
}
