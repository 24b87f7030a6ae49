/// What libpq makes of a URI and of all that it looks at besides: the service file, the environment
/// (https://www.postgresql.org/docs/15/libpq-pgservice.html).
enum PostgreSQLOptions {
    /// One of an array of `PQconninfoOption`, as libpq-fe.h lays it out.
    private struct Option {
        let keyword: UnsafePointer<CChar>?
        let environmentVariable, compiled, value, label, kind: UnsafePointer<CChar>?
        let width: Int32
    }

    /// Whether any of them says `name`.
    static func say(_ name: String, with uri: String, _ library: PostgreSQLLibrary) -> Bool {
        // Read as for any connection, and refused for an sslmode that there is not, before anybody is asked anything.
        let parameters: KeyValuePairs = ["dbname": uri, "sslmode": "none, this is no connection"]
        let refused = CTexts(parameters.map(\.key)).withPointers { keys in
            CTexts(parameters.map(\.value)).withPointers { values in library.startConnecting(keys, values, 1) }
        }
        guard let refused else { return false }
        defer { library.finish(refused) }
        guard let options = library.options(refused) else { return false }
        defer { library.freeOptions(options) }
        var option = options.assumingMemoryBound(to: Option.self)
        while let keyword = option.pointee.keyword {
            if String(cString: keyword) == name { return option.pointee.value != nil }
            option += 1
        }
        return false
    }
}
