import GlanceModel
import Glibc

/// The registry and the stores: that they are there, whole, and belong together.
struct DataCheck {
    private let assembly: Assembly
    private var settings: Settings { assembly.settings }

    init(_ assembly: Assembly) {
        self.assembly = assembly
    }

    var findings: [DoctorFinding] {
        if case .sqlite(let path) = settings.registry, access(path, F_OK) != 0 {
            return [
                .warning(
                    "registry", "\(path) is not there yet", why: "a new one is made at the first start",
                    remedy: "if there should be one: correct registry, or glance-api restore DIR")
            ]
        }
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
                    remedy: "see docs/operations.md, “Registry and images do not belong together” and “Restore”")
            ]
        }
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

    private static let backlogMax = 1000

    private func stores(_ registry: any ImageRegistry, site: String) -> [DoctorFinding] {
        let stores: StoreSet
        do { stores = try assembly.stores(registry) } catch {
            return [.problem("stores", reason(error), why: "glance-api does not start", remedy: "as it says")]
        }
        return stores.all.map { store in
            do {
                // Nothing is made here: what has no images yet is made at the first start.
                if try registry.hasImages(in: store.name) || !isNew(store) {
                    try store.open(site: site, holdsImages: true)
                }
                return .well("store \(store.name)", "it is this registry's, and can be used")
            } catch {
                return .problem(
                    "store \(store.name)", reason(error), why: "its images can neither be fetched nor added",
                    remedy: "see docs/operations.md and docs/stores.md")
            }
        }
    }

    private func isNew(_ store: any ImageStore) -> Bool {
        store.isRemote || access("\(settings.fileDirectory)/.glance-site", F_OK) != 0
    }
}
