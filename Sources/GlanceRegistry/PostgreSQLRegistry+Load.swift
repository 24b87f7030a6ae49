import GlanceModel
import PostgreSQL

extension PostgreSQLRegistry {
    /// Finds the library. To be asked by whoever says what is missing.
    package static func load() throws(Failure) {
        do { try PostgreSQLConnection.load() } catch { throw .registryAway(reason: error.description) }
    }
}
