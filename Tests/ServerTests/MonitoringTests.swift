import Foundation
import GlanceModel
import Testing
import Workers

@testable import glance_api

/// The files for Prometheus and Grafana, and the page about them: they name what there is.
@Suite struct MonitoringTests {
    private static let docs = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "docs")

    private static func text(_ path: String) throws -> String {
        try String(contentsOf: docs.appending(path: path), encoding: .utf8)
    }

    /// Every metric that the service tells, with what it is.
    private static func metrics() throws -> [String: Substring] {
        let text = Metrics(page: try SharedPage(), worker: 0).text(stores: StoreSet([], default: .file))
        let lines = text.matches(of: #/(?m)^# TYPE (glance_[a-z_]+) ([a-z]+)$/#)
        return Dictionary(uniqueKeysWithValues: lines.map { (String($0.1), $0.2) })
    }

    /// The metrics that expressions name; a histogram by any of its three series.
    private static func named(in text: String) throws -> Set<String> {
        let metrics = try metrics()
        return Set(
            text.matches(of: #/glance_[a-z_]+/#).map { match in
                let name = String(match.output)
                let family = name.replacing(#/_(bucket|sum|count)$/#, with: "")
                return metrics[family] == "histogram" && family != name ? family : name
            })
    }

    @Test(arguments: ["monitoring/alerts.yml", "monitoring/dashboard.json"])
    func `every metric that is asked for exists`(path: String) throws {
        let named = try Self.named(in: Self.text(path))

        #expect(named.count > 8)
        for name in named { #expect(try Self.metrics()[name] != nil, "\(name) in \(path)") }
    }

    @Test func `a histogram is asked for by its series, and nothing else is`() throws {
        let metrics = try Self.metrics()
        for path in ["monitoring/alerts.yml", "monitoring/dashboard.json"] {
            for match in try Self.text(path).matches(of: #/glance_[a-z_]+/#) {
                #expect(metrics[String(match.output)] != "histogram", "\(match.output) in \(path)")
            }
        }
    }

    @Test func `the dashboard is JSON as Grafana takes it`() throws {
        let data = try Data(contentsOf: Self.docs.appending(path: "monitoring/dashboard.json"))
        let dashboard = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let panels = try #require(dashboard["panels"] as? [[String: Any]])

        #expect(dashboard["title"] as? String == "Glance")
        #expect(dashboard["schemaVersion"] as? Int != nil)
        #expect(Set(panels.compactMap { $0["id"] as? Int }).count == panels.count)
        for panel in panels {
            #expect(["stat", "timeseries"].contains(panel["type"] as? String))
            #expect((panel["title"] as? String)?.isEmpty == false)
            let targets = try #require(panel["targets"] as? [[String: Any]])
            #expect(targets.allSatisfy { ($0["expr"] as? String)?.contains("glance_") == true })
            #expect(Set(targets.compactMap { $0["refId"] as? String }).count == targets.count)
            for source in [panel] + targets {
                #expect(source["datasource"] as? [String: String] == ["type": "prometheus", "uid": "${datasource}"])
            }
            let fields = try #require(panel["fieldConfig"] as? [String: Any])
            #expect(fields["defaults"] is [String: Any] && fields["overrides"] is [Any])
            #expect(panel["options"] is [String: Any])
        }
    }

    @Test func `no panel of the dashboard is on another, and every variable is made`() throws {
        let data = try Data(contentsOf: Self.docs.appending(path: "monitoring/dashboard.json"))
        let dashboard = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let panels = try #require(dashboard["panels"] as? [[String: Any]])
        let templating = try #require(dashboard["templating"] as? [String: [[String: Any]]])
        var taken: Set<[Int]> = []

        for panel in panels {
            let place = try #require(panel["gridPos"] as? [String: Int])
            let (x, y) = (try #require(place["x"]), try #require(place["y"]))
            let (width, height) = (try #require(place["w"]), try #require(place["h"]))
            #expect(x + width <= 24)
            for column in x..<x + width {
                for row in y..<y + height { #expect(taken.insert([column, row]).inserted, "\(column), \(row)") }
            }
        }
        let made = Set(try #require(templating["list"]).compactMap { $0["name"] as? String })
        let used = Set(try Self.text("monitoring/dashboard.json").matches(of: #/\$\{?([a-z_]+)/#).map { String($0.1) })
        #expect(used.subtracting(["__all", "__rate_interval"]) == made)
    }

    private static let hasPromtool = system("command -v promtool >/dev/null") == 0

    /// What promtool says of a file, with its status.
    private func promtool(_ arguments: String, _ file: String) throws -> (said: String, status: Int32) {
        let stream = try #require(popen("promtool \(arguments) '\(file)' 2>&1", "r"))
        var said = ""
        var line = [CChar](repeating: 0, count: 4096)
        while fgets(&line, Int32(line.count), stream) != nil {
            said += String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        return (said, pclose(stream) >> 8)
    }

    @Test(.enabled(if: hasPromtool, "there is no promtool: it is in Debian's package prometheus"))
    func `Prometheus takes the alert rules, and they fire when they should`() throws {
        let files = [
            ("check rules", "../docs/monitoring/alerts.yml"), ("test rules", "../Tests/Fixtures/alerts-test.yml"),
        ]
        for (arguments, file) in files {
            let (said, status) = try promtool(arguments, Self.docs.appending(path: file).standardized.path)
            #expect(status == 0, "\(said)")
        }
    }

    @Test(.enabled(if: hasPromtool, "there is no promtool: it is in Debian's package prometheus"))
    func `Prometheus understands every expression of the dashboard`() throws {
        let data = try Data(contentsOf: Self.docs.appending(path: "monitoring/dashboard.json"))
        let dashboard = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let panels = try #require(dashboard["panels"] as? [[String: Any]])
        let targets = panels.flatMap { $0["targets"] as? [[String: Any]] ?? [] }
        let expressions = targets.compactMap { $0["expr"] as? String }
        // What Grafana puts in the place of its variables.
        let rules = expressions.enumerated().map { number, expression in
            let filled = expression.replacing("$__rate_interval", with: "1m").replacing("$instance", with: "a")
            return "  - record: panel:\(number)\n    expr: \(String(reflecting: filled))\n"
        }
        let file = NSTemporaryDirectory() + "glance-rules-\(UUID().uuidString).yml"
        defer { unlink(file) }
        try "groups:\n- name: dashboard\n  rules:\n\(rules.joined())".write(
            toFile: file, atomically: true, encoding: .utf8)

        let (said, status) = try promtool("check rules", file)

        #expect(expressions.count > 10)
        #expect(status == 0, "\(said)")
    }

    @Test func `the run book explains every metric and every alert`() throws {
        let page = try Self.text("operations.md")

        for name in try Self.metrics().keys { #expect(page.contains("| `\(name)"), "\(name) is not explained") }
        let alerts = try Self.text("monitoring/alerts.yml").matches(of: #/alert: (\w+)/#)
        #expect(alerts.count > 8)
        for alert in alerts { #expect(page.contains("| `\(alert.1)` |"), "\(alert.1) is not explained") }
    }

    @Test func `the run book explains no metric that is not there`() throws {
        let explained = try Self.text("operations.md").matches(of: #/(?m)^\| `(glance_[a-z_]+)/#)

        for match in explained { #expect(try Self.metrics()[String(match.1)] != nil, "\(match.1)") }
    }
}
