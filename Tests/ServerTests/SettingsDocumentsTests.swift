import Foundation
import Testing

@testable import glance_api

/// The texts that are made from the table of settings, and the pages that were.
struct SettingsDocumentsTests {
    @Test func `docs/configuration.md is what the table says`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = try String(contentsOf: root.appending(path: "docs/configuration.md"), encoding: .utf8)

        #expect(page == SettingsDocuments.markdown, "write it anew: glance-api settings --markdown")
    }

    @Test func `the sample file is taken with every line uncommented, and changes nothing`() throws {
        let lines = SettingsDocuments.sample.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.hasPrefix("#") && !line.hasPrefix("# ") ? line.dropFirst() : line
        }
        var sources = SettingsSources()

        try sources.take(file: lines.joined(separator: "\n"), named: "sample")

        #expect(sources.values.values.allSatisfy { $0.place.hasPrefix("sample:") })
        #expect(try Settings(sources).text == (try Settings(SettingsSources())).text)
    }

    @Test func `the sample file as it is sets nothing`() throws {
        var sources = SettingsSources()

        try sources.take(file: SettingsDocuments.sample, named: "sample")

        #expect(sources.values.values.allSatisfy { $0.place == "default" })
    }

    @Test func `no line of text in the manual page is taken for a command`() {
        let commands = [".TH", ".SH", ".TP", ".B", ".BR", ".nf", ".fi"]

        for line in ManualPage.text.split(separator: "\n") where line.hasPrefix(".") || line.hasPrefix("'") {
            #expect(commands.contains { line.hasPrefix("\($0) ") || line == $0 }, "\(line)")
        }
    }

    @Test func `there are at most 40 settings, each named once`() {
        #expect(Setting.all.count <= 40)
        #expect(Set(Setting.all.map(\.key)).count == Setting.all.count)
    }

    @Test(arguments: Setting.all.map(\.key)) func `a setting can be read about everywhere`(key: String) {
        #expect(SettingsDocuments.help.contains("\n  \(key) = "))
        #expect(ManualPage.text.contains("\n\\fB\(key)\\fR = "))
        #expect(SettingsDocuments.list.split(separator: "\n").contains(Substring(key)))
        #expect(SettingsDocuments.sample.contains("\n#\(key) = "))
        #expect(SettingsDocuments.markdown.contains("\n| `\(key)` | "))
    }

    @Test(arguments: Setting.all.map(\.key)) func `a setting fits its documents`(key: String) throws {
        let setting = try #require(Setting.all.first { $0.key == key })

        #expect(key.allSatisfy { $0 == "_" || $0.isLowercase && $0.isASCII })
        // A table of Markdown would break.
        #expect(!setting.meaning.contains("|"))
        #expect(!setting.meaning.contains("\n"))
    }

    @Test func `a bound's name says its unit`() {
        let units = ["bytes", "seconds", "images", "threads", "transfers", "connections"]

        for key in Setting.all.map(\.key) where key.hasSuffix("_max") || key.hasSuffix("_min") {
            #expect(units.contains { key.contains($0) }, "\(key)")
        }
    }
}
