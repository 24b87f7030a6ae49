import GlanceModel

extension Failure {
    /// The database was made by a program that knows more versions of the schema than this one.
    static func newerSchema(_ version: Int, known: Int) -> Failure {
        .registryAway(
            reason: "the database has schema \(version), and this program knows \(known): use a newer glance-api")
    }
}
