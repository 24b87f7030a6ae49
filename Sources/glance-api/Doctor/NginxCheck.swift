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
        guard !nginx.all("scgi_pass").isEmpty else {
            return [
                .problem(
                    subject, "\(file) has nothing of Glance's in it", why: "no request comes to this service",
                    remedy:
                        "put nginx/glance.conf, glance_params and glance.js beside it, and include glance.conf; in its http block; or name another file with --nginx FILE"
                )
            ]
        }
        let problems = (way(nginx, settings) + relied(nginx) + parameters(nginx)).map { what, why, remedy in
            DoctorFinding.problem(subject, what, why: why, remedy: remedy)
        }
        return problems.isEmpty ? [.well(subject, "\(file) leads here, and has what the service relies on")] : problems
    }

    private typealias Problem = (what: String, why: String, remedy: String)

    // MARK: Whether it leads here

    private static func way(_ nginx: NginxConfiguration, _ settings: Settings) -> [Problem] {
        var problems: [Problem] = []
        let servers = nginx.all("server", in: "upstream glance_api").compactMap(\.arguments.first)
        let wanted = address(settings.listen)
        if servers != [wanted] {
            problems.append(
                (
                    "the upstream glance_api is \(servers.joined(separator: ", ")), and listen is \(wanted)",
                    "nginx answers 502", "write `server \(wanted) max_fails=0;` into that block, and nothing else"
                ))
        }
        let roots = nginx.all("alias", in: "location /_glance/images/").compactMap(\.arguments.first)
        if settings.stores.contains("file"), roots != ["\(settings.fileDirectory)/"] {
            problems.append(
                (
                    "the alias of /_glance/images/ is \(roots.joined(separator: ", ")), and file_directory is \(settings.fileDirectory)",
                    "every download is 404", "write `alias \(settings.fileDirectory)/;` there"
                ))
        }
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

    private static func address(_ address: SocketAddress) -> String {
        if case .unix(let path) = address { return "unix:\(path)" }
        return String(address.description.dropFirst("tcp:".count))
    }

    // MARK: What the service relies on

    /// Directives that have to be there as they are, and why.
    private static let fixed: [(name: String, value: String, why: String)] = [
        ("scgi_request_buffering", "off", "uploads would be written to the disk twice"),
        ("underscores_in_headers", "on", "headers like x-image-meta-is_public would be dropped without a word"),
        ("ignore_invalid_headers", "off", "properties with a point in their names would be dropped without a word"),
        ("merge_slashes", "off", "paths would be judged otherwise than glance-api does"),
        ("scgi_next_upstream", "off", "requests that change something could be made twice"),
        ("max_ranges", "1", "many overlapping ranges keep a disk busy"),
        ("etag", "off", "If-Range would not be right"),
        ("if_modified_since", "before", "RFC 9110 would be broken"),
    ]

    /// Directives whose sizes have a least value.
    private static let sizes: [(name: String, argument: Int, bytesMin: Int64, why: String)] = [
        ("scgi_buffer_size", 0, 128 << 10, "the head of an image with much metadata would be 502"),
        ("client_body_buffer_size", 0, 64 << 10, "uploads would be slow"),
        ("large_client_header_buffers", 1, 16 << 10, "requests with much metadata would be refused"),
    ]

    private static func relied(_ nginx: NginxConfiguration) -> [Problem] {
        var problems: [Problem] = []
        for (name, value, why) in fixed where !nginx.all(name).contains(where: { $0.arguments == [value] }) {
            problems.append(("\(name) is not \(value)", why, "take over nginx/glance.conf as it is shipped"))
        }
        for (name, argument, least, why) in sizes {
            let found = nginx.all(name).compactMap { $0.arguments.dropFirst(argument).first }
            guard !found.contains(where: { (NginxConfiguration.bytes($0) ?? 0) >= least }) else { continue }
            problems.append(
                ("\(name) is \(found.first ?? "not set")", why, "take over nginx/glance.conf as it is shipped"))
        }
        let bodies = nginx.all("client_max_body_size", in: "server").filter { $0.blocks.last == "server" }
        if !bodies.contains(where: { $0.arguments == ["0"] }) {
            problems.append(
                (
                    "client_max_body_size of Glance's server is not 0", "large images would be refused with 413",
                    "write `client_max_body_size 0;` into that server block"
                ))
        }
        return problems
    }

    /// Parameters that glance-api believes, and what nginx has to put into them.
    private static let parameters = [
        "SCGI": "1", "REQUEST_METHOD": "$request_method", "REQUEST_URI": "$request_uri", "REQUEST_SCHEME": "$scheme",
        "SERVER_ADDR": "$server_addr", "SERVER_PORT": "$server_port", "REQUEST_ID": "$request_id",
        "BODY_LENGTH": "$content_length", "HTTP_CONTENT_LENGTH": "", "HTTP_PROXY": "",
    ]

    private static func parameters(_ nginx: NginxConfiguration) -> [Problem] {
        let given = nginx.all("scgi_param").filter { $0.arguments.count == 2 }
        var wrong = parameters.filter { name, value in
            let values = given.filter { $0.arguments[0] == name }.map { $0.arguments[1] }
            return values.isEmpty || values.contains { $0 != value }
        }.keys.sorted()
        if !given.contains(where: { $0.arguments == ["LISTENER", "public"] }) { wrong.append("LISTENER") }
        guard !wrong.isEmpty else { return [] }
        return [
            (
                "SCGI parameters are missing or other than they should be: \(wrong.joined(separator: ", "))",
                "glance-api believes them: truncated images, or requests of others, would be taken for good",
                "take over nginx/glance_params as it is shipped, and include it in each block that has an scgi_param"
            )
        ]
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
