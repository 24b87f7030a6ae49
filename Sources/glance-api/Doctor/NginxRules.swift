/// What the service relies on in nginx's configuration, looked for in each place that hands requests to it, as nginx goes by
/// it there: a directive of a location's own counts, and not the one further out that it hides.
struct NginxRules {
    /// Servers for clients.
    let open: [NginxServer]
    /// Those whose requests come as a monitor's.
    private let health: [NginxServer]
    private let addresses: [String]

    init(_ servers: [NginxServer], to addresses: [String]) {
        self.addresses = addresses
        health = servers.filter { server in
            server.passing(to: addresses).allSatisfy { $0.parameter("LISTENER") == ["health"] }
        }
        open = servers.filter { server in
            server.passing(to: addresses).contains { $0.parameter("LISTENER") != ["health"] }
        }
    }

    var problems: [NginxCheck.Problem] {
        guard !open.isEmpty else {
            return [
                ("there is no server for clients in it, only one for health", "nobody can fetch an image", Self.shipped)
            ]
        }
        return directives + sizes + bodies + listeners + parameters
    }

    private static let shipped =
        "take it over as it was shipped: glance.conf of the sources, /etc/nginx/sites-available/glance of the package"

    /// The places that hand a client's request on.
    var passing: [NginxPlace] {
        open.flatMap { $0.passing(to: addresses) }.filter { !Self.asksIdentity($0) }
    }

    /// The places where nginx sends image files.
    var images: [NginxPlace] {
        open.flatMap(\.locations).filter { $0.name.hasSuffix(" /_glance/images/") }
    }

    private static func asksIdentity(_ place: NginxPlace) -> Bool { place.parameter("LISTENER") == ["identity"] }

    // MARK: Directives

    private typealias Rule = (name: String, value: String, why: String)

    private static let whereRequestsPass: [Rule] = [
        ("scgi_request_buffering", "off", "uploads would be written to the disk twice"),
        ("scgi_next_upstream", "off", "requests that change something could be made twice"),
    ]

    private static let inServers: [Rule] = [
        ("underscores_in_headers", "on", "headers like x-image-meta-is_public would be dropped without a word"),
        ("ignore_invalid_headers", "off", "properties with a point in their names would be dropped without a word"),
        ("merge_slashes", "off", "paths would be judged otherwise than glance-api does"),
    ]

    private static let whereImagesAre: [Rule] = [
        ("js_header_filter", "glance.metadata", "images would come without their metadata"),
        ("max_ranges", "1", "many overlapping ranges keep a disk busy"),
        ("etag", "off", "If-Range would not be right"),
        ("if_modified_since", "before", "RFC 9110 would be broken"),
    ]

    private var directives: [NginxCheck.Problem] {
        broken(Self.whereRequestsPass, in: passing) + broken(Self.inServers, in: open.map(\.itself))
            + broken(Self.whereImagesAre, in: images)
            + broken([("js_import", "glance", "nginx would not find what glance.js has")], in: open.map(\.itself))
    }

    /// The first argument is what counts.
    private func broken(_ rules: [Rule], in places: [NginxPlace]) -> [NginxCheck.Problem] {
        rules.compactMap { name, value, why in
            let place = places.first { place in
                !place.effective(name).contains { $0.arguments.first == value }
            }
            return place.map { ("\(name) is not \(value) in \($0.name)", why, Self.shipped) }
        }
    }

    /// Directives whose sizes have a least value.
    private static let leastSizes: [(name: String, argument: Int, bytesMin: Int64, why: String)] = [
        ("scgi_buffer_size", 0, 128 << 10, "the head of an image with much metadata would be 502"),
        ("scgi_buffers", 1, 64 << 10, "downloads that a worker sends would be slow"),
        ("client_body_buffer_size", 0, 64 << 10, "uploads would be slow"),
        ("large_client_header_buffers", 1, 16 << 10, "requests with much metadata would be refused"),
    ]

    private var sizes: [NginxCheck.Problem] {
        Self.leastSizes.compactMap { name, argument, least, why in
            let found = passing.lazy.map { place in
                (place, place.effective(name).first?.arguments.dropFirst(argument).first)
            }.first { _, size in (size.flatMap(NginxConfiguration.bytes) ?? 0) < least }
            return found.map { ("\(name) is \($1 ?? "not set") in \($0.name)", why, Self.shipped) }
        }
    }

    /// Chunked bodies alone have a bound here.
    private var bodies: [NginxCheck.Problem] {
        let place = passing.first { place in
            !place.name.contains(" /_glance/")
                && place.effective("client_max_body_size").first?.arguments != ["0"]
        }
        guard let place else { return [] }
        return [
            (
                "client_max_body_size of Glance's server is not 0 in \(place.name)",
                "large images would be refused with 413", "write `client_max_body_size 0;` into that server block"
            )
        ]
    }

    /// How header names are judged is decided by the default server of an address.
    private var listeners: [NginxCheck.Problem] {
        let listen = open.flatMap { $0.itself.own("listen") }.first { !$0.arguments.contains("default_server") }
        guard let listen else { return [] }
        return [
            (
                "listen \(listen.arguments.joined(separator: " ")) has no default_server",
                "another server of that address decides which headers are dropped without a word",
                "write default_server there; where another site has that port, give Glance another one"
            )
        ]
    }

    // MARK: Parameters

    /// Parameters that glance-api believes, and what nginx has to put into them.
    private static let believed = [
        "SCGI": "1", "REQUEST_METHOD": "$request_method", "REQUEST_URI": "$request_uri", "REQUEST_SCHEME": "$scheme",
        "SERVER_ADDR": "$server_addr", "SERVER_PORT": "$server_port", "REQUEST_ID": "$request_id",
        "BODY_LENGTH": "$content_length", "HTTP_CONTENT_LENGTH": "", "HTTP_PROXY": "",
    ]

    /// Those of nginx's own question who a client is.
    private static let believedOfIdentity = [
        "SCGI": "1", "REQUEST_METHOD": "GET", "BODY_LENGTH": "", "HTTP_X_AUTH_TOKEN": "$http_x_auth_token",
    ]

    private var parameters: [NginxCheck.Problem] {
        let places = (open + health).flatMap { $0.passing(to: addresses) }
        let wrong = places.lazy.map { ($0, Self.wrong(in: $0)) }.first { !$0.1.isEmpty }
        guard let (place, names) = wrong else { return [] }
        return [
            (
                "SCGI parameters are missing or other than they should be in \(place.name): \(names.joined(separator: ", "))",
                "glance-api believes them: truncated images, or requests of others, would be taken for good",
                "include glance_params, as it was shipped, in each block that has an scgi_param"
            )
        ]
    }

    private static func wrong(in place: NginxPlace) -> [String] {
        let isIdentity = asksIdentity(place)
        let wanted = isIdentity ? believedOfIdentity : believed
        var wrong = wanted.filter { name, value in place.parameter(name) != [value] }.keys.sorted()
        if !["public", "health", "identity"].contains(place.parameter("LISTENER").joined(separator: " ")) {
            wrong.append("LISTENER")
        }
        if isIdentity, place.effective("scgi_pass_request_headers").first?.arguments != ["off"] {
            wrong.append("scgi_pass_request_headers off")
        }
        return wrong
    }
}
