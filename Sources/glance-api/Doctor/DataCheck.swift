import GlanceModel
import GlanceStores

/// The registry and the stores: that they are there, whole, and belong together.
struct DataCheck {
    private let assembly: Assembly
    private var settings: Settings { assembly.settings }

    init(_ assembly: Assembly) {
        self.assembly = assembly
    }

    var findings: [DoctorFinding] {
        guard assembly.isRegistryThere else { return [missingRegistry] + stores(nil, site: nil) }
        do {
            let registry = try assembly.registry()
            let site = try registry.siteID()
            let findings = try assembly.upkeep().map { registry throws(Failure) in try self.registry(registry) }
            let whole = DoctorFinding.well("registry", "\(settings.registry.description) answers, for site \(site)")
            return [whole] + (findings ?? []) + stores(registry, site: site)
        } catch {
            return [
                .problem(
                    "registry", reason(error), why: "without it there are no images",
                    remedy: "“When something is wrong” in \(DoctorFinding.runBook)")
            ]
        }
    }

    private var missingRegistry: DoctorFinding {
        do {
            try assembly.refuseLostRegistry()
        } catch let error as Failure where error.isForeignStore {
            return .problem(
                "registry", reason(error), why: "glance-api does not start: a new registry would not know these images",
                remedy: "glance-api restore DIR; “Lost registry” in \(DoctorFinding.runBook)")
        } catch {
            return .problem(
                "registry", reason(error), why: "glance-api does not start: nobody can tell whose these images are",
                remedy: "call doctor as the user that glance-api runs as; else correct the owner and mode")
        }
        return .warning(
            "registry", "\(settings.registry.description) is not there yet",
            why: "a new one is made at the first start",
            remedy: "if there should be one: correct registry, or glance-api restore DIR")
    }

    private func registry(_ registry: any UpkeepRegistry) throws(Failure) -> [DoctorFinding] {
        let schema = try registry.schema()
        guard schema.found == schema.known else {
            let what = "the database has schema \(schema.found), and this program knows \(schema.known)"
            return [
                schema.found > schema.known
                    ? .problem(
                        "registry", what, why: "a newer glance-api has been here", remedy: "install that version again")
                    : .warning(
                        "registry", what, why: "it is changed to the newer one at the next start",
                        remedy: "glance-api backup DIR first, with the program that runs now")
            ]
        }
        let defects = try registry.defects()
        guard defects.isEmpty else {
            return defects.map {
                .problem("registry", $0, why: "the database is damaged", remedy: "glance-api restore DIR")
            }
        }
        var findings = [DoctorFinding.well("registry", "its structure is whole")]
        let census = try registry.census()
        for count in census.images where count.status == .available && isLeftOut(count.store) {
            findings.append(
                .warning(
                    "images", "\(count.images) are in the store \(count.store), which stores does not name",
                    why: "a GET of them is 503, and neither fsck nor the scrub looks at them",
                    remedy: "name it in stores, or DELETE them"))
        }
        if census.damaged > 0 {
            findings.append(
                .problem(
                    "images", "\(census.damaged) are marked as damaged", why: "a GET of them is 500",
                    remedy:
                        "glance-api fsck names them; put their files back from a backup; glance-api fsck --verify --repair"
                ))
        }
        if census.leasesOver > 0 || census.bytesToDelete > Self.backlogMax {
            findings.append(
                .warning(
                    "janitor", "\(census.leasesOver) leases are over, \(census.bytesToDelete) bytes wait to be deleted",
                    why: "ids stay taken and room is not freed until it has worked",
                    remedy: "is glance-api running? see its log"))
        }
        return findings
    }

    /// A service without stores keeps records of others' images.
    private func isLeftOut(_ store: StoreName) -> Bool {
        !settings.stores.isEmpty && !settings.stores.contains(store.text)
    }

    private static let backlogMax = 1000

    /// Nothing is made here: what has no images yet is made at the first start.
    private func stores(_ registry: (any ImageRegistry)?, site: String?) -> [DoctorFinding] {
        settings.stores.map { name in
            do {
                if let swift = settings.swift, name == StoreName.swift.text {
                    return .well("store \(name)", try look(at: swift, registry, site))
                }
                return .well("store \(name)", try lookAtFiles(registry, site))
            } catch {
                return .problem(
                    "store \(name)", reason(error), why: "its images can neither be fetched nor added",
                    remedy: "“Lost store” in \(DoctorFinding.runBook); stores.md beside it")
            }
        }
    }

    private func lookAtFiles(_ registry: (any ImageRegistry)?, _ site: String?) throws -> String {
        let store = try assembly.fileStore()
        guard let registry, let site, try registry.hasImages(in: .file) || store.site() != nil else {
            return "it is new"
        }
        try store.look(for: site)
        return "it is this registry's, and can be used"
    }

    private func look(
        at swift: SwiftSettings, _ registry: (any ImageRegistry)?, _ site: String?
    ) throws -> String {
        let holdsImages = try registry?.hasImages(in: .swift) ?? false
        let store = try assembly.swiftStore(swift) { () throws(Failure) in (site ?? "", holdsImages) }
        // Of containers that should be there it makes none.
        if let site, holdsImages { try store.open(site: site, holdsImages: true) }
        return try store.look(for: site)
            ? "it answers, and is this registry's" : "it answers, and its containers are made at the first start"
    }
}

extension Failure {
    fileprivate var isForeignStore: Bool { if case .storeForeign = self { true } else { false } }
}
