import GlanceModel

extension SwiftStore {
    /// Asks whether it is there, lets this user in and is `site`'s, or nobody's yet, and makes nothing by asking. `site` nil:
    /// the registry has none yet. False where its containers are still to be made.
    package func look(for site: String?) throws(Failure) -> Bool {
        switch try mark() {
        case .site(let found):
            guard found == site else { throw foreign(found, site) }
            return true
        case .none: return false
        case .missing:
            // Who may not see the account makes no container in it either.
            let answer = try account.ask("HEAD", "")
            guard (200..<300).contains(answer.status) else { throw swiftFailure(answer.status, "HEAD of the account") }
            return false
        }
    }

    func foreign(_ found: String, _ site: String?) -> Failure {
        .storeForeign(
            .swift,
            reason: """
                the container \(settings.container) belongs to site \(found), and \
                \(site.map { "the registry to site \($0)" } ?? "there is no registry yet"): \
                set swift_container, swift_credentials_file and registry to those that belong together
                """)
    }
}
