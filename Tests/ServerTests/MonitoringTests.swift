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
            let targets = try #require(panel["targets"] as? [[String: Any]])
            #expect(targets.allSatisfy { ($0["expr"] as? String)?.contains("glance_") == true })
            let place = try #require(panel["gridPos"] as? [String: Int])
            #expect(place["x", default: 0] + place["w", default: 99] <= 24)
        }
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
