import Glibc
import Sockets

/// nginx's configuration: that Glance's is in it, leads to this service, and has what the service relies on.
struct NginxCheck {
    private let settings: Settings
    private let file: String?

    init(_ settings: Settings, file: String?) {
        self.settings = settings
        self.file = file
    }

    private static let subject = "nginx"
    private static let secondsMax = 10
    private static let textBytesMax = 4 << 20

    var findings: [DoctorFinding] {
        let file = file ?? Self.runningFile ?? "/etc/nginx/nginx.conf"
        let (text, status) = Self.output("timeout \(Self.secondsMax) nginx -T -c \(Self.quoted(file)) 2>&1")
        guard status == 0 else {
            let line = text.split(separator: "\n").first { $0.contains("[emerg]") || $0.contains("not found") }
            if geteuid() != 0, line?.contains("Permission denied") == true {
                return [
                    .warning(
                        Self.subject, "\(file) was not looked at", why: "only root may ask nginx for all of it",
                        remedy: "call doctor as root too")
                ]
            }
            return [
                .problem(
                    Self.subject, "\(file): \(line ?? "nginx -T failed (\(status))")",
                    why: "nginx does not start with it, or it cannot be read",
                    remedy: "nginx -t -c \(file); call doctor as root, and name the file with --nginx FILE")
            ]
        }
        return Self.judge(NginxConfiguration(text), settings, file: file)
    }

    /// Everything that is wrong with a configuration for this service.
    static func judge(_ nginx: NginxConfiguration, _ settings: Settings, file: String) -> [DoctorFinding] {
        let addresses = ["glance_api", address(settings.listen)]
        let ours = nginx.servers.filter { !$0.passing(to: addresses).isEmpty }
        guard !ours.isEmpty else {
            return [
                .problem(
                    subject, "\(file) has nothing of Glance's in it", why: "no request comes to this service",
                    remedy:
                        "ln -s ../sites-available/glance /etc/nginx/sites-enabled/glance; or include glance.conf in its http block; or name another file with --nginx FILE"
                )
            ]
        }
        let rules = NginxRules(ours, to: addresses)
        let problems = (way(nginx, rules, settings) + rules.problems).map { what, why, remedy in
            DoctorFinding.problem(subject, what, why: why, remedy: remedy)
        }
        let findings = problems + NginxIdentity(rules, settings).findings
        return findings.isEmpty ? [.well(subject, "\(file) leads here, and has what the service relies on")] : findings
    }

    typealias Problem = (what: String, why: String, remedy: String)

    // MARK: Whether it leads here

    private static func way(_ nginx: NginxConfiguration, _ rules: NginxRules, _ settings: Settings) -> [Problem] {
        var problems: [Problem] = []
        let wanted = address(settings.listen)
        let servers = nginx.upstream("glance_api").map { $0.arguments.joined(separator: " ") }
        if servers.map({ $0.prefix { $0 != " " } }) != [wanted[...]] {
            problems.append(
                (
                    "the upstream glance_api is \(servers.joined(separator: ", ")), and listen is \(wanted)",
                    "nginx answers 502", "write `server \(wanted) max_fails=0;` into that block, and nothing else"
                ))
        } else if !servers[0].split(separator: " ").contains("max_fails=0") {
            problems.append(
                (
                    "the upstream glance_api has no max_fails=0",
                    "after one worker that died nginx answers 502 to everybody, for ten seconds",
                    "write `server \(wanted) max_fails=0;` into that block, and nothing else"
                ))
        }
        if settings.stores.contains("file") { problems += images(rules, settings) }
        if !nginx.all("load_module").contains(where: { $0.arguments.first?.hasSuffix("ngx_http_js_module.so") == true })
        {
            problems.append(
                (
                    "the module njs is not loaded", "images would come without their metadata",
                    "apt-get install libnginx-mod-http-js"
                ))
        }
        return problems
    }

    /// Where nginx finds the files that it sends.
    private static func images(_ rules: NginxRules, _ settings: Settings) -> [Problem] {
        let aliases = rules.images.map { $0.effective("alias").first?.arguments.first ?? "missing" }
        guard aliases.isEmpty || aliases.contains(where: { $0 != "\(settings.fileDirectory)/" }) else { return [] }
        let found = aliases.isEmpty ? "missing" : Set(aliases).sorted().joined(separator: ", ")
        return [
            (
                "the alias of /_glance/images/ is \(found), and file_directory is \(settings.fileDirectory)",
                "every download is 404", "write `alias \(settings.fileDirectory)/;` there"
            )
        ]
    }

    private static func address(_ address: SocketAddress) -> String {
        if case .unix(let path) = address { return "unix:\(path)" }
        return String(address.description.dropFirst("tcp:".count))
    }

    // MARK: Asking nginx

    /// The file of the nginx that runs, as its master process was told.
    private static var runningFile: String? {
        let (text, status) = output("ps -eo args 2>/dev/null | grep '^nginx: master process' | head -n 1")
        guard status == 0 else { return nil }
        let words = text.split(whereSeparator: \.isWhitespace)
        guard let flag = words.firstIndex(of: "-c"), flag + 1 < words.endIndex else { return nil }
        return String(words[flag + 1])
    }

    /// What a command of the shell prints, and its exit status.
    private static func output(_ command: String) -> (text: String, status: Int32) {
        guard let stream = popen(command, "r") else { return ("", -1) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&piece, 1, piece.count, stream), count > 0, bytes.count < textBytesMax {
            bytes += piece[..<count]
        }
        let status = pclose(stream)
        return (String(decoding: bytes, as: UTF8.self), status & 0x7F == 0 ? status >> 8 & 0xFF : -1)
    }

    private static func quoted(_ path: String) -> String {
        "'" + path.replacing("'", with: "'\\''") + "'"
    }
}
