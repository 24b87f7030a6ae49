/// A server of nginx's configuration, with what it inherits.
struct NginxServer {
    /// The server itself, outside of its locations.
    let itself: NginxPlace
    let locations: [NginxPlace]

    init(_ server: [NginxConfiguration.Directive], in http: [NginxConfiguration.Directive]) {
        itself = NginxPlace(name: "the server", blocks: [server, http])
        locations = Self.locations(in: itself)
    }

    private static func locations(in place: NginxPlace) -> [NginxPlace] {
        place.own("location").flatMap { location in
            let inner = NginxPlace(
                name: (["location"] + location.arguments).joined(separator: " "),
                blocks: [location.block ?? []] + place.blocks)
            return [inner] + locations(in: inner)
        }
    }

    /// The locations that hand requests to one of these addresses.
    func passing(to addresses: [String]) -> [NginxPlace] {
        locations.filter { $0.own("scgi_pass").contains { addresses.contains($0.arguments.first ?? "") } }
    }
}

/// A place where a request is handled: a block, and those around it.
struct NginxPlace {
    let name: String
    /// The innermost first.
    let blocks: [[NginxConfiguration.Directive]]

    func own(_ name: String) -> [NginxConfiguration.Directive] { blocks[0].filter { $0.name == name } }

    /// What nginx goes by: the directives of that name in the innermost block that has any. One there discards all that
    /// stands further out.
    func effective(_ name: String) -> [NginxConfiguration.Directive] {
        for block in blocks {
            let found = block.filter { $0.name == name }
            if !found.isEmpty { return found }
        }
        return []
    }

    /// Those of an SCGI parameter.
    func parameter(_ name: String) -> [String] {
        effective("scgi_param").filter { $0.arguments.first == name }.compactMap { $0.arguments.dropFirst().first }
    }
}
