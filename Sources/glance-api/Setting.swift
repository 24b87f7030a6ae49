/// One setting: everything that the parser, the help, the sample file and the documentation know of it.
struct Setting {
    enum Kind {
        case text
        case number(ClosedRange<Int64>)
        case flag
        case choices([String])
        case names([String])
    }

    let key: String
    let kind: Kind
    let standard: String
    /// What it is for, in the words of the documentation; units included.
    let meaning: String

    init(_ key: String, _ kind: Kind, _ standard: String, _ meaning: String) {
        self.key = key
        self.kind = kind
        self.standard = standard
        self.meaning = meaning
    }

    /// What is wrong with a value; nil when nothing is.
    func problem(with value: String) -> String? {
        switch kind {
        case .text:
            return nil
        case .number(let range):
            guard let number = Int64(value), range.contains(number) else {
                return "it takes a whole number from \(range.lowerBound) to \(range.upperBound), not “\(value)”"
            }
        case .flag:
            guard ["true", "false"].contains(value) else { return "it takes true or false, not “\(value)”" }
        case .choices(let choices):
            guard choices.contains(value) else {
                return "it takes \(choices.joined(separator: " or ")), not “\(value)”"
            }
        case .names(let names):
            let given = value.split(separator: " ")
            guard given.allSatisfy({ names.contains(String($0)) }) else {
                return "it takes names out of \(names.joined(separator: ", ")), not “\(value)”"
            }
        }
        return nil
    }
}

extension Setting {
    private static let bytes = Int64(0)...Int64.max
    private static let seconds = Int64(1)...86_400

