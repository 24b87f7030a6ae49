import Foundation
import Testing

/// Sessions in documents, typed as they stand there.
@Suite struct ReadmeTests {
    private static let hasPackages = ["linux-image", "grub-rescue-pc"].allSatisfy { name in
        debianPackages.contains { $0.hasPrefix(name) }
    }

    @Test(.enabled(if: hasPackages, "Debian's packages cannot be had here"))
    func `every command of the README's tour works, and prints what it says`() throws {
        try type("README.md", at: Site(["--store", "file"]))
    }

    @Test(
        .enabled(if: hasPackages, "Debian's packages cannot be had here"),
        .enabled(if: Site.withSwift != nil, "there is no OpenStack Swift here"))
    func `every command on the page about stores works, and prints what it says`() throws {
        try type("docs/stores.md", at: Site(["--store", "swift", "--set", "swift_segment_bytes=100000000"]))
    }

    private func type(_ document: String, at site: Site) throws {
        let text = try String(contentsOfFile: "\(Site.project)/\(document)", encoding: .utf8)
        let steps = Tour.steps(in: text)
        let glance = try GlanceCommand(url: site.url)
        defer { try? FileManager.default.removeItem(atPath: glance.directory) }
        #expect(steps.count >= 5)

        for step in steps {
            let command = step.command.replacing("http://127.0.0.1:9292", with: site.url)
            let output = try glance.shell(
                command, program: ["bash", "-euo", "pipefail", "-c"], environment: ["GLANCE_DIR": site.directory])

            #expect(output.status == 0, "\(command): \(output.errors)")
            for line in step.printed {
                let expected = line.replacing("http://127.0.0.1:9292", with: site.url)
                #expect(output.text.contains(expected), "\(command) printed \(output.text)")
            }
        }
    }
}

/// The `$ command` lines of a document's block ```console, each with what it is said to print; `…` stands for anything.
enum Tour {
    struct Step {
        var command: String
        var printed: [String]
    }

    static func steps(in document: String) -> [Step] {
        var steps: [Step] = []
        var isInside = false
        for line in document.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("```") {
                isInside = line == "```console"
            } else if isInside, line.hasPrefix("$ ") {
                steps.append(Step(command: String(line.dropFirst(2)), printed: []))
            } else if isInside, let last = steps.indices.last {
                if steps[last].command.hasSuffix("\\") {
                    steps[last].command += "\n\(line)"
                } else if !line.isEmpty {
                    steps[last].printed += line.components(separatedBy: "…").filter { !$0.isEmpty }
                }
            }
        }
        return steps
    }
}
