extension PostgreSQLConnection {
    /// Finds libpq.
    package static func load() throws(PostgreSQLError) {
        do { _ = try PostgreSQLLibrary.loaded.get() } catch { throw PostgreSQLError(error) }
    }
}
