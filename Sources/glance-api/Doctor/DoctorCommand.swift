import Bytes
import GlanceModel
import GlanceWire
import Glibc

/// `glance-api doctor`: looks at everything that the service needs, and says what is wrong, why that matters and what to
/// do. It changes nothing.
struct DoctorCommand {
    static let flags = ["--json"]

    private let asJSON: Bool
    /// The configuration file of nginx to look at; nil for that of the running one.
    private let nginxFile: String?

    init(flags: [String], nginxFile: String?) {
        asJSON = flags.contains("--json")
        self.nginxFile = nginxFile
    }

    /// 0 where no problem was found. `read` gives the settings.
    func run(reading read: () throws -> Settings) -> Int32 {
        let findings = findings(reading: read)
        for finding in findings { print(asJSON ? finding.json : finding.text, terminator: "") }
        return findings.contains { $0.level == .problem } ? 1 : 0
    }

    private func findings(reading read: () throws -> Settings) -> [DoctorFinding] {
        let settings: Settings
        do {
            settings = try read()
        } catch {
            return [
                .problem(
                    "settings", "\(error)", why: "glance-api does not start with them",
                    remedy: "correct that line; glance-api help names every setting")
            ]
        }
        let assembly = Assembly(settings)
        return [.well("settings", "they can be, and go together")] + HostCheck(assembly).findings
            + DataCheck(assembly).findings + identity(settings) + NginxCheck(settings, file: nginxFile).findings
    }

    private func identity(_ settings: Settings) -> [DoctorFinding] {
        if settings.asksGateway {
            guard let keystone = settings.keystone else { return [.well("identity", "nginx says who asks")] }
            do { try keystone.look() } catch {
                return [
                    .problem(
                        "identity", "\(error)", why: "requests with a token are 503",
                        remedy: "correct keystone_url or ca_file; or look after Keystone")
                ]
            }
            return [.well("identity", "nginx says who asks, and \(keystone.server) whose tokens are whose")]
        }
        guard settings.open else { return [.well("identity", "requests from other hosts are refused")] }
        return [
            .warning(
                "identity", "identity = none and open = true: everybody who reaches the port may do everything",
                why: "anyone can delete every image", remedy: "set open = false, or let nginx ask for a login")
        ]
    }
}

/// A failure in the operator's words.
func reason(_ error: any Error) -> String {
    guard let failure = error as? Failure else { return "\(error)" }
    return failure.operatorReason ?? failure.message
}