    /// Every setting there is. The parser, `glance-api help`, the sample file and docs/configuration.md come from here.
    static let all: [Setting] = [
        Setting(
            "listen", .text, "unix:/run/glance/glance-api.sock",
            "Where nginx finds this service: `unix:/PATH`, or `tcp:ADDRESS:PORT`. A socket that systemd hands over (`LISTEN_FDS`) comes before it."
        ),
        Setting(
            "group", .text, "",
            "The group that nginx runs as: it may use the Unix socket and read image files. Empty: this service's own group."
        ),
        Setting("workers", .number(0...64), "0", "Worker processes. 0: one for each processor core."),
        Setting(
            "threads_max", .number(2...512), "128",
            "Threads in each worker at the most, and so requests that it serves at a time. It starts with 2 and grows whenever requests wait for something."
        ),
        Setting(
            "transfers_max", .number(1...511), "96",
            "Image transfers through each worker at a time at the most; one more is answered 503. Less than `threads_max`, so that metadata always finds a thread."
        ),
        Setting(
            "client_idle_seconds_max", .number(seconds), "60",
            "Seconds without a byte after which a client that sends or takes an image counts as gone. At most half of `lease_seconds`."
        ),
        Setting(
            "drain_seconds_max", .number(seconds), "60",
            "Seconds that requests in hand have to end in when the service is told to stop."),
        Setting(
            "registry", .text, "sqlite:///var/lib/glance/registry.sqlite",
            "Where metadata live: `sqlite://` and the absolute path of the database file, which is made if it is missing; or `postgresql://USER@HOST/DATABASE`, with whatever libpq takes behind a question mark, as in `?passfile=/etc/glance/pgpass&sslmode=verify-full`. Keep the password in the passfile. Or the `http` or `https` URL of another service that speaks this API for metadata."
        ),
        Setting(
            "registry_credentials_file", .text, "",
            "For a registry that is another service: a file of lines `user = …` and `password = …`. Empty: it asks for none."
        ),
        Setting(
            "registry_busy_seconds_max", .number(seconds), "10",
            "Seconds to wait for another process that writes to the registry; with PostgreSQL for a free connection, for a host that is connected to, and for the answer to a statement. Then the answer is 503."
        ),
        Setting(
            "registry_connections_max", .number(1...1000), "8",
            "Connections to PostgreSQL of each process at the most: so many for each worker, and at most one for the janitor."
        ),
        Setting(
            "read_only", .flag, "false",
            "True: nothing can be added, changed or deleted (503), and the janitor rests. For moving the registry."),
        Setting(
            "stores", .names(["file", "swift"]), "file",
            "Image stores to offer, by name, with blanks between them. Empty: metadata alone, for other services that keep their records here."
        ),
        Setting("default_store", .choices(["file", "swift"]), "file", "The store of images that name none."),
        Setting(
            "file_directory", .text, "/var/lib/glance/images",
            "The directory of the file store; its parent must exist. nginx's configuration names it too."),
        Setting(
            "swift_auth", .choices(["v1", "keystone"]), "v1",
            "How OpenStack Swift is shown who asks: `v1` (`X-Auth-User` and `X-Auth-Key`), or `keystone` (Identity API v3)."
        ),
        Setting(
            "swift_auth_url", .text, "",
            "Where tokens for OpenStack Swift come from: `https://swift.example.com/auth/v1.0`, or `https://keystone.example.com:5000/v3`."
        ),
        Setting(
            "swift_credentials_file", .text, "/etc/glance/swift-credentials",
            "Lines `key = value`. For `v1`: `user`, `key`. For `keystone`: `user`, `user_domain`, `password`, `project`, `project_domain`; or `application_credential_id`, `application_credential_secret`. Only this service's user should be able to read it."
        ),
        Setting(
            "swift_container", .text, "glance",
            "The container of images. Segments of large ones are in a second, with `_segments` behind the name."),
        Setting(
            "swift_containers", .number(1...1024), "1",
            "More than one: images are spread over as many containers, `glance_0`, `glance_1` and so on, for sites with millions of them."
        ),
        Setting(
            "swift_segment_bytes", .number(1...Int64.max), "1073741824",
            "Bytes of one object in OpenStack Swift; a larger image is a Static Large Object of as many segments as it takes. More where the cluster would not allow so many."
        ),
        Setting(
            "swift_region", .text, "",
            "With `swift_auth = keystone`: the region of the object store in the catalog. Empty: the first."),
        Setting(
            "swift_interface", .choices(["public", "internal", "admin"]), "public",
            "With `swift_auth = keystone`: which of the object store's endpoints to use."),
        Setting(
            "swift_idle_seconds_max", .number(seconds), "60",
            "Seconds without a byte after which OpenStack Swift counts as gone. Twice its `node_timeout` at least: a cluster is silent for as long when nodes stop."
        ),
        Setting(
            "image_bytes_max", .number(bytes), "1099511627776",
            "Bytes of one image at the most; a larger one is answered 413. (Chunked uploads have a lower bound in nginx besides.)"
        ),
        Setting(
            "header_bytes_max", .number(1024...65_536), "8192",
            "Bytes that the fields of one image may take as header lines. nginx's buffers allow for 64 KiB."),
        Setting(
            "free_bytes_min", .number(bytes), "268435456",
            "Bytes that stay free on the file store's file system; an image that would take them is answered 507."),
        Setting(
            "lease_seconds", .number(3...86_400), "120",
            "Seconds after which an upload that shows no sign of life loses its reservation, and its id is free again."),
        Setting(
            "janitor_seconds", .number(seconds), "10",
            "Seconds between two rounds of the janitor, which clears up after uploads and deletes that were broken off."
        ),
        Setting(
            "scrub_bytes_per_second", .number(bytes), "0",
            "Bytes of stored images that are read again each second, to find damaged ones. 0: none are."),
        Setting(
            "public_url", .text, "",
            "Where clients find this service, as `https://images.example.com`: image URIs begin with it. Empty: with the scheme, host and port of the request."
        ),
        Setting(
            "hosts", .text, "",
            "The hosts that requests may be for, with blanks between them, as `images.example.com 10.0.0.7:9292 [::1]`; one without a port stands for every port. A request for another one is answered 421. Empty: any host."
        ),
        Setting(
            "identity", .choices(["none", "nginx"]), "none",
            "How users are told apart. `none`: not at all; whoever reaches the service is its operator. `nginx`: by nginx, which asks them, in one of the ways that docs/security.md describes."
        ),
        Setting(
            "keystone_url", .text, "",
            "With `identity = nginx` and tokens of Keystone: the URL of its Identity API, `https://keystone.example.com:5000/v3`. Empty: no Keystone is asked who a token belongs to."
        ),
        Setting(
            "keystone_admin_roles", .text, "admin",
            "Roles of Keystone, with blanks between them: a token with one of them, for whatever project, is an admin's here. Empty: there are no admins."
        ),
        Setting(
            "owner_images_max", .number(bytes), "0",
            "With `identity = nginx` and records in SQLite or PostgreSQL: images that one user may have at the most, queued ones included; one more is answered 413. Admins may have any number. 0: so may everybody."
        ),
        Setting(
            "owner_bytes_max", .number(bytes), "0",
            "The same for the bytes of one user's images together, those included that are coming in. 0: no bound."),
        Setting(
            "ca_file", .text, "",
            "Certificates (PEM) that `https` servers of OpenStack Swift and Keystone are trusted by. Empty: the system's."
        ),
        Setting(
            "open", .flag, "false",
            "With `identity = none`: whether requests to other addresses than loopback are served too. True lets everybody who reaches the port do everything."
        ),
        Setting(
            "log_level", .choices(["error", "info", "debug"]), "info",
            "What is logged: `error`, `info` with starts and stops too, or `debug` with each request."),
    ]
}
